// Every defect of a command line, with its exact message.

import Arguments
import StrictJSON
import Testing

@Suite struct UsageErrorTests {
    /// A command line with the expected message and hint; an empty hint means the general one.
    static let table: [(line: String, message: String, hint: String)] = [
        ("", "missing subcommand", "the subcommands are train, inspect, tokenizer"),
        ("tokenizer", "missing subcommand", "the subcommands are train, encode"),
        ("trian -c a", "unknown subcommand 'trian'", "did you mean train?"),
        ("zzz", "unknown subcommand 'zzz'", "the subcommands are train, inspect, tokenizer"),
        ("tokenizer encod", "unknown subcommand 'encod'", "did you mean encode?"),
        ("--verison", "unknown option '--verison'", "did you mean --version?"),
        ("train -c a --batchsize 3", "unknown option '--batchsize'", "did you mean --batch-size?"),
        ("train -c a --learning_rate 3", "unknown option '--learning_rate'", "did you mean --learning-rate?"),
        ("train -c a --lr=3", "unknown option '--lr'", "did you mean --learning-rate?"),
        ("train -c a --learn 3", "unknown option '--learn'", "did you mean --learning-rate?"),
        ("train -c a -json", "unknown option '-json'", "did you mean --json?"),
        ("train -c a --no-shufle", "unknown option '--no-shufle'", "did you mean --no-shuffle?"),
        ("train -c a --qqqqqq", "unknown option '--qqqqqq'", ""),
        ("train -c", "-c needs a value", ""),
        (
            "train --config --json", "--config needs a value, but '--json' follows it",
            "write --config=--json if the value starts with a dash"
        ),
        ("train -c a --json=true", "--json takes no value, but 'true' was given", "use --json without a value"),
        ("train -c a --batch-size five", "--batch-size expects an integer, not 'five'", ""),
        ("train -c a --batch-size 1.5", "--batch-size expects an integer, not '1.5'", ""),
        (
            "train -c a --batch-size 9223372036854775808",
            "--batch-size expects an integer, not '9223372036854775808'", ""
        ),
        ("train -c a --seed -1", "--seed expects an integer from 0 to 18446744073709551615, not '-1'", ""),
        ("train -c a --learning-rate nan", "--learning-rate expects a number, not 'nan'", ""),
        ("train -c a --learning-rate -inf", "--learning-rate expects a number, not '-inf'", ""),
        ("inspect a --temperature 1e39", "--temperature expects a number, not '1e39'", ""),
        ("train -c a --split tset", "--split expects one of train, validation, test, not 'tset'", "did you mean test?"),
        ("train -c a --split 7", "--split expects one of train, validation, test, not '7'", ""),
        ("train -c a --config b", "--config was given twice: 'a' and 'b'", "give --config once"),
        ("train -c a --shuffle --no-shuffle", "--shuffle and --no-shuffle were both given", "keep one of the two"),
        ("train", "option --config is required: The run's settings.", ""),
        ("inspect", "<path> is missing: The file to look at.", ""),
        ("tokenizer train --vocabulary-size 9", "<files> is missing: Text files.", ""),
        ("inspect a 1 b", "unexpected argument 'b'", "quote text that contains spaces"),
        ("inspect a b", "<row> expects an integer, not 'b'", ""),
        ("train -c a --threads -1", "--threads is -1", "0 means all"),
        ("train -c a -n --batch-size 99", "99 is not dry", ""),
    ]

    @Test(arguments: table.indices)
    func isReported(_ index: Int) throws {
        let (line, message, hint) = UsageErrorTests.table[index]
        let words = line.split(separator: " ").map(String.init)
        let error = try #require(throws: UsageError.self) { try CommandLineParser.parse(Forge.self, words) }
        #expect(error.reason.message == message)
        let general = "'\(error.path.joined(separator: " ")) --help' explains every option"
        #expect(error.description.hasSuffix("\nhint: \(hint.isEmpty ? general : hint)"))
    }

    @Test func hasThreeLines() {
        #expect {
            try CommandLineParser.parse(Forge.self, ["tokenizer", "train", "a", "--vocabulary-sise", "3"])
        } throws: {
            "\($0)" == """
                error: unknown option '--vocabulary-sise'
                usage: forge tokenizer train --vocabulary-size <vocabulary-size> <files>…
                hint: did you mean --vocabulary-size?
                """
        }
    }
}

@Suite struct SuggestionTests {
    static let keys = [
        "training.learningRate", "training.seed", "data.splitSeed", "model.headCount", "evaluation.every",
    ]

    @Test(
        arguments: [
            ("training.learningrate", "training.learningRate"), ("training.learning_rate", "training.learningRate"),
            ("learningRate", "training.learningRate"), ("lr", "training.learningRate"), ("seed", "training.seed"),
            ("trainign.seed", "training.seed"), ("data.splitSed", "data.splitSeed"), ("headcuont", "model.headCount"),
            ("evaluaton.every", "evaluation.every"), ("qqqq", nil), ("", nil), ("x", nil),
        ] as [(String, String?)])
    func nearestKey(_ word: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: word, among: SuggestionTests.keys) == expected)
    }

    @Test func ofEquallyNearWordsTheFirstWins() {
        #expect(Suggestion.nearest(to: "bat", among: ["cat", "rat"]) == "cat")
        #expect(Suggestion.nearest(to: "bat", among: []) == nil)
    }
}
