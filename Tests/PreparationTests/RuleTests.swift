// The golden corpus: a broken file for every rule, with the exact place of each finding.

import Preparation
import Testing
import Tokenizer

@Suite struct RuleTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var rule: String
        var name: String
        var text: String
        /// Other rules that find something in the same file.
        var also: Set<String> = []
        /// Context length in tokens.
        var context = 400

        var testDescription: String { "\(rule) in \(name)" }
    }

    /// Four rows without defects.
    static let pairs = """
        {"prompt":"Name a long river ->","completion":" The Rhine\\n"}
        {"prompt":"What is snow made of ->","completion":" Frozen rain\\n"}
        {"prompt":"Is it cold outside ->","completion":" Yes it is\\n"}
        {"prompt":"Which way is north ->","completion":" Over there\\n"}

        """
    static let chats = """
        {"messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Good day"}]}
        {"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Bye"},{"role":"assistant","content":"So long"}]}

        """
    private static func labelled(_ rows: [(String, String)]) -> String {
        rows.map { "{\"prompt\":\"\($0.0) ->\",\"completion\":\"\($0.1)\"}\n" }.joined()
    }
    private static func many(_ count: Int, _ label: String) -> [(String, String)] {
        let words = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine", "rowan", "yew"]
        return (0..<count).map { ("\(words[$0 % 12]) \(words[$0 / 12 % 12]) \(label)", " \(label)") }
    }

    static let reading: [Case] = [
        Case(rule: "invalid-json", name: "a.jsonl", text: pairs + #"{"prompt":"Why not ->","completion" ¶" No\n"}"#),
        Case(rule: "invalid-json", name: "a.json", text: "[{\"text\":\"one\"},\n {\"text\":\"two\"}\n¶"),
        Case(
            rule: "invalid-json", name: "a.json",
            text: "[{\"text\":\"one\"}, {\"text\":\"two\"¶;},\n {\"text\":\"three\"}]"),
        Case(
            rule: "duplicate-key", name: "a.jsonl",
            text: pairs + #"{"prompt":"Why not ->",¶"prompt":"blue ->","completion":" No\n"}"#),
        Case(
            rule: "invalid-encoding", name: "a.jsonl", text: pairs + #"{"prompt":"Caf¶␀ noir ->","completion":" No\n"}"#
        ),
        Case(rule: "invalid-encoding", name: "a.txt", text: "one line\nzwei Zeilen\nna¶␀f\n"),
        Case(rule: "unknown-row", name: "a.jsonl", text: pairs + "¶{\"a\":1}\n ¶[1]\n"),
        Case(rule: "missing-field", name: "a.jsonl", text: pairs + "¶{\"prompt\":\"Why ->\"}\n"),
        Case(rule: "missing-field", name: "a.jsonl", text: pairs + "{\"prompt\":\"Why ->\",\"completion\":¶null}\n"),
        Case(rule: "missing-field", name: "a.jsonl", text: chats + "{\"messages\":¶[]}\n"),
        Case(
            rule: "wrong-type", name: "a.jsonl", text: pairs + "{\"prompt\":\"How many ->\",\"completion\":¶5}\n",
            also: ["no-leading-space", "no-ending"]),
        Case(
            rule: "unknown-role", name: "a.jsonl",
            text: chats
                + "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":¶\"narrator\",\"content\":\"b\"}]}\n"),
        Case(
            rule: "role-name", name: "a.jsonl",
            text: chats
                + "{\"messages\":[{\"role\":¶\"Human\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n"
        ),
        Case(
            rule: "key-spelling", name: "a.jsonl",
            text: pairs + #"{¶"Prompt":"Why not ->","completion":" No\n"}"#),
        Case(
            rule: "surplus-keys", name: "a.jsonl",
            text: pairs + #"{"prompt":"Why not ->",¶"mood":7,"completion":" No\n"}"#),
        Case(
            rule: "harmless-keys", name: "a.jsonl",
            text: pairs + #"{"prompt":"Why not ->",¶"id":7,"completion":" No\n"}"#),
        Case(rule: "row-comma", name: "a.jsonl", text: pairs + #"{"prompt":"Why not ->","completion":" No\n"}¶,"#),
        Case(
            rule: "broken-turn", name: "a.txt",
            text: "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n\n"
                + "<|im_start|>user\nc<|im_end|>\n¶<|im_start|>assistant\nd\n"),
        Case(
            rule: "preference-row", name: "a.jsonl",
            text: pairs + #"¶{"prompt":"Why not ->","chosen":" No\n","rejected":" Yes\n"}"#),
        Case(
            rule: "guessed-role", name: "a.jsonl",
            text: chats
                + #"{"dialog":[{"speaker":¶"Ann","text":"Why"},{"speaker":¶"Bob","text":"So"}]}"# + "\n"),
        Case(
            rule: "unused-weight", name: "a.jsonl",
            text: chats
                + #"{"messages":[{"role":"user","content":"a","weight":¶1},{"role":"assistant","content":"b"}]}"#
        ),
        Case(
            rule: "template-only", name: "a.jsonl",
            text: chats
                + #"{¶"tools":[{"type":"function"}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#
        ),
        Case(
            rule: "stray-quote", name: "a.csv",
            text: "prompt,completion\nred ->,\" one\n\"\nblue ->,\" two\"¶x\n",
            also: ["no-ending"]),
        Case(
            rule: "stray-quote", name: "a.tsv",
            text: "prompt\tcompletion\nred ->\t one.\nblue ->\t¶\" two.\ngreen ->\t three.\n",
            also: ["no-leading-space"]),
        Case(
            rule: "ragged-record", name: "a.csv",
            text: "prompt,completion\nred ->, one.\nblue¶\ngreen ->, three.\n"),
        Case(
            rule: "surplus-keys", name: "a.tsv",
            text: "Nº\tquestion\t¶by\tanswer\n1\tred ->\tme\t one.\n2\tblue ->\tme\t two.\n",
            also: ["harmless-keys"]),
        Case(rule: "empty-file", name: "a.jsonl", text: "¶\n \n"),
        Case(
            rule: "mixed-formats", name: "a.jsonl",
            text: pairs
                + "¶{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n"
        ),
    ]

    static let rows: [Case] = [
        Case(
            rule: "misread-encoding", name: "a.jsonl",
            text: pairs + #"{"prompt":"It is 76¶Â°F ->","completion":" No\n"}"#),
        Case(
            rule: "misread-encoding", name: "a.jsonl",
            text: pairs + #"{"prompt":"é\u00e9\t\"😀 donâ¶â€™t ->","completion":" No\n"}"#),
        Case(
            rule: "control-character", name: "a.jsonl",
            text: pairs + #"{"prompt":"a tab\tis fine, ¶\u0007 not ->","completion":" No\n"}"#),
        Case(
            rule: "special-token", name: "a.jsonl",
            text: pairs + #"{"prompt":"Why not ->","completion":" No ¶<|endoftext|> more\n"}"#),
        Case(
            rule: "lost-character", name: "a.jsonl",
            text: pairs + "{\"prompt\":\"A caf¶\u{FFFD} ->\",\"completion\":\" No\\n\"}"),
        Case(
            rule: "ambiguous-token", name: "a.csv",
            text: "prompt,completion\nred ->, one.\n\"blue \"\"b\"\"\nand ¶[INST] ->\", two.\ngreen ->, three.\n"),
        Case(
            rule: "secret", name: "a.jsonl",
            text: pairs + #"{"prompt":"My key is ¶sk-abcdEFGH1234ijklMNOP5678 ->","completion":" No\n"}"#),
        Case(
            rule: "personal-data", name: "a.jsonl",
            text: pairs + #"{"prompt":"Write to ¶ann.lee@example.org ->","completion":" No\n"}"#),
        Case(
            rule: "empty-answer", name: "a.jsonl",
            text: pairs + "{\"prompt\":\"Why not ->\",\"completion\":¶\" \\n\"}\n"),
        Case(
            rule: "stop-text", name: "a.jsonl",
            text: chats
                + #"{"messages":[{"role":"user","content":"A play"},{"role":"assistant","content":¶"So:\nUser: a"}]}"#),
        Case(
            rule: "no-answer", name: "a.jsonl",
            text: chats + "¶{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}\n"),
        Case(
            rule: "no-answer", name: "a.jsonl",
            text: chats
                + "¶{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\",\"weight\":0}]}\n"
        ),
        Case(
            rule: "role-order", name: "a.jsonl",
            text: chats
                + "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":¶\"b\"},{\"role\":\"assistant\",\"content\":\"c\"}]}\n"
        ),
        Case(
            rule: "long-answer", name: "a.jsonl",
            text: pairs
                + "{\"prompt\":\"Why not ->\",\"completion\":¶\" No, since the days are short and the nights are long here\\n\"}\n",
            context: 40),
        Case(
            rule: "over-long", name: "a.jsonl",
            text: pairs + "¶{\"prompt\":\"Why not, since the days are so long ->\",\"completion\":\" No\\n\"}\n",
            context: 40),
        Case(rule: "long-text", name: "a.txt", text: "A short line\n¶A line that is much longer\n", context: 16),
        Case(
            rule: "long-repeat", name: "a.jsonl",
            text: pairs
                + "¶{\"prompt\":\"Why not ->\",\"completion\":\" No no no no no no no no no no no no no no no no no\\n\"}\n"
        ),
        Case(
            rule: "prompt-ends-with-space", name: "a.jsonl",
            text: pairs + "{\"prompt\":¶\"Why not -> \",\"completion\":\" No\\n\"}\n", also: ["no-separator"]),
    ]

    static let corpus: [Case] = [
        Case(
            rule: "empty-prompt", name: "a.jsonl", text: pairs + "{\"prompt\":¶\"\",\"completion\":\" No\\n\"}\n",
            also: ["no-separator"]),
        Case(
            rule: "identical-prompts", name: "a.jsonl",
            text:
                "{\"prompt\":¶\"red ->\",\"completion\":\" one.\"}\n{\"prompt\":\"red ->\",\"completion\":\" two.\"}\n"),
        Case(
            rule: "identical-answers", name: "a.jsonl",
            text:
                "{\"prompt\":\"red ->\",\"completion\":¶\" one.\"}\n{\"prompt\":\"blue ->\",\"completion\":\" one.\"}\n"
        ),
        Case(
            rule: "capital-prompts", name: "a.jsonl",
            text:
                "{\"prompt\":¶\"WHO ->\",\"completion\":\" one.\"}\n{\"prompt\":¶\"HOW ->\",\"completion\":\" two.\"}\n"
        ),
        Case(
            rule: "capital-answers", name: "a.jsonl",
            text:
                "{\"prompt\":\"Who ->\",\"completion\":¶\" ONE.\"}\n{\"prompt\":\"How ->\",\"completion\":¶\" TWO.\"}\n"
        ),
        Case(
            rule: "common-prompt-prefix", name: "a.jsonl",
            text: "{\"prompt\":¶\"Tell me now, who ->\",\"completion\":\" one.\"}\n"
                + "{\"prompt\":\"Tell me now, how ->\",\"completion\":\" two.\"}\n"),
        Case(
            rule: "common-answer-prefix", name: "a.jsonl",
            text:
                "{\"prompt\":\"Who ->\",\"completion\":¶\" It is one.\"}\n{\"prompt\":\"How ->\",\"completion\":\" It is two.\"}\n"
        ),
        Case(
            rule: "no-separator", name: "a.jsonl",
            text: "{\"prompt\":¶\"Who\",\"completion\":\" one.\"}\n{\"prompt\":\"When\",\"completion\":\" two.\"}\n"),
        Case(
            rule: "separator-inside", name: "a.jsonl",
            text: pairs + "{\"prompt\":¶\"From a -> to b ->\",\"completion\":\" No\\n\"}\n"),
        Case(
            rule: "separator-inside", name: "a.jsonl",
            text: "{\"prompt\":¶\"Who ~~ or what ~~\",\"completion\":\" one.\"}\n"
                + "{\"prompt\":\"When ~~\",\"completion\":\" two.\"}\n"),
        Case(
            rule: "long-separator", name: "a.jsonl",
            text: "{\"prompt\":¶\"Who is it, tell me ->\",\"completion\":\" one.\"}\n"
                + "{\"prompt\":\"When is it, tell me ->\",\"completion\":\" two.\"}\n"),
        Case(
            rule: "long-ending", name: "a.jsonl",
            text: "{\"prompt\":\"Who ->\",\"completion\":¶\" one, that is all\"}\n"
                + "{\"prompt\":\"When ->\",\"completion\":\" two, that is all\"}\n"),
        Case(
            rule: "ending-inside", name: "a.jsonl",
            text:
                "{\"prompt\":\"Who ->\",\"completion\":¶\" 1.5.\"}\n{\"prompt\":\"How ->\",\"completion\":\" two.\"}\n"),
        Case(
            rule: "no-ending", name: "a.jsonl",
            text: "{\"prompt\":\"Who ->\",\"completion\":¶\" one\"}\n{\"prompt\":\"How ->\",\"completion\":\" two\"}\n"),
        Case(
            rule: "no-leading-space", name: "a.jsonl",
            text: pairs + "{\"prompt\":\"Why ->\",\"completion\":¶\"No\\n\"}\n"),
        Case(
            rule: "duplicate", name: "a.jsonl",
            text: pairs + "¶{\"completion\":\" The Rhine\\n\",\"prompt\":\"Name a long river ->\"}\n"),
        Case(
            rule: "conflicting-answers", name: "a.jsonl",
            text: pairs + "{\"prompt\":\"name a LONG river ->\",\"completion\":¶\" The Nile\\n\"}\n"),
        Case(
            rule: "near-duplicate", name: "a.txt",
            text: "the sun came up over the low hills and the birds began to sing in the old elm trees near us\n"
                + "¶the sun came up over the low hills and the birds began to call in the old elm trees near us\n"),
        Case(
            rule: "label-variants", name: "a.jsonl",
            text: labelled(many(8, "tree") + many(7, "bush"))
                + "{\"prompt\":\"reed grass ->\",\"completion\":¶\" Tree\"}\n", also: ["shared-first-token"]),
        Case(
            rule: "class-imbalance", name: "a.jsonl",
            text: labelled(many(21, "tree")) + "{\"prompt\":\"red clover ->\",\"completion\":¶\" herb\"}\n"
                + "{\"prompt\":\"white clover ->\",\"completion\":\" herb\"}\n", also: ["shared-first-token"]),
        Case(
            rule: "shared-first-token", name: "a.jsonl",
            text: labelled(many(5, "trunk")) + "{\"prompt\":\"ash twig ->\",\"completion\":¶\" twig\"}\n"
                + labelled(many(4, "twig"))),
    ]

    @Test(arguments: reading + rows + corpus) func findsItAtItsPlace(_ test: Case) throws {
        let marked = MarkedText(test.text)
        let report = try Checked.report([(test.name, marked.bytes)]) { $0.contextLength = test.context }
        let found = Checked.places(report, test.rule)
        #expect(found.places == marked.places, "\(report.render())")
        #expect(found.rules == test.also.union([test.rule]), "\(report.render())")
    }

    @Test func fewExamples() throws {
        let report = try Checked.report([("a.txt", Array("one\ntwo\n".utf8))])
        #expect(report.findings.map(\.rule.name) == ["few-examples"])
    }

    @Test func everyRuleHasACase() {
        let tested = Set((Self.reading + Self.rows + Self.corpus).map(\.rule))
        // `leak`, `changed-split` and `row-too-large` have separate tests, which need several files or a large one.
        let missing = Set(Rule.all.map(\.name)).subtracting(tested).subtracting([
            "few-examples", "leak", "changed-split", "row-too-large",
        ])
        #expect(missing.isEmpty)
        #expect(Set(Rule.all.map(\.name)).count == Rule.all.count)
    }
}
