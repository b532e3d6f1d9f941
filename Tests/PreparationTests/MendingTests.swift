// Mending: what comes out has nothing left to mend, and says what was done.

import Datasets
import Foundation
import Preparation
import StrictJSON
import TestSupport
import Testing

@Suite struct MendingTests {
    /// Every broken file of the golden corpus, mended, and its output checked again.
    @Test(arguments: RuleTests.reading + RuleTests.rows + RuleTests.corpus)
    func itsOwnOutputNeedsNothing(_ test: RuleTests.Case) throws {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(
                inputs: [try folder.write(MarkedText(test.text).bytes, as: test.name)])
            request.tokenizer = .bytes
            request.contextLength = test.context
            let preparer = try Preparer(request)
            try preparer.mend { _ in true }
            let left = preparer.report
            let written = try preparer.write(to: folder.path + "/out")
            #expect(written.parts.reduce(0) { $0 + $1.rows } == left.kept)
            guard left.kept > 0 else { return }
            request.inputs = [folder.path + "/out"]
            let again = try Preparer(request)
            #expect(again.report.remedies.map(\.rule.name) == [], "\(again.report.render())")
            try again.mend { _ in true }
            let second = try again.write(to: folder.path + "/again")
            #expect(second.parts.map(\.sha256) == written.parts.map(\.sha256))
        }
    }

    private func mended(_ text: String, name: String = "a.jsonl", accepts: Set<String>? = nil) throws -> [String] {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(inputs: [try folder.write(text, as: name)])
            request.tokenizer = .bytes
            request.shares = SplitShares(validation: 0)
            let preparer = try Preparer(request)
            try preparer.mend { accepts?.contains($0.rule.name) ?? true }
            _ = try preparer.write(to: folder.path + "/out")
            return String(decoding: try folder.read("out/train.jsonl"), as: UTF8.self).split(separator: "\n").map(
                String.init)
        }
    }

    @Test func mendsTexts() throws {
        let rows = try mended(
            #"{"text":"76Â°F, donâ€™t, Ã¼ber, CAFÃ‰"}"# + "\n" + #"{"text":"a\u0007b\u0092c\u200bd <|im_start|>e"}"#
                + "\n"
                + #"{"text":"to ann@example.org, +49 170 1234567, 4111 1111 1111 1111, GB82WEST12345698765432"}"# + "\n"
                + #"{"text":"password: hunter2x, AKIAABCDEFGHIJKLMNO1"}"# + "\n")
        #expect(
            rows == [
                #"{"text":"76°F, don’t, über, CAFÉ"}"#, #"{"text":"ab’cd e"}"#,
                #"{"text":"to [email], [phone], [card], [iban]"}"#, #"{"text":"password: [secret], [secret]"}"#,
            ])
    }

    @Test func mendsColumns() throws {
        let rows = try mended(
            "prompt,completion\nWho,one\nWhen,two\nWhy,three\n", name: "a.csv")
        #expect(
            rows == [
                #"{"prompt":"Who ->","completion":" one\n"}"#, #"{"prompt":"When ->","completion":" two\n"}"#,
                #"{"prompt":"Why ->","completion":" three\n"}"#,
            ])
    }

    @Test func mendsTurns() throws {
        func chat(_ turns: [(String, String)]) -> String {
            "{\"messages\":[" + turns.map { "{\"role\":\"\($0.0)\",\"content\":\"\($0.1)\"}" }.joined(separator: ",")
                + "]}"
        }
        let rows = try mended(
            [
                chat([("user", "a"), ("user", "b"), ("assistant", "c"), ("user", "d")]),
                chat([("assistant", "x"), ("human", "y"), ("gpt", "z")]),
            ].joined(separator: "\n"))
        #expect(
            rows == [
                chat([("user", #"a\nb"#), ("assistant", "c")]), chat([("user", "y"), ("assistant", "z")]),
            ])
    }

    @Test func whatIsRefusedStays() throws {
        let rows = try mended(
            "prompt,completion\nWho,one\nWhen,two\nWhen,two\n", name: "a.csv", accepts: ["duplicate"])
        #expect(rows == [#"{"prompt":"Who","completion":"one"}"#, #"{"prompt":"When","completion":"two"}"#])
    }

    @Test func theCommonestAnswerOfAClassStays() throws {
        let rows = (0..<12).map { "p\($0)->,\(" ab".split(separator: "")[$0 % 2 + 1])" }
        let text = "prompt,completion\n" + (rows + ["p0->,a", "p0 ->,b"]).joined(separator: "\n") + "\n"
        let kept = try mended(text, name: "a.csv", accepts: ["conflicting-answers"])
        #expect(kept.count == 13)
        #expect(!kept.contains(#"{"prompt":"p0 ->","completion":"b"}"#))
    }

    @Test func theDiffNamesEveryChangedRow() throws {
        try withTemporaryFolder { folder in
            let text = RuleTests.pairs + #"{"prompt":"It is 76Â°F ->","completion":" No\n"}"# + "\nnonsense\n"
            var request = PreparationRequest(inputs: [try folder.write(text, as: "a.jsonl")])
            request.tokenizer = .bytes
            let preparer = try Preparer(request)
            try preparer.mend { _ in true }
            let written = try preparer.write(to: folder.path + "/out")
            #expect((written.changed, written.dropped) == (1, 1))
            let diff = String(decoding: try folder.read("out/changes.diff"), as: UTF8.self)
            #expect(diff.contains("a.jsonl, line 5: changed (misread-encoding)\n- {\"prompt\":\"It is 76Â°F ->\""))
            #expect(diff.contains("\n+ {\"prompt\":\"It is 76°F ->\""))
            #expect(diff.contains("a.jsonl, line 6: left out (invalid-json)\n- nonsense\n"))
            let lock = try #require(try JSONText.parse(folder.read("out/splits.lock")).object)
            #expect(lock["splits"]?.object?["train"]?.object?["sha256"]?.string == written.parts[0].sha256)
            #expect(throws: PreparationError.outputNotEmpty(path: folder.path + "/out")) {
                try preparer.write(to: folder.path + "/out")
            }
        }
    }
}
