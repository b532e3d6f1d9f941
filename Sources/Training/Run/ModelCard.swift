// The README of an exported folder: what the model is made of, how, and with what result.

import Foundation
import Model

/// Text in the form that Hugging Face asks of model cards: a head of YAML, then Markdown.
struct ModelCard {
    private let source: ModelSource

    init(_ source: ModelSource) { self.source = source }

    /// - Parameter adapters: what the folder holds instead of a whole model.
    func text(named name: String, adapters: Adapters? = nil) -> String {
        let (config, state) = (source.config, source.state)
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
        row("base", source.base ?? (state == nil ? nil : "none: trained from nothing"))
        row("checkpoint, SHA-256", source.hash)
        row("training data, SHA-256", state.map(\.dataHash).flatMap { $0.isEmpty ? nil : $0 })
        if let adapter = config.adapter {
            row("LoRA's rank, alpha, dropout", "\(adapter.rank), \(adapter.alpha), \(adapter.dropout)")
            row("layers with adapters", adapter.targets.joined(separator: ", "))
        }
        if let state {
            let training = config.training
            row("optimizer steps", "\(state.step) of \(state.totalSteps)")
            row("sequences a step", "\(training.batchSize * training.accumulation)")
            row("learning rate", training.learningRate.map { "\($0), \(training.schedule.rawValue)" })
            row("weight decay, gradient clip", "\(training.weightDecay), \(training.gradientClip)")
            row("AdamW's beta1, beta2, epsilon", "\(training.beta1), \(training.beta2), \(training.epsilon)")
            row("seed", "\(state.seed)")
            row(
                "best validation loss", state.bestLoss.map { "\(digits($0)) nats per token, at step \(state.bestStep)" }
            )
            row("its perplexity", state.bestLoss.map { digits(exp($0)) })
        }
        row("context", "\(source.shape.contextLength) tokens")
        return lines.joined(separator: "\n") + "\n"
    }

    private func digits(_ value: Double) -> String { String(format: "%.4f", value) }

    private func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
}
