// `luthier eval`: loss, perplexity and accuracy on a split of a run's data, or on a file.

import Arguments
import Datasets
import Foundation
import StrictJSON
import Training

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Measures perplexity and accuracy on a split of the data, or on a file.")

    @OptionGroup var model: CheckpointOptions
    @Option(help: ArgumentHelp("Config that names the data; by default the run's own.", valueName: "file"))
    var config: String?
    @Option(help: "Which part of the data.")
    var split: Split = .validation
    @Option(help: ArgumentHelp("Measures this file as one text instead.", valueName: "file"))
    var data: String?
    @Option(help: "Tokens read at once; the model's context by default.")
    var window: Int?
    @Option(help: "How far the window moves; the window by default.")
    var stride: Int?
    @Option(help: "Windows worked on together.")
    var batchSize: Int = 8
    @Flag(help: "Ends with one JSON object on stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if let window, window < 1 { throw ValidationError("--window \(window) must be at least 1") }
        if let stride, stride < 1 { throw ValidationError("--stride \(stride) must be at least 1") }
        if batchSize < 1 { throw ValidationError("--batch-size \(batchSize) must be at least 1") }
    }

    mutating func run() throws {
        let saved = try model.load()
        let context = saved.model.config.contextLength
        let window = window ?? context
        guard window <= context else {
            throw ValidationError("--window \(window) is larger than the model's context of \(context)")
        }
        guard (stride ?? window) <= window else {
            throw ValidationError("--stride \(stride ?? window) is larger than the window of \(window)")
        }
        let documents = try documents()
        let end = saved.tokenizer.endOfTextID.map { Int32($0) }
        let text = try TokenizedText(
            documents.list, tokenizer: saved.tokenizer, startToken: documents.startToken ? end : nil)
        let evaluator = Evaluator(window: window, stride: stride ?? window, batchSize: batchSize)
        let name = data ?? split.rawValue
        guard
            let result = try evaluator.evaluate(saved.model, text, tokenizer: saved.tokenizer, split: name)
        else { return }
        show(result, name)
    }

    /// The documents to measure: of the file, or of the split that the config describes.
    private func documents() throws -> (list: [Document], startToken: Bool) {
        if let data { return (Document.documents(of: try TextFile(path: data), format: .text), false) }
        var reader = ConfigReader()
        if let config {
            try reader.read(path: config)
        } else {
            let path = try model.path()
            let folder = path.hasSuffix(".h5") ? (path as NSString).deletingLastPathComponent : path
            guard FileManager.default.fileExists(atPath: folder + "/origins.json") else {
                throw ValidationError(
                    "\(path) is not part of a run: which data shall be measured?",
                    hint: "name it with --config FILE --split NAME, or --data FILE")
            }
            try reader.read(path: folder + "/config.json")
        }
        let documents = try RunDocuments(reader.config.data)
        guard !documents[split].isEmpty else {
            throw DatasetError.emptySplit(split: split.rawValue, reason: "the config gives it no text")
        }
        return (documents[split], reader.config.data.startToken)
    }

    private func show(_ result: EvaluationResult, _ name: String) {
        let rows = [
            ("loss", ProgressPrinter.number(result.loss, digits: 6) + " nats per token"),
            ("perplexity", ProgressPrinter.number(result.perplexity, digits: 6)),
            ("bits per byte", ProgressPrinter.number(result.bitsPerByte, digits: 6)),
            ("token accuracy", ProgressPrinter.percent(result.tokenAccuracy)),
            ("tokens", "\(result.tokens) in \(result.examples) documents"),
        ]
        Console.output("\(name)\n")
        for (label, value) in rows {
            Console.output("  \(label)\(String(repeating: " ", count: 16 - label.count))\(value)\n")
        }
        guard json else { return }
        Console.json([
            ("loss", .number(result.loss)), ("perplexity", .number(result.perplexity)),
            ("bitsPerByte", .number(result.bitsPerByte)), ("tokenAccuracy", .number(result.tokenAccuracy)),
            ("sequenceAccuracy", .null), ("tokens", .integer(result.tokens)), ("examples", .integer(result.examples)),
            ("split", .string(name)),
        ])
    }
}

extension Split: ExpressibleByArgument {}
