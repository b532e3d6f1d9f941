// No fix makes data worse: for every rule a file whose fix must not be applied without being asked for.

import Datasets
import Preparation
import TestSupport
import Testing
import Tokenizer

@Suite struct HarmTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var rule: String
        /// Why it must not be applied.
        var reason: String
        var text: String
        var name = "a.jsonl"
        var context = 400
        /// Whether the rule finds nothing at all here.
        var findsNothing = false

        var testDescription: String { "\(rule): \(reason)" }
    }

    private static func pairs(_ rows: [(String, String)]) -> String {
        rows.map { "{\"prompt\":\"\($0.0)\",\"completion\":\"\($0.1)\"}\n" }.joined()
    }
    private static func chats(_ rows: [[(String, String)]]) -> String {
        rows.map { turns in
            "{\"messages\":["
                + turns.map { "{\"role\":\"\($0.0)\",\"content\":\"\($0.1)\"}" }.joined(separator: ",") + "]}\n"
        }.joined()
    }
    private static let words = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine"]
    /// Ten different prompts with answers that alternate.
    private static func labelled(_ labels: [String], count: Int = 10) -> [(String, String)] {
        (0..<count).map { ("a \(words[$0 % 10]) \(words[$0 / 10]) ->", " " + labels[$0 % labels.count]) }
    }

    static let cases: [Case] = [
        Case(
            rule: "misread-encoding", reason: "nearly all characters would change",
            text: pairs([("Privet ->", " Ã‰Ã©Ã¨Ã¼Ã¶"), ("Poka ->", " Ã¼Ã¶Ã¤")])),
        Case(
            rule: "special-token", reason: "the answers are about the tokens",
            text: pairs([("The mark? ->", " <|im_start|> it is"), ("The end? ->", " <|im_end|> it is")])),
        Case(
            rule: "ambiguous-token", reason: "the tags are HTML",
            text: chats([[("user", "Strike out a spade in a long page of HTML"), ("assistant", "<s>spade</s> it is")]])),
        Case(
            rule: "control-character", reason: "most of the answer is control characters",
            text: pairs([("Codes? ->", " \\u0001\\u0002\\u0003\\u0004 a"), ("More? ->", " \\u0005\\u0006 b")])),
        Case(
            rule: "secret", reason: "only the user knows whether it is one",
            text: pairs([("Key? ->", " sk-abcdEFGH1234ijklMNOP5678 is an example of a key that nobody uses any more")])),
        Case(
            rule: "personal-data", reason: "numbers can be part numbers",
            text: pairs([("Part? ->", " 555-123-4567 is the number of the part that you need for this machine")])),
        Case(
            rule: "surplus-keys", reason: "the value would be lost",
            text: "{\"prompt\":\"a ->\",\"completion\":\" b.\",\"mood\":\"calm\"}\n"),
        Case(
            rule: "no-answer", reason: "no row would remain", text: chats([[("user", "a")], [("user", "b")]])),
        Case(
            rule: "empty-answer", reason: "no row would remain", text: pairs([("a ->", ""), ("b ->", "")])),
        Case(
            rule: "long-answer", reason: "half of the rows would be dropped",
            text: pairs([
                ("a ->", " one."), ("b ->", " an answer that is much too long for such a small context."),
            ]), context: 40),
        Case(
            rule: "over-long", reason: "half of the rows would be dropped",
            text: pairs([("a ->", " one."), ("a prompt that is too long for the context ->", " two.")]), context: 40),
        Case(
            rule: "role-order", reason: "a message would be dropped",
            text: chats([[("user", "Where?"), ("assistant", "There."), ("user", "Thank you")]])),
        Case(
            rule: "long-repeat", reason: "no row would remain",
            text: chats([[("user", "Sing"), ("assistant", "la la la la la la la la la la la la la la la la la la")]])),
        Case(
            rule: "prompt-ends-with-space", reason: "the prompt is nothing else", text: pairs([(" ", " one.")]),
            findsNothing: true),
        Case(
            rule: "mixed-formats", reason: "many rows would be dropped",
            text: pairs([("a ->", " one."), ("b ->", " two.")]) + "{\"text\":\"three\"}\n"),
        Case(
            rule: "empty-prompt", reason: "no row would remain",
            text: "{\"instruction\":\"\",\"output\":\"a\"}\n{\"instruction\":\"\",\"output\":\"b\"}\n"),
        Case(
            rule: "capital-prompts", reason: "codes differ from words in lowercase",
            text: pairs([("OSL ->", " Oslo"), ("ARN ->", " Stockholm")])),
        Case(
            rule: "capital-answers", reason: "keywords of a language",
            text: pairs([("All rows? ->", " SELECT * FROM T;"), ("Their number? ->", " SELECT COUNT(*) FROM T;")])),
        Case(
            rule: "common-prompt-prefix", reason: "much would be removed",
            text: pairs([("Tell me now, who ->", " one."), ("Tell me now, how ->", " two.")])),
        Case(
            rule: "common-prompt-prefix", reason: "it ends inside of a word",
            text: pairs([("Unbelievable ->", " one."), ("Unbelievably ->", " two.")]), findsNothing: true),
        Case(
            rule: "common-answer-prefix", reason: "labels have it in common",
            text: pairs(labelled(["delivery lost", "delivery late", "delivery later"], count: 9)), findsNothing: true),
        Case(
            rule: "common-answer-prefix", reason: "it ends inside of a word",
            text: pairs([("a ->", " delivery_lost"), ("b ->", " delivery_late")]), findsNothing: true),
        Case(
            rule: "no-separator", reason: "the prompts have one ending",
            text: pairs([("Who?", " one."), ("How?", " two.")]),
            findsNothing: true),
        Case(
            rule: "no-ending", reason: "every answer ends with end-of-text anyway",
            text: pairs([("Who ->", " one"), ("How ->", " two")])),
        Case(
            rule: "no-leading-space", reason: "the answers start with one",
            text: pairs([("Who ->", " one."), ("How ->", "  two.")]), findsNothing: true),
        Case(
            rule: "label-variants", reason: "a tenth of the characters would change",
            text: pairs(labelled(["US", "us", "eu"], count: 12))),
        Case(
            rule: "duplicate", reason: "the rows differ in case",
            text: pairs([("Who ->", " one."), ("WHO ->", " one.")]), findsNothing: true),
        Case(
            rule: "conflicting-answers", reason: "many rows would be dropped",
            text: pairs(labelled(["yes", "no"], count: 12) + labelled(["no", "yes"], count: 4))),
        Case(
            rule: "leak", reason: "the rows are in one split", text: pairs([("Who ->", " one."), ("How ->", " one.")]),
            findsNothing: true),
    ]

    /// The rows after all fixes that are applied without being asked for.
    private static func written(_ test: Case, fixes: Bool) throws -> (rows: [String], report: PreparationReport) {
        try withTemporaryFolder { folder in
            var request = PreparationRequest(inputs: [try folder.write(test.text, as: test.name)])
            request.tokenizer = .bytes
            request.contextLength = test.context
            request.shares = SplitShares(validation: 0)
            let preparer = try Preparer.check(request)
            let report = preparer.report
            if fixes { try preparer.fix(keepsRows: true) { $0.rule.name == test.rule && $0.isTaken } }
            _ = try preparer.write(to: folder.path + "/out")
            let text = String(decoding: try folder.read("out/train.jsonl"), as: UTF8.self)
            return (text.split(separator: "\n").map(String.init), report)
        }
    }

    @Test(arguments: cases) func isNotApplied(_ test: Case) throws {
        let (before, report) = try Self.written(test, fixes: false)
        let found = report.findings.first { $0.rule.name == test.rule }
        #expect((found == nil) == test.findsNothing, "\(report.render())")
        if let found { #expect(!found.isTaken, "\(report.render())") }
        #expect(try Self.written(test, fixes: true).rows == before)
    }

    @Test func everyFixHasACase() {
        let fixable = Rule.all.filter { rule in
            switch rule.fix {
            case .optional, .offered: true
            case .advice, .always: false
            }
        }
        #expect(Set(fixable.map(\.name)).subtracting(Self.cases.map(\.rule)).isEmpty)
    }

    /// What is removed leaves what separates words.
    @Test func wordsStaySeparated() throws {
        let texts: [(before: String, after: String)] = [
            (#"lid\rhandle, and so on for a long time"#, #"lid\nhandle, and so on for a long time"#),
            (#"lid\r\nhandle, and so on for a long time"#, #"lid\nhandle, and so on for a long time"#),
            (#"lid\u000bhandle, and so on for a long time"#, #"lid\nhandle, and so on for a long time"#),
            (#"lid\u0007handle, and so on for a long time"#, #"lid handle, and so on for a long time"#),
            (#"lid \u0007handle, and so on for a long time"#, #"lid handle, and so on for a long time"#),
            (#"lid\u200bhandle, and so on for a long time"#, #"lid handle, and so on for a long time"#),
            (#"lid\ufeffhandle, and so on for a long time"#, #"lidhandle, and so on for a long time"#),
            (
                "lid<|im_end|>handle, and " + String(repeating: "so on for a long time, ", count: 9),
                "lid handle, and " + String(repeating: "so on for a long time, ", count: 9)
            ),
            // Khmer and Thai separate words by it.
            ("\u{1798}\u{200B}\u{1793}", "\u{1798}\u{200B}\u{1793}"),
            ("caf\u{FFFD} is closed", "caf\u{FFFD} is closed"),
            // Unsure where a word ends.
            ("It costs 12345678901234567890123 or 1.10", "It costs 12345678901234567890123 or 1.10"),
        ]
        for (before, after) in texts {
            try withTemporaryFolder { folder in
                let text = "{\"text\":\"\(before)\"}\n"
                var request = PreparationRequest(inputs: [try folder.write(text, as: "a.jsonl")])
                request.tokenizer = .bytes
                request.shares = SplitShares(validation: 0)
                let preparer = try Preparer.check(request)
                try preparer.fix(keepsRows: true) { $0.isTaken }
                _ = try preparer.write(to: folder.path + "/out")
                #expect(
                    String(decoding: try folder.read("out/train.jsonl"), as: UTF8.self) == "{\"text\":\"\(after)\"}\n")
            }
        }
    }

    /// Numbers become text as they are written.
    @Test func numbersKeepTheirSource() throws {
        for number in ["12345678901234567890123", "1.10", "-0.0", "1e5", "9007199254740993", "1E+400"] {
            try withTemporaryFolder { folder in
                let text = "{\"prompt\":\"How many?\",\"completion\": \(number) }\n"
                var request = PreparationRequest(inputs: [try folder.write(text, as: "a.jsonl")])
                request.tokenizer = .bytes
                request.shares = SplitShares(validation: 0)
                let preparer = try Preparer.check(request)
                guard preparer.report.kept > 0 else { return }
                _ = try preparer.write(to: folder.path + "/out")
                let written = String(decoding: try folder.read("out/train.jsonl"), as: UTF8.self)
                #expect(written == "{\"prompt\":\"How many?\",\"completion\":\"\(number)\"}\n")
            }
        }
    }

    /// The comparison of the written rows with the inputs does not depend on what the fixes say.
    @Test func changedCharactersAreListed() throws {
        try withTemporaryFolder { folder in
            let text = Self.pairs([("Who is it", "one"), ("KEY sk-abcdEFGH1234ijklMNOP5678", "two"), ("How", "three")])
            var request = PreparationRequest(inputs: [try folder.write(text, as: "a.jsonl")])
            request.tokenizer = .bytes
            request.shares = SplitShares(validation: 0.4)
            let preparer = try Preparer.check(request)
            try preparer.fix { ["secret", "no-separator", "no-leading-space"].contains($0.rule.name) }
            let check = try preparer.write(to: folder.path + "/out").check
            #expect((check.changedCount, check.extended) == (1, 2))
            #expect(check.changed.map(\.line) == [2])
            #expect(check.changed.first?.before.contains("sk-abcd") == true)
        }
    }
}
