// The README of an exported model: what it is made of, how, with what result, how to use it, and how to repeat it.

import Foundation
import Model
import StrictJSON

/// Text in the form that Hugging Face asks of model cards: a head of YAML, then Markdown.
struct ModelCard {
    /// What the card is of.
    enum Export: Equatable {
        /// A folder for Transformers.
        case folder
        /// A folder for PEFT with this many numbers.
        case adapters(Int)
        /// A file for llama.cpp, by its name.
        case gguf(file: String)
    }

    /// Every card has it, and so a file that has it may be replaced.
    static let mark = "written by Luthier."

    private let source: ModelSource
    private let facts: RunFacts

    init(_ source: ModelSource) {
        self.source = source
        facts = RunFacts(checkpoint: source.path)
    }

    func text(named name: String, _ export: Export) throws -> String {
        let record = try source.trainingRecord()
        var lines =
            head(export) + ["", "# \(name)", "", "\(sentence(export)), \(ModelCard.mark)", "", "| | |", "|---|---|"]
        func row(_ label: String, _ value: String?) {
            if let value { lines.append("| \(label) | \(ModelCard.cell(value)) |") }
        }
        row("base", source.base ?? (record == nil ? nil : "none: trained from scratch"))
        row("licence of the base", source.base.flatMap(RunFacts.licence))
        row("checkpoint, SHA-256", source.hash)
        row("training data, SHA-256", record.map(\.dataHash).flatMap { $0.isEmpty ? nil : $0 })
        row(
            "training rows, tokens, learned tokens",
            facts.trained.map { "\($0.rows), \($0.tokens), \($0.predictions)" })
        if let adapter = source.info.adapter {
            row("method", "low-rank adapters (LoRA)")
            row("LoRA's rank, alpha, dropout", "\(adapter.rank), \(adapter.alpha), \(adapter.dropout)")
            row("layers with adapters", adapter.targets.joined(separator: ", "))
        } else if record != nil {
            row("method", "all weights")
        }
        if let record {
            row("optimizer steps", "\(record.step) of \(record.totalSteps)")
            row("sequences a step", "\(record.sequencesPerStep)")
            row("learning rate", record.learningRate.map { "\($0), \(record.schedule)" })
            row("weight decay, gradient clip", "\(record.weightDecay), \(record.gradientClip)")
            row("AdamW's beta1, beta2, epsilon", "\(record.beta1), \(record.beta2), \(record.epsilon)")
            row("seed", "\(record.seed)")
            let (best, preference) = (record.bestLoss, source.info.preference)
            row("objective", preference.map { "\($0.objective), beta \($0.beta)" })
            let unit = preference == nil ? " nats per token" : ""
            row("best validation loss", best.map { "\(digits($0))\(unit), at step \(record.bestStep)" })
            if preference == nil { row("its perplexity", best.map { digits(exp($0)) }) }
        }
        row("pairs in the right order there", facts.best?["validationRewardAccuracy"]?.number.map(digits))
        row("bits per byte of the validation rows", facts.best?["validationBitsPerByte"]?.number.map(digits))
        row("token accuracy there", facts.best?["validationTokenAccuracy"]?.number.map(digits))
        row("context", "\(source.shape.contextLength) tokens")
        if let machine = facts.machine {
            row("processor", machine["processor"]?.string)
            row("threads", machine["threads"]?.integer.map { "\($0)" })
            row("OpenBLAS, its kernel", machine["openBLAS"]?.string.map { "\($0), \(machine["kernel"]?.string ?? "")" })
            row("oneDNN", machine["oneDNN"]?.string)
        }
        lines += data + ["", "## Use", ""] + ModelCardUse(source, export, name: name).lines + repetition
        return lines.joined(separator: "\n") + "\n"
    }

    private func head(_ export: Export) -> [String] {
        var head = ["---"]
        switch export {
        case .folder: head.append("library_name: transformers")
        case .adapters: head.append("library_name: peft")
        case .gguf: head.append("library_name: gguf")
        }
        head.append("pipeline_tag: text-generation")
        head.append(export.isGGUF ? "tags: [luthier, gguf]" : "tags: [luthier]")
        if let base = source.base {
            head.append("base_model: \(quoted(base))")
            head.append("base_model_relation: \(export.isAdapter ? "adapter" : "finetune")")
            if let licence = RunFacts.licence(of: base) { head.append("license: \(quoted(licence.lowercased()))") }
        }
        return head + ["---"]
    }

    private func sentence(_ export: Export) -> String {
        let count = source.parameterCount
        return switch export {
        case .adapters(let numbers): "A LoRA adapter of \(numbers) numbers for a model of \(count) parameters"
        case .folder: "A language model of \(count) parameters"
        case .gguf(let file): "A language model of \(count) parameters in the file `\(file)`"
        }
    }

    private var data: [String] {
        guard !facts.files.isEmpty else { return [] }
        return ["", "## Data", "", "| file | split | lines | bytes | SHA-256 |", "|---|---|---|---|---|"]
            + facts.files.map {
                "| \(ModelCard.cell($0.name)) | \($0.split) | \($0.lines) | \($0.bytes) | \($0.hash) |"
            }
    }

    /// The config itself is part of it: who reads the card has no folder of the run.
    private var repetition: [String] {
        guard let config = facts.config, let name = facts.name else { return [] }
        // A fence longer than any in the text.
        let fence = config.contains("```") ? "``````" : "```"
        return [
            "", "## Repeat it", "", "With the data, and the config below as `config.json`:", "", "```",
            "luthier train --config config.json --run \(name)", "luthier eval --checkpoint \(name) --split validation",
            "```",
            "", fence + "json", config.trimmingCharacters(in: .newlines), fence,
        ]
    }

    private func digits(_ value: Double) -> String { String(format: "%.4f", value) }

    /// A bar would end the cell.
    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ")
    }

    private func quoted(_ text: String) -> String {
        JSONOutput.string(text).serialized()
    }
}

extension ModelCard.Export {
    fileprivate var isGGUF: Bool { if case .gguf = self { true } else { false } }
    fileprivate var isAdapter: Bool { if case .adapters = self { true } else { false } }
}
