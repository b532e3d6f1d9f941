// Which rows of a split also occur in training, and the file by which a run remembers.

import Datasets
import Evaluation
import Models
import TestSupport
import Testing

@Suite struct TrainingRowsTests {
    private func documents(_ rows: [(String, String)]) throws -> [Document] {
        let lines = rows.map { "{\"prompt\":\"\($0.0)\",\"completion\":\"\($0.1)\"}" }.joined(separator: "\n")
        return try Document.documents(of: TextFile(path: "a.jsonl", bytes: Array(lines.utf8)))
    }

    @Test func countsEqualAndLikeRows() throws {
        let rows = TrainingRows(try documents([("Is it cold?", "Yes"), ("Is it warm?", "No")]))
        let other = try documents([
            ("Is it cold?", "Yes"), ("is it WARM", "No."), ("Is it cold?", "No"), ("Is it late?", "Yes"),
        ])
        let overlap = try #require(rows.overlap(other))
        #expect((overlap.rows, overlap.exact, overlap.normalized) == (4, 1, 1))
        #expect(overlap.description == "2 of 4 rows (1 in other capitals or punctuation)")
    }

    @Test func linesOfAStreamCountAsRows() {
        func stream(_ text: String) -> Document {
            Document(path: "a.txt", line: 1, content: .stream(Array(text.utf8)))
        }
        let rows = TrainingRows([stream("To be, or not to be.\nROMEO:\nThat is the question, my lord.\n")])
        let other = stream("to be or not to be\nROMEO:\nThat is the question, my lord.\nWho goes there in the night?")
        let overlap = rows.overlap([other])
        #expect(overlap.map { [$0.rows, $0.exact, $0.normalized] } == [3, 1, 1])
        #expect(rows.overlap([stream("short\n")]) == nil)
    }

    @Test func aRunRemembers() throws {
        let documents = try documents((0..<9).map { ("Row \($0)", ["ham", "spam"][$0 % 2]) })
        let rows = TrainingRows(documents)
        #expect(rows.labels?.map { String(decoding: $0, as: UTF8.self) } == ["ham", "spam"])
        try withTemporaryFolder { folder in
            let bytes = rows.serialized()
            try folder.write(bytes, as: "data-hashes")
            let read = try #require(TrainingRows(run: RunFolder(path: folder.path)))
            #expect(read.labels == rows.labels)
            #expect(read.overlap(documents).map { [$0.rows, $0.exact, $0.normalized] } == [9, 9, 0])
            // Cut anywhere it is not a valid file, and does not trap.
            for count in 0..<bytes.count {
                try folder.write(Array(bytes[..<count]), as: "data-hashes")
                #expect(TrainingRows(run: RunFolder(path: folder.path)) == nil)
            }
        }
    }

    @Test func fewDifferentShortAnswersAreLabels() throws {
        func labels(_ answers: [String]) throws -> Int? {
            AnswerLabels.find(try documents(answers.enumerated().map { ("p\($0.offset)", $0.element) }))?.count
        }
        #expect(try labels(["a", "b", "a", "b", "a", "b", "a"]) == 2)
        #expect(try labels(["a", "b", "a", "b", "a", "b"]) == nil)
        #expect(try labels(["a", "a", "a", "a"]) == nil)
        #expect(try labels([String](repeating: String(repeating: "x", count: 81), count: 9) + ["b"]) == nil)
    }
}
