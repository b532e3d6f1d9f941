// A trained model written for other programs, and read back as proof.

import Conversations
import Files
import Foundation
import Interchange
import Kernels
import Model
import StrictJSON

/// What a model can be written as.
package enum ExportFormat: String, Sendable, CaseIterable {
    /// A folder for Transformers: weights, config, tokenizer, generation settings, model card.
    case huggingface
    /// A file for llama.cpp.
    case gguf
    /// A folder for PEFT: the adapters alone.
    case peft
    /// A Luthier checkpoint without the optimizer's state.
    case weights
}

/// What came of an export.
package struct ExportReport: Sendable {
    /// How many numbers were written.
    package let parameters: Int
    /// Between the logits of the model and of what was read back, on a probe text.
    package let largestDifference: Float
    /// What the program that the export is for computes otherwise; nil where it computes the same.
    package let note: String?
    /// The Modelfile for Ollama next to a GGUF file.
    package var modelfile: String?
    /// The model card; nil for a checkpoint, which has none.
    package var card: String?
}

/// Writing and checking.
package struct ModelExport {
    private let source: ModelSource
    private let saved: SavedModel

    /// - Parameter saved: what `source` has loaded.
    package init(_ source: ModelSource, loaded saved: SavedModel) {
        self.source = source
        self.saved = saved
    }

    /// Writes the model to `path` and reads it back. What lay at `path` before is replaced file by file, each complete
    /// or not at all, so that a model may be written over the files that it was loaded from.
    ///
    /// - Parameter type: how GGUF stores matrices.
    package func write(_ format: ExportFormat, type: GGUFType, to path: String) throws -> ExportReport {
        let model = saved.model
        let other: Transformer
        var parameters = model.layout.parameterCount
        switch format {
        case .huggingface:
            try writeFolder(path)
            other = try ModelSource(path: path).load().model
        case .gguf:
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            try GGUFModel.write(model, saved.tokenizer, conversation, type: type, name: name, to: path)
            other = try GGUFModel.model(GGUFFile(path: path))
        case .peft:
            parameters = try writeAdapter(path)
            other = try ModelSource(path: path, base: source.base).load().model
        case .weights:
            try saved.write(to: path)
            other = try ModelSource(path: path).load().model
        }
        let (here, there) = (logits(model), logits(other))
        defer { withExtendedLifetime((here, there)) {} }
        let difference = zip(here.buffer, there.buffer).reduce(Float(0)) { largest, pair in
            let one = abs(pair.0 - pair.1)
            return one.isNaN ? .infinity : max(largest, one)
        }
        var report = ExportReport(
            parameters: parameters, largestDifference: difference,
            note: format == .gguf ? GGUFModel.note(for: model) : nil)
        if format == .gguf { report.modelfile = try writeModelfile(of: path) }
        report.card = try writeCard(format, of: path, parameters: parameters)
        return report
    }

    /// - Returns: its path: the GGUF file's with another ending.
    private func writeModelfile(of path: String) throws -> String {
        let stem = path.hasSuffix(".gguf") ? String(path.dropLast(5)) : path
        var settings = source.info.generation
        settings.stop += saved.template?.stop ?? []
        let text = OllamaModelfile(file: lastName(path), saved: saved, settings: settings, endIDs: endIDs).text()
        // Foundation's own function traps on a name of one letter.
        let folder = stem.lastIndex(of: "/").map { $0 == stem.startIndex ? "/" : String(stem[..<$0]) } ?? ""
        try writeText(text, folder, lastName(stem) + ".Modelfile")
        return stem + ".Modelfile"
    }

    /// The logits of a probe text.
    private func logits(_ model: Transformer) -> FloatArena {
        let text = "The quick brown fox jumps over the lazy dog, 1234567890 times. Größe!\n"
        let encoded = (try? saved.tokenizer.encode(Array(text.utf8))) ?? []
        let ids = encoded.isEmpty ? (0..<16).map { Int32($0 % model.architecture.vocabularySize) } : encoded
        let tokens = ids.prefix(model.architecture.contextLength)
        var batch = SequenceBatch()
        batch.append(tokens: tokens, targets: tokens, example: 0)
        return model.logits(batch)
    }

    private func writeFolder(_ path: String) throws {
        try HuggingFaceFolder.write(
            saved.model, endOfText: saved.tokenizer.endOfTextID, beginOfText: saved.tokenizer.beginID, to: path)
        try writeTokenizer(path)
        try writeText(json(generationSettings), path, "generation_config.json")
    }

    /// Writes the model card: README.md of a folder, and `NAME.md` next to `NAME.gguf`. Where somebody else's file has that
    /// name, it stays, and the card is `NAME-card.md` (or `README-card.md`) next to it.
    ///
    /// - Returns: its path; nil where the format has no card.
    private func writeCard(_ format: ExportFormat, of path: String, parameters: Int) throws -> String? {
        let export: ModelCard.Export
        var stem = path + "/README"
        switch format {
        case .huggingface: export = .folder
        case .peft: export = .adapters(parameters)
        case .gguf:
            export = .gguf(file: lastName(path))
            stem = path.hasSuffix(".gguf") ? String(path.dropLast(5)) : path
        case .weights: return nil
        }
        let isOthers = FileManager.default.contents(atPath: stem + ".md").map { content in
            !String(decoding: content, as: UTF8.self).contains(ModelCard.mark)
        }
        let card = stem + (isOthers == true ? "-card.md" : ".md")
        let name = format == .gguf ? lastName(stem) : lastName(path)
        try AtomicFile.write(try ModelCard(source).text(named: name, export), to: card)
        return card
    }

    /// Writes the adapters, and the tokenizer and template that they were trained with.
    ///
    /// - Returns: how many numbers the adapters are.
    private func writeAdapter(_ path: String) throws -> Int {
        let model = try source.loadAdapted().model
        guard let adapters = model.adapters, let base = source.base else { throw ModelError.noAdapters }
        try PEFTAdapter.write(adapters, of: model.architecture, base: base, to: path)
        try writeTokenizer(path)
        return adapters.layout.parameterCount
    }

    private func writeTokenizer(_ path: String) throws {
        try saved.tokenizer.write(to: path)
        try writeText(json(tokenizerSettings), path, "tokenizer_config.json")
        try writeText(json(specialTokens), path, "special_tokens_map.json")
    }

    private func writeText(_ text: String, _ folder: String, _ name: String) throws {
        try AtomicFile.write(text, to: folder.isEmpty ? name : folder + "/" + name)
    }

    private func lastName(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

    private func json(_ value: JSONOutput) -> String { value.serialized(pretty: true) + "\n" }

    private var generationSettings: JSONOutput {
        let settings = source.info.generation
        let sampling = settings.sampling
        var members: [(key: String, value: JSONOutput)] = [
            ("max_new_tokens", .integer(settings.maximumTokens)), ("do_sample", .bool(sampling.temperature > 0)),
            ("repetition_penalty", .number(sampling.repetitionPenalty)),
        ]
        if sampling.temperature > 0 {
            members += [
                ("temperature", .number(sampling.temperature)), ("top_k", .integer(sampling.topK)),
                ("top_p", .number(sampling.topP)),
            ]
        }
        if let end = endIDs.first, let start = saved.tokenizer.startID {
            let ends = endIDs.count == 1 ? JSONOutput.integer(end) : .array(endIDs.map { .integer($0) })
            members += [("bos_token_id", .integer(start)), ("eos_token_id", ends), ("pad_token_id", .integer(end))]
        }
        return .object(members)
    }

    private var specialTokens: JSONOutput {
        guard let end = saved.tokenizer.endOfTextID, let start = saved.tokenizer.startID else { return .object([]) }
        func name(_ id: Int) -> String { String(decoding: saved.tokenizer.bytes(of: id), as: UTF8.self) }
        let own = saved.template?.tokenNames
        return [
            "bos_token": .string(own?.start ?? name(start)), "eos_token": .string(own?.end ?? name(end)),
            "pad_token": .string(name(end)),
        ]
    }

    private var tokenizerSettings: JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [
            ("tokenizer_class", "PreTrainedTokenizerFast"),
            ("model_max_length", .integer(saved.model.architecture.contextLength)),
            ("clean_up_tokenization_spaces", false),
        ]
        if case .object(let tokens) = specialTokens { members += tokens }
        if let template = conversation.template { members.append(("chat_template", .string(template))) }
        return .object(members)
    }

    /// The ids at which the model stops: the tokenizer's in its order, then those of the template.
    private var endIDs: [Int] {
        let own = saved.tokenizer.endIDs
        return own + (saved.template?.endIDs(saved.tokenizer) ?? []).filter { !own.contains($0) }
    }

    private var conversation: GGUFConversation {
        guard let template = saved.template, template != .raw else { return GGUFConversation() }
        return GGUFConversation(
            template: template.jinja(addsBegin: saved.tokenizer.addsBegin), endIDs: endIDs)
    }
}
