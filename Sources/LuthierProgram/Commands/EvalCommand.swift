// `luthier eval`: loss, perplexity and accuracy on a split of a run's data, or on a file; optionally generated answers.

import Arguments
import Datasets
import Evaluation
import Foundation
import Inference
import Models
import StrictJSON
import Training

struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Evaluate loss, perplexity and accuracy on a split of the data, or on a file.",
        examples: ["luthier eval --checkpoint weather-1 --split test"])

    @OptionGroup var model: CheckpointOptions
    @Option(help: ArgumentHelp("Config with the data; by default the run's.", valueName: "file"))
    var config: String?
    @Option(help: "Split of the data.")
    var split: Split = .validation
    @Option(help: ArgumentHelp("Evaluate this file instead: JSON rows, or plain text.", valueName: "file"))
    var data: String?
    @Option(help: "Window length in tokens; by default the model's context.")
    var window: Int?
    @Option(help: "How far the window moves; by default the window length.")
    var stride: Int?
    @Option(help: "Windows per batch.")
    var batchSize: Int = 8
    @Flag(help: "Also generate an answer to every row (greedy): exact match, stop rate, mean length.")
    var generate = false
    @Option(
        help: ArgumentHelp(
            "With --generate: write every answer to this file, one JSON object per line.", valueName: "file"))
    var answers: String?
    @Option(help: "Maximum number of rows to answer.")
    var limit: Int?
    @Option(help: ArgumentHelp("Write every line with its loss to this file, the hardest first.", valueName: "file"))
    var lines: String?
    @OptionGroup var classes: ClassOptions
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if let window, window < 1 { throw ValidationError("--window \(window) must be at least 1") }
        if let stride, stride < 1 { throw ValidationError("--stride \(stride) must be at least 1") }
        if let limit, limit < 1 { throw ValidationError("--limit \(limit) must be at least 1") }
        if answers != nil && !generate { throw ValidationError("--answers needs answers", hint: "add --generate") }
        if batchSize < 1 { throw ValidationError("--batch-size \(batchSize) must be at least 1") }
    }

    mutating func run() throws {
        let opened = try model.open(config: config)
        let saved = try opened.loadAsTrained()
        let context = saved.model.architecture.contextLength
        let window = window ?? context
        guard window <= context else {
            throw ValidationError("--window \(window) is larger than the model's context of \(context)")
        }
        guard (stride ?? window) <= window else {
            throw ValidationError("--stride \(stride ?? window) is larger than the window of \(window)")
        }
        let (documents, section) = try source()
        let name = data ?? split.rawValue
        let template = saved.template ?? documents.lazy.compactMap(\.defaultTemplate).first ?? .raw
        var options = EncodingOptions()
        options.startToken = section.startToken
        options.template = template
        options.overlong = section.overlong
        options.contextLength = context
        options.dropsRowsWithoutLoss = true
        let text = try TokenizedText(documents, tokenizer: saved.tokenizer, options)
        let evaluator = Evaluator(window: window, stride: stride ?? window, batchSize: batchSize)
        guard
            var result = try evaluator.evaluate(
                saved.model, text, tokenizer: saved.tokenizer, split: name, keepsLines: lines != nil)
        else { return }
        try result.requireFinite(name)
        if let config = try runConfig(), config.method.objective.isPreference,
            text.sources.contains(where: { $0.judgement != nil })
        {
            for document in documents { try config.method.objective.check(document) }
            let reference = try ReferenceScores(ofRun: config, saved.model.architecture, text)
            result.preference = PreferenceEvaluation(config).measure(saved.model, text, reference)
        }
        let training = try trainingRows()
        if data != nil || split != .train { result.overlap = training?.overlap(documents) }
        show(result, name, isTraining: data == nil && split == .train)
        if let lines { try EvaluationFiles.write(result.lines, to: lines) }
        for remark in text.dropped { Console.message("note: \(remark.path), line \(remark.line): \(remark.reason)") }
        var members = members(result, name)
        if let labels = training?.labels {
            members += try classes.report(saved, template: template, documents, labels: labels)
        }
        if generate { members += try answer(documents, saved) }
        members.append(("checkpoint", .string(opened.path)))
        if json { Console.json(members) }
    }

    /// The documents to evaluate: from the file, or from the split of the config.
    private func source() throws -> ([Document], RunConfig.DataSection) {
        if let data {
            let reading = try Document.reading(of: TextFile(path: data), format: .auto, readsJudgements: true)
            return (reading.documents, RunConfig().data)
        }
        guard let config = try runConfig() else {
            throw ValidationError(
                "\(try model.path()) is not part of a run, so there is no data to evaluate",
                hint: "use --config FILE --split NAME, or --data FILE")
        }
        let documents = try config.readDocuments()
        guard !documents[split].isEmpty else {
            throw DatasetError.emptySplit(split: split.rawValue, reason: "the config gives it no text")
        }
        return (documents[split], config.data)
    }

    /// The config that was named, or the run's; nil where there is no run.
    private func runConfig() throws -> RunConfig? {
        guard let path = try config ?? model.runFolder()?.file("config.json") else { return nil }
        var reader = ConfigReader()
        try reader.read(path: path)
        return reader.config
    }

    /// The rows that the model was trained on: as recorded by its run, otherwise those of the config.
    private func trainingRows() throws -> TrainingRows? {
        if let folder = try model.runFolder(config: config), let rows = TrainingRows(run: folder) { return rows }
        guard config != nil, let config = try runConfig() else { return nil }
        return TrainingRows(try config.readDocuments()[.train])
    }

    private func show(_ result: EvaluationResult, _ name: String, isTraining: Bool) {
        let overlap = result.overlap?.description ?? "unknown"
        Console.output("\(name)\n")
        var rows = [
            ("loss", ProgressPrinter.number(result.loss, digits: 6) + " nats per token"),
            (
                "perplexity",
                ProgressPrinter.number(result.perplexity, digits: 6)
                    + (isTraining ? "" : "   in training: \(overlap)")
            ),
            ("bits per byte", ProgressPrinter.number(result.bitsPerByte, digits: 6)),
            ("token accuracy", ProgressPrinter.percent(result.tokenAccuracy)),
        ]
        if let accuracy = result.sequenceAccuracy { rows.append(("row accuracy", ProgressPrinter.percent(accuracy))) }
        if let preference = result.preference {
            rows.append(("objective", ProgressPrinter.number(preference.loss, digits: 6)))
            if let accuracy = preference.accuracy { rows.append(("pairs in order", ProgressPrinter.percent(accuracy))) }
            if let margin = preference.margin { rows.append(("reward margin", ProgressPrinter.number(margin))) }
        }
        rows.append(("tokens", "\(result.tokens) in \(result.examples) documents"))
        show(rows)
    }

    private func show(_ rows: [(label: String, value: String)]) {
        for (label, value) in rows {
            Console.output("  \(label)\(String(repeating: " ", count: max(1, 16 - label.count)))\(value)\n")
        }
    }

    /// Generates an answer to every message, and counts the correct ones.
    private func answer(
        _ documents: [Document], _ saved: SavedModel
    ) throws -> [(key: String, value: JSONOutput)] {
        let responder = Responder(saved)
        let records = try AnswerEvaluator.answers(responder, documents, limit: limit) { done, total in
            if Console.isTerminal { Console.progress("\(done)/\(total) answers") }
        }
        Console.endProgress()
        let summary = AnswerSummary(records)
        guard summary.answers > 0 else {
            throw ValidationError("--generate: this data has no answers to compare with")
        }
        show([
            ("answers", "\(summary.answers)"), ("exact match", ProgressPrinter.percent(summary.exactMatch)),
            ("stop rate", ProgressPrinter.percent(summary.stopRate)),
            ("hit the limit", ProgressPrinter.percent(summary.limitRate)),
            ("mean length", ProgressPrinter.number(summary.meanTokens, digits: 1) + " tokens"),
        ])
        if let answers { try EvaluationFiles.write(records, to: answers) }
        return [
            ("answers", .integer(summary.answers)), ("exactMatch", .number(summary.exactMatch)),
            ("stopRate", .number(summary.stopRate)), ("limitRate", .number(summary.limitRate)),
            ("meanTokens", .number(summary.meanTokens)),
        ]
    }

    private func members(_ result: EvaluationResult, _ name: String) -> [(key: String, value: JSONOutput)] {
        [
            ("loss", .number(result.loss)), ("perplexity", .number(result.perplexity)),
            ("bitsPerByte", .number(result.bitsPerByte)), ("tokenAccuracy", .number(result.tokenAccuracy)),
            ("sequenceAccuracy", result.sequenceAccuracy.map { .number($0) } ?? .null),
            ("tokens", .integer(result.tokens)), ("examples", .integer(result.examples)), ("split", .string(name)),
            ("overlap", result.overlap.map { .integer($0.exact + $0.normalized) } ?? .null),
        ] + (result.preference.map(EvalCommand.members) ?? [])
    }

    private static func members(_ measure: PreferenceMeasure) -> [(key: String, value: JSONOutput)] {
        [
            ("objectiveLoss", measure.loss), ("rewardChosen", measure.chosenReward),
            ("rewardRejected", measure.rejectedReward), ("rewardMargin", measure.margin),
            ("rewardAccuracy", measure.accuracy),
        ].map { ($0, $1.map { .number($0) } ?? .null) }
    }
}

extension Split: ExpressibleByArgument {}
