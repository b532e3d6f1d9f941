// The README of an exported folder: what the model is made of, how, and with what result.

import Foundation
import Model

/// Text in the form that Hugging Face asks of model cards: a head of YAML, then Markdown.
struct ModelCard {
    private let source: ModelSource

    init(_ source: ModelSource) { self.source = source }

    /// - Parameter adapters: what the folder holds instead of a full model.
    func text(named name: String, adapters: Adapters? = nil) throws -> String {
        let record = try source.trainingRecord()
        let library = adapters == nil ? "transformers" : "peft"
        var head = ["---", "library_name: \(library)", "pipeline_tag: text-generation", "tags: [luthier]"]
        if let base = source.base { head.append("base_model: \(quoted(base))") }
        var lines = head + ["---", "", "# \(name)", ""]
        let count = source.parameterCount
        let what =
            adapters.map { "A LoRA adapter of \($0.layout.parameterCount) numbers for a model of \(count) parameters" }
            ?? "A language model of \(count) parameters"
        lines += ["\(what), written by Luthier.", "", "| | |", "|---|---|"]
        func row(_ label: String, _ value: String?) { if let value { lines.append("| \(label) | \(value) |") } }
        row("base", source.base ?? (record == nil ? nil : "none: trained from scratch"))
        row("checkpoint, SHA-256", source.hash)
        row("training data, SHA-256", record.map(\.dataHash).flatMap { $0.isEmpty ? nil : $0 })
        if let adapter = source.info.adapter {
            row("LoRA's rank, alpha, dropout", "\(adapter.rank), \(adapter.alpha), \(adapter.dropout)")
            row("layers with adapters", adapter.targets.joined(separator: ", "))
        }
        if let record {
            row("optimizer steps", "\(record.step) of \(record.totalSteps)")
            row("sequences a step", "\(record.sequencesPerStep)")
            row("learning rate", record.learningRate.map { "\($0), \(record.schedule)" })
            row("weight decay, gradient clip", "\(record.weightDecay), \(record.gradientClip)")
            row("AdamW's beta1, beta2, epsilon", "\(record.beta1), \(record.beta2), \(record.epsilon)")
            row("seed", "\(record.seed)")
            let best = record.bestLoss
            row("best validation loss", best.map { "\(digits($0)) nats per token, at step \(record.bestStep)" })
            row("its perplexity", best.map { digits(exp($0)) })
        }
        row("context", "\(source.shape.contextLength) tokens")
        return lines.joined(separator: "\n") + "\n"
    }

    private func digits(_ value: Double) -> String { String(format: "%.4f", value) }

    private func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
}
