// The readers with bytes in pieces of any size, rows that are too large, and large files.

import Foundation
import Kernels
import Preparation
import PreparationSupport
import TestSupport
import Testing
import Tokenizer

@Suite struct ReaderTests {
    static let texts: [(kind: MemoryScan.Kind, text: String, rows: Int)] = [
        (.rows, RuleTests.pairs + "\n\n" + RuleTests.chats + "nonsense\n", 6),
        (.array, "[ {\"text\": \"a]\\\"}\"},\n\n{\"text\": \"b\"} , 5, {\"text\": \"c\"\n}]", 3),
        (
            .object,
            "{\"Rain\": [{\"data\": [{\"text\": \"a \"}, {\"text\": \"b\"}]}], \"Sun\": [{\"data\": [{\"text\": \"c\"}]}]}",
            2
        ),
        (.csv, "prompt,completion\r\n\"a, \"\"b\"\"\r\nc\",d\r\n\n\"open,e\nf,g\n", 3),
        (.tsv, "text\tlabel\na \"b\tc\n\"d\"\te", 2),
        (.lines, "one\r\n\n  \ntwo\nthree", 3),
        (.paragraphs, "\n\none\ntwo\n \n\nthree\n", 2),
    ]

    @Test(arguments: texts.indices) func piecesDoNotMatter(_ index: Int) {
        let (kind, text, rows) = Self.texts[index]
        let bytes = Array(text.utf8)
        let expected = MemoryScan.read(bytes, as: kind)
        #expect(expected.rows.count == rows, "\(expected)")
        for piece in 1...bytes.count { #expect(MemoryScan.read(bytes, as: kind, piece: piece) == expected) }
    }

    @Test func fieldsOfRFC4180() {
        let result = MemoryScan.read(Array("prompt,completion\n\"a,\"\"b\"\"\r\nc\",\" d\"\n,e\n".utf8), as: .csv)
        #expect(
            result.rows == [
                #"{"prompt":"a,\"b\"\nc","completion":" d"}"#, #"{"prompt":"","completion":"e"}"#,
            ])
        #expect(result.findings.isEmpty)
    }

    @Test func otherShapesOfRows() {
        let rows = [
            #"{"question":"a","answer":"b"}"#, #"{"text":"a","label":"b"}"#,
            #"{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"}]}"#,
        ]
        let result = MemoryScan.read(Array(rows.joined(separator: "\n").utf8), as: .rows)
        #expect(
            result.rows == [
                #"{"prompt":"a","completion":"b"}"#, #"{"prompt":"a","completion":"b"}"#,
                #"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#,
            ])
    }

    @Test func aRowWithoutEndIsDropped() throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 21 << 20)
        let report = try Checked.report([("a.txt", Array("one\n".utf8) + long + Array("\ntwo\n".utf8))])
        let found = Checked.places(report, "row-too-large")
        #expect(found.places == [.init(line: 2, column: 1)])
        #expect(report.kept == 2)
    }

    /// Random bytes that matter to the readers: no trap, and the same result for any piece size.
    @Test func randomBytes() {
        let alphabet = Array("{}[]\",:\\u0\n\r\t a1é".utf8) + [0xFF, 0x80]
        var generator = SplitMix64(seed: 11)
        for _ in 0..<4000 {
            let bytes = (0..<generator.below(60)).map { _ in alphabet[generator.below(alphabet.count)] }
            for kind in MemoryScan.Kind.allCases {
                let piece = 1 + generator.below(20)
                #expect(MemoryScan.read(bytes, as: kind) == MemoryScan.read(bytes, as: kind, piece: piece))
            }
        }
    }

    /// Memory holds the index, about a hundred bytes per row, and a few batches, but never the complete text.
    @Test func aLargeFileStreams() throws {
        let row =
            "{\"prompt\":\"" + String(repeating: "many words in a row ", count: 50)
            + "%d ->\",\"completion\":\" yes\"}\n"
        let bytes = (0..<60_000).flatMap { Array(row.replacing("%d", with: String($0)).utf8) }
        try withTemporaryFolder { folder in
            var request = PreparationRequest(inputs: [try folder.write(bytes, as: "a.jsonl")])
            request.tokenizer = .bytes
            request.contextLength = 2000
            request.findsNearDuplicates = false
            let report = try Preparer.check(request).report
            #expect(report.kept == 60_000)
            #expect(report.bytes == bytes.count)
            // A fifth of the speed of an idle machine, so that the test passes on a busy one.
            #expect(Double(report.bytes) / report.readingSeconds > 4e6)
        }
    }
}
