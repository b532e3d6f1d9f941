// The sixteen steps of OpenAI's prepare_data (openai 0.28.1, validators.py), each on rows that it reports.

import Preparation
import Testing

@Suite struct OriginalCheckTests {
    struct Case: CustomTestStringConvertible, Sendable {
        /// The step's name in validators.py.
        var validator: String
        var name = "a.jsonl"
        var text: String
        var rule: String
        var testDescription: String { validator }
    }

    private static func pairs(_ rows: (String, String)...) -> String {
        rows.map { "{\"prompt\":\"\($0.0)\",\"completion\":\"\($0.1)\"}\n" }.joined()
    }

    static let cases: [Case] = [
        Case(validator: "num_examples_validator", text: pairs(("a ->", " b.")), rule: "few-examples"),
        Case(
            validator: "necessary_column_validator, prompt", text: "{\"completion\":\" b.\"}\n", rule: "missing-field"),
        Case(
            validator: "necessary_column_validator, completion", text: "{\"prompt\":\"a ->\"}\n", rule: "missing-field"),
        Case(
            validator: "necessary_column_validator, another case",
            text: "{\"Prompt\":\"a ->\",\"completion\":\" b.\"}\n", rule: "key-spelling"),
        Case(
            validator: "additional_column_validator", name: "a.csv", text: "prompt,completion,note\na ->, b.,c\n",
            rule: "surplus-keys"),
        Case(
            validator: "non_empty_field_validator", text: pairs(("a ->", " b."), ("c ->", "")), rule: "empty-answer"),
        Case(
            validator: "duplicated_rows_validator", text: pairs(("a ->", " b."), ("c ->", " d."), ("a ->", " b.")),
            rule: "duplicate"),
        Case(
            validator: "long_examples_validator",
            text: pairs(("a " + String(repeating: "long way ", count: 2000) + "->", " b.")), rule: "over-long"),
        Case(
            validator: "lower_case_validator, prompt", text: pairs(("WHO ->", " b."), ("HOW ->", " d.")),
            rule: "capital-prompts"),
        Case(
            validator: "lower_case_validator, completion", text: pairs(("a ->", " BE."), ("c ->", " DO.")),
            rule: "capital-answers"),
        Case(
            validator: "common_prompt_suffix_validator", text: pairs(("a", " b."), ("c", " d.")), rule: "no-separator"),
        Case(
            validator: "common_prompt_suffix_validator, all equal", text: pairs(("a ->", " b."), ("a ->", " d.")),
            rule: "identical-prompts"),
        Case(
            validator: "common_prompt_suffix_validator, long",
            text: pairs(("a, and what now ->", " b."), ("c, and what now ->", " d.")), rule: "long-separator"),
        Case(
            validator: "common_prompt_suffix_validator, inside", text: pairs(("a -> e ->", " b."), ("c ->", " d.")),
            rule: "separator-inside"),
        Case(
            validator: "common_prompt_prefix_validator",
            text: pairs(("Once upon a time a ->", " b."), ("Once upon a time c ->", " d.")),
            rule: "common-prompt-prefix"),
        Case(
            validator: "common_completion_prefix_validator", text: pairs(("a ->", " It is b."), ("c ->", " It is d.")),
            rule: "common-answer-prefix"),
        Case(
            validator: "common_completion_suffix_validator", text: pairs(("a ->", " b"), ("c ->", " d")),
            rule: "no-ending"),
        Case(
            validator: "common_completion_suffix_validator, all equal", text: pairs(("a ->", " b."), ("c ->", " b.")),
            rule: "identical-answers"),
        Case(
            validator: "common_completion_suffix_validator, long",
            text: pairs(("a ->", " b, so they say."), ("c ->", " d, so they say.")), rule: "long-ending"),
        Case(
            validator: "common_completion_suffix_validator, inside", text: pairs(("a ->", " b. e."), ("c ->", " d.")),
            rule: "ending-inside"),
        Case(
            validator: "completions_space_start_validator", text: pairs(("a ->", "b."), ("c ->", "d.")),
            rule: "no-leading-space"),
    ]

    @Test(arguments: cases) func isFoundHereToo(_ test: Case) throws {
        let report = try Checked.report([(test.name, Array(test.text.utf8))]) { $0.contextLength = 2048 }
        #expect(report.findings.contains { $0.rule.name == test.rule }, "\(report.render())")
    }

    /// `format_inferrer_validator`: its three task kinds.
    @Test func theTaskIsInferred() throws {
        func task(_ rows: [(String, String)]) throws -> TaskKind {
            let text = rows.map { "{\"prompt\":\"\($0.0)\",\"completion\":\"\($0.1)\"}\n" }.joined()
            return try Checked.report([("a.jsonl", Array(text.utf8))]).task
        }
        #expect(try task((0..<9).map { ("p\($0) ->", [" a", " b"][$0 % 2]) }) == .classification)
        #expect(try task((0..<9).map { ("p\($0) ->", " answer \($0).") }) == .conditional)
        #expect(try task((0..<9).map { ("", " text \($0).") }) == .openEnded)
    }

    /// `read_any_format`: a line of text is a completion without a prompt, and a final line feed is not a row.
    @Test func anyFormatIsRead() throws {
        for (name, text) in [
            ("a.txt", "one\ntwo\n"), ("a.csv", "prompt,completion\na,b\nc,d\n"),
            ("a.tsv", "prompt\tcompletion\na\tb\nc\td\n"), ("a.json", "[{\"text\":\"a\"},{\"text\":\"b\"}]"),
            ("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"),
        ] {
            #expect(try Checked.report([(name, Array(text.utf8))]).kept == 2, "\(name)")
        }
    }
}
