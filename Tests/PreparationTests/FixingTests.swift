// Fixing: the output needs no more fixes, and the diff lists the changes.

import Datasets
import Foundation
import Kernels
import Preparation
import StrictJSON
import TestSupport
import Testing

@Suite struct FixingTests {
    /// Fixes every broken file of the golden corpus and checks the output again.
    @Test(arguments: RuleTests.reading + RuleTests.rows + RuleTests.corpus)
    func itsOwnOutputNeedsNothing(_ test: RuleTests.Case) throws {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(
                inputs: [try folder.write(MarkedText(test.text).bytes, as: test.name)])
            request.tokenizer = .bytes
            request.contextLength = test.context
            let preparer = try Preparer.check(request)
            try preparer.fix { _ in true }
            let left = preparer.report
            let written = try preparer.write(to: folder.path + "/out")
            #expect(written.parts.reduce(0) { $0 + $1.rows } == left.kept)
            guard left.kept > 0 else { return }
            request.inputs = [folder.path + "/out"]
            let again = try Preparer.check(request)
            #expect(again.report.fixable.map(\.rule.name) == [], "\(again.report.render())")
            try again.fix { _ in true }
            let second = try again.write(to: folder.path + "/again")
            #expect(second.parts.map(\.sha256) == written.parts.map(\.sha256))
        }
    }

    /// Rows built from random combinations of defects: the output needs no more fixes.
    @Test(arguments: 0..<40) func anyMixtureIsFixedCompletely(_ seed: Int) throws {
        var generator = SplitMix64(seed: UInt64(seed))
        let pieces = [
            "76Â°F", "Â\u{200B}°", "<|im_\u{7}start|>", "<s<s>>", "ann@ex.org", "sk-abcdEFGH1234ijklMNOP5678",
            "SK-ABCDEFGH1234IJKLMNOP5678", "It is", " ", "", " ->", ".", "\n", "WHO", "yes", "Yes", "no no no no no no",
            "+49 170 1234567", "\u{92}", "tell me now", "[INST]", "a\u{FEFF}b", String(repeating: "x", count: 70),
        ]
        func text() -> String {
            (0..<(1 + generator.below(3))).map { _ in pieces[generator.below(pieces.count)] }.joined()
        }
        let isLabelled = generator.below(2) == 0
        func answer() -> String { isLabelled ? ["yes", "Yes", " no", "no"][generator.below(4)] : text() }
        let kind = generator.below(3)
        let rows = (0..<(2 + generator.below(30))).map { _ -> JSONOutput in
            switch kind {
            case 0: return .object([("prompt", .string(text())), ("completion", .string(answer()))])
            case 1: return .object([("instruction", .string(text())), ("output", .string(answer()))])
            default:
                let roles = (0..<(1 + generator.below(4))).map { _ in
                    ["system", "user", "assistant"][generator.below(3)]
                }
                return .object([
                    (
                        "messages",
                        .array(roles.map { .object([("role", .string($0)), ("content", .string(answer()))]) })
                    )
                ])
            }
        }
        try withTemporaryFolder { folder in
            let bytes = rows.flatMap { row -> [UInt8] in row.serializedBytes() + [0x0A] }
            var request = PreparationRequest(inputs: [try folder.write(bytes, as: "a.jsonl")])
            request.tokenizer = .bytes
            request.contextLength = 90
            let preparer = try Preparer.check(request)
            try preparer.fix { _ in true }
            #expect(preparer.report.fixable.map(\.rule.name) == [], "\(preparer.report.render())")
            let written = try preparer.write(to: folder.path + "/out")
            guard preparer.report.kept > 0 else { return }
            for part in written.parts {
                #expect(try Document.documents(of: TextFile(path: part.path)).count == part.rows)
            }
            request.inputs = [folder.path + "/out"]
            let again = try Preparer.check(request)
            #expect(again.report.fixable.map(\.rule.name) == [], "\(again.report.render())")
            #expect(again.report.kept == written.parts.reduce(0) { $0 + $1.rows })
        }
    }

    @Test func splitsAreFrozen() throws {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(inputs: [try folder.write(RuleTests.pairs, as: "a.jsonl")])
            request.tokenizer = .bytes
            request.shares = SplitShares(validation: 0.25)
            _ = try Preparer.check(request).write(to: folder.path + "/out")
            request.inputs = [folder.path + "/out"]
            func changed() throws -> [String] {
                let report = try Preparer.check(request).report
                return (report.findings.first { $0.rule.name == "changed-split" }?.findings.places ?? []).map {
                    (report.files[$0.file].path as NSString).lastPathComponent
                }
            }
            #expect(try changed() == [])
            let bytes = try folder.read("out/validation.jsonl")
            try folder.write(
                bytes.map { $0 == UInt8(ascii: "T") ? UInt8(ascii: "t") : $0 } + [0x0A], as: "out/validation.jsonl")
            #expect(try changed() == ["validation.jsonl"])
        }
    }

    /// Runs that look like the start of a key, an address or a special token at each of their bytes.
    @Test(arguments: ["a.b-", "sk-", "<s", "-----BEGIN ", "1.2-", "password "])
    func longRunsTakeNoLongTime(_ piece: String) throws {
        let count = 400_000 / piece.utf8.count
        let text = String(repeating: piece, count: count) + (piece == "<s" ? String(repeating: ">", count: count) : "1")
        let start = ContinuousClock.now
        let rows = try fixed(
            JSONOutput.object([("text", .string(text))]).serialized() + "\n",
            accepts: ["special-token", "personal-data", "secret"])
        #expect(rows.count == 1)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// Every row of a record with several rows is counted.
    @Test func rowsOfOneRecordAddUp() throws {
        try withTemporaryFolder { folder in
            let text =
                "{\"Rain\": [{\"data\": [{\"text\": \"a\"}]},\n {\"data\": 5},\n {\"data\": [{\"text\": \"b\"}]}, 7]}"
            var request = PreparationRequest(inputs: [try folder.write(text, as: "a.json")])
            request.tokenizer = .bytes
            let preparer = try Preparer.check(request)
            #expect((preparer.report.read, preparer.report.kept) == (4, 2))
            let written = try preparer.write(to: folder.path + "/out")
            #expect(written.dropped == 2)
            let diff = String(decoding: try folder.read("out/changes.diff"), as: UTF8.self)
            #expect(diff.contains("a.json, line 2: dropped ("))
            #expect(diff.contains("a.json, line 3: dropped (unknown-row)"))
        }
    }

    /// So many findings in one record that scanning it from its start for each would take too long.
    @Test func placesInALargeRecord() throws {
        let rows = (0..<20_000).map { "{\"data\": [{\"text\": \"row \($0)\"}]},\n{\"data\": \($0)}" }
        let text = "{\"Rain\": [\n" + rows.joined(separator: ",\n") + "]}"
        let report = try Checked.report([("a.json", Array(text.utf8))])
        let found = Checked.places(report, "unknown-row").places
        #expect(found.count == 1000)
        #expect(found.prefix(2) == [.init(line: 3, column: 1), .init(line: 5, column: 1)])
    }

    private func fixed(_ text: String, name: String = "a.jsonl", accepts: Set<String>? = nil) throws -> [String] {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(inputs: [try folder.write(text, as: name)])
            request.tokenizer = .bytes
            request.shares = SplitShares(validation: 0)
            let preparer = try Preparer.check(request)
            try preparer.fix { accepts?.contains($0.rule.name) ?? true }
            _ = try preparer.write(to: folder.path + "/out")
            return String(decoding: try folder.read("out/train.jsonl"), as: UTF8.self).split(separator: "\n").map(
                String.init)
        }
    }

    @Test func fixesTexts() throws {
        let rows = try fixed(
            #"{"text":"76Â°F, donâ€™t, Ã¼ber, CAFÃ‰"}"# + "\n" + #"{"text":"a\u0007b\u0092c\u200bd <|im_start|>e"}"#
                + "\n"
                + #"{"text":"to ann@example.org, +49 170 1234567, 4111 1111 1111 1111, GB82WEST12345698765432"}"# + "\n"
                + #"{"text":"password: hunter2x, AKIAABCDEFGHIJKLMNO1"}"# + "\n")
        #expect(
            rows == [
                #"{"text":"76°F, don’t, über, CAFÉ"}"#, #"{"text":"a b’c d e"}"#,
                #"{"text":"to [email], [phone], [card], [iban]"}"#, #"{"text":"password: [secret], [secret]"}"#,
            ])
    }

    @Test func fixesColumns() throws {
        let rows = try fixed(
            "prompt,completion\nWho,one\nWhen,two\nWhy,three\n", name: "a.csv")
        #expect(
            rows == [
                #"{"prompt":"Who ->","completion":" one\n"}"#, #"{"prompt":"When ->","completion":" two\n"}"#,
                #"{"prompt":"Why ->","completion":" three\n"}"#,
            ])
    }

    @Test func fixesMessages() throws {
        func chat(_ turns: [(String, String)]) -> String {
            "{\"messages\":[" + turns.map { "{\"role\":\"\($0.0)\",\"content\":\"\($0.1)\"}" }.joined(separator: ",")
                + "]}"
        }
        let rows = try fixed(
            [
                chat([("user", "a"), ("user", "b"), ("assistant", "c"), ("user", "d")]),
                chat([("assistant", "x"), ("human", "y"), ("gpt", "z")]),
            ].joined(separator: "\n"))
        #expect(
            rows == [
                chat([("user", #"a\nb"#), ("assistant", "c")]), chat([("user", "y"), ("assistant", "z")]),
            ])
    }

    @Test func refusedFixesAreNotApplied() throws {
        let rows = try fixed(
            "prompt,completion\nWho,one\nWhen,two\nWhen,two\n", name: "a.csv", accepts: ["duplicate"])
        #expect(rows == [#"{"prompt":"Who","completion":"one"}"#, #"{"prompt":"When","completion":"two"}"#])
    }

    @Test func theMostCommonAnswerOfAClassIsKept() throws {
        let rows = (0..<12).map { "p\($0)->,\(" ab".split(separator: "")[$0 % 2 + 1])" }
        let text = "prompt,completion\n" + (rows + ["p0->,a", "p0 ->,b"]).joined(separator: "\n") + "\n"
        let kept = try fixed(text, name: "a.csv", accepts: ["conflicting-answers"])
        #expect(kept.count == 13)
        #expect(!kept.contains(#"{"prompt":"p0 ->","completion":"b"}"#))
    }

    @Test func theDiffNamesEveryChangedRow() throws {
        try withTemporaryFolder { folder in
            let text = RuleTests.pairs + #"{"prompt":"It is 76Â°F ->","completion":" No\n"}"# + "\nnonsense\n"
            var request = PreparationRequest(inputs: [try folder.write(text, as: "a.jsonl")])
            request.tokenizer = .bytes
            let preparer = try Preparer.check(request)
            try preparer.fix { _ in true }
            let written = try preparer.write(to: folder.path + "/out")
            #expect((written.changed, written.dropped) == (1, 1))
            let diff = String(decoding: try folder.read("out/changes.diff"), as: UTF8.self)
            #expect(diff.contains("a.jsonl, line 5: changed (misread-encoding)\n- {\"prompt\":\"It is 76Â°F ->\""))
            #expect(diff.contains("\n+ {\"prompt\":\"It is 76°F ->\""))
            #expect(diff.contains("a.jsonl, line 6: dropped (invalid-json)\n- nonsense\n"))
            let lock = try #require(try JSONText.parse(folder.read("out/splits.lock")).object)
            #expect(lock["splits"]?.object?["train"]?.object?["sha256"]?.string == written.parts[0].sha256)
            #expect(throws: PreparationError.outputNotEmpty(path: folder.path + "/out")) {
                try preparer.write(to: folder.path + "/out")
            }
        }
    }
}
