// `luthier compare`: evaluates base and tuned model on the same rows, and on an unrelated text.

import Arguments
import Datasets
import Evaluation
import Foundation
import Kernels
import Models
import StrictJSON
import Training

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare a fine-tuned model with its base model (with confidence intervals).",
        discussion: "Both models get the same rows in the tuned model's template. A difference is significant if the "
            + "95 % confidence interval of a paired bootstrap does not include zero. --shots adds that many training "
            + "rows as examples to the base model's prompt.",
        examples: ["luthier compare --base smollm2-135m --checkpoint weather-1 --answers 3"])

    @Option(help: ArgumentHelp("The base model.", valueName: "path", completion: .model))
    var base: String
    @OptionGroup var tuned: CheckpointOptions
    @Option(help: ArgumentHelp("Config with the data; by default the run's.", valueName: "file"))
    var config: String?
    @Option(help: "Split of the data.")
    var split: Split = .validation
    @Option(help: ArgumentHelp("A plain text, to measure what the model has forgotten.", valueName: "file"))
    var general: String?
    @Option(help: ArgumentHelp("Numbers of examples for the base model, such as 0,1,4,8.", valueName: "list"))
    var shots: String = "0"
    @Option(help: "Maximum number of rows to evaluate.")
    var limit: Int = 500
    @Option(help: "Bootstrap samples for the confidence intervals.")
    var draws: Int = 2000
    @Option(help: "Seed of the examples and the bootstrap.")
    var seed: Int = 1
    @Option(help: "Number of rows for which the answers of both models are shown.")
    var answers: Int = 3
    @Option(
        help: ArgumentHelp(
            "Questions that ought to be declined, and harmless ones, such as data/safety/questions.jsonl.",
            valueName: "file"))
    var safety: String?
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    private func shotCounts() throws(ValidationError) -> [Int] {
        let counts = shots.split(separator: ",").map { Int($0) }
        guard !counts.isEmpty, counts.allSatisfy({ ($0 ?? -1) >= 0 }) else {
            throw ValidationError("--shots \(shots) is not a list of numbers", hint: "for example --shots 0,1,4,8")
        }
        return counts.compactMap { $0 }
    }

    mutating func validate() throws(ValidationError) {
        _ = try shotCounts()
        if limit < 1 { throw ValidationError("--limit \(limit) must be at least 1") }
        if answers < 0 { throw ValidationError("--answers \(answers) must be at least 0") }
        if draws < 1 { throw ValidationError("--draws \(draws) must be at least 1") }
        if seed < 0 { throw ValidationError("--seed \(seed) must be at least 0") }
    }

    mutating func run() throws {
        let probe = try safety.map { try SafetyProbe(path: $0) }
        let documents = try documents()
        let opened = try tuned.open(config: config)
        let after = try opened.load()
        let before = try SavedModel(path: base)
        var members: [(key: String, value: JSONOutput)] = []
        if let documents { members += try compare(before, after, documents) }
        if let probe { members.append(("safety", try SafetyReport.show(probe, before, after, count: answers))) }
        members.append(("checkpoint", .string(opened.path)))
        if json { Console.json(members) }
    }

    /// Both models on rows of the data, and on the general text.
    private func compare(
        _ before: SavedModel, _ after: SavedModel, _ documents: RunDocuments
    ) throws -> [(key: String, value: JSONOutput)] {
        let chosen = drawn(documents[split], limit)
        guard !chosen.isEmpty else {
            throw DatasetError.emptySplit(split: split.rawValue, reason: "the config gives it no text")
        }
        let template = after.template ?? documents.defaultTemplate ?? .raw
        let comparison = ModelComparison(template: template, labels: AnswerLabels.find(documents[.train]))
        let right = try comparison.measure(after, chosen)
        var members: [(key: String, value: JSONOutput)] = []
        var list: [JSONOutput] = []
        for count in try shotCounts() {
            let examples = drawn(documents[.train], count)
            let left = try comparison.measure(before, chosen, examples: examples)
            let title = count == 0 ? "base" : "base with \(count) examples"
            var parts: [(key: String, value: JSONOutput)] = [("shots", .integer(count))]
            parts += show(
                "\(split.rawValue), bits per byte", title, left.bits, right.bits, smallerIsBetter: true, "bits")
            if !left.labels.isEmpty {
                parts += show(
                    "\(split.rawValue), correct labels", title, left.labels, right.labels, smallerIsBetter: false,
                    "accuracy")
            }
            list.append(.object(parts))
        }
        members.append(("task", .array(list)))
        if let general {
            let file = try TextFile(path: general)
            let (left, right) = (
                try comparison.measure(before, text: file), try comparison.measure(after, text: file)
            )
            let lines = Set(left.items.keys).union(right.items.keys).sorted()
            var parts = show(
                "general text, bits per byte", "base", lines.map { left.items[$0] }, lines.map { right.items[$0] },
                smallerIsBetter: true, "bits")
            if before.tokenizer == after.tokenizer { parts += showPerplexity(left.perplexity, right.perplexity) }
            members.append(("general", .object(parts)))
        }
        if answers > 0 {
            let shown = try SideBySide.show(before, after, template: template, chosen, count: answers)
            members.append(("answers", shown))
        }
        return members
    }

    /// The data of the config, or of the tuned model's run; nil where there are no rows and only questions are asked.
    private func documents() throws -> RunDocuments? {
        var reader = ConfigReader()
        if let config {
            try reader.read(path: config)
        } else if let folder = try tuned.runFolder() {
            try reader.read(path: folder.file("config.json"))
        } else if safety != nil {
            return nil
        } else {
            throw ValidationError("no data to compare on", hint: "give a config with --config FILE")
        }
        let documents = try reader.config.readDocuments()
        return safety != nil && documents[split].isEmpty ? nil : documents
    }

    /// `count` random rows, because files are often sorted by class; all rows in order if there are not more.
    private func drawn(_ documents: [Document], _ count: Int) -> [Document] {
        guard documents.count > count else { return documents }
        var generator = SplitMix64(seed: UInt64(seed), stream: 0x5407)
        return generator.permutation(documents.count).prefix(count).map { documents[Int($0)] }
    }

    /// What has been forgotten, as the increase of perplexity; over the same tokens only.
    private func showPerplexity(_ base: Double, _ tuned: Double) -> [(key: String, value: JSONOutput)] {
        let increase = 100 * (tuned / base - 1)
        Console.output(
            "general text, perplexity: base \(ProgressPrinter.number(base, digits: 2)), tuned "
                + "\(ProgressPrinter.number(tuned, digits: 2)): \(ProgressPrinter.number(abs(increase), digits: 1)) % "
                + (increase < 0 ? "lower\n" : "higher\n"))
        return [("basePerplexity", .number(base)), ("tunedPerplexity", .number(tuned))]
    }

    /// Prints one comparison as numbers and as a sentence.
    private func show(
        _ title: String, _ name: String, _ left: [PairedBootstrap.Item?], _ right: [PairedBootstrap.Item?],
        smallerIsBetter: Bool, _ key: String
    ) -> [(key: String, value: JSONOutput)] {
        let pairs = zip(left, right).compactMap { pair in pair.0.flatMap { first in pair.1.map { (first, $0) } } }
        guard !pairs.isEmpty else {
            Console.output("\(title): no row fits the context of \(name)\n")
            return [(key, .null)]
        }
        let result = PairedBootstrap(pairs.map(\.0), pairs.map(\.1), draws: draws, seed: UInt64(seed))
        func number(_ value: Double) -> String { ProgressPrinter.number(value) }
        let interval = "[\(number(result.low)), \(number(result.high))]"
        let isBetter = smallerIsBetter ? result.high < 0 : result.low > 0
        let words =
            result.includesZero
            ? "no significant difference: the interval includes 0"
            : isBetter ? "the tuned model is better" : "the tuned model is worse"
        Console.output(
            "\(title): \(name) \(number(result.first)), tuned \(number(result.second)); difference "
                + "\(number(result.difference)) \(interval) over \(result.rows) rows: \(words)\n")
        return [
            (
                key,
                .object([
                    ("base", .number(result.first)), ("tuned", .number(result.second)),
                    ("difference", .number(result.difference)), ("low", .number(result.low)),
                    ("high", .number(result.high)), ("rows", .integer(result.rows)),
                    ("verdict", .string(result.includesZero ? "no better" : isBetter ? "better" : "worse")),
                ])
            )
        ]
    }
}
