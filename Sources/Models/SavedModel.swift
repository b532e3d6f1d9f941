// A model in memory with everything that is needed to use it, and what a checkpoint holds of it.

import Checkpoint
import Conversations
import Inference
import Kernels
import Model
import Tokenizer

/// A model with what is needed to use it.
package struct SavedModel {
    package let model: Transformer
    package let tokenizer: Tokenizer
    /// Its shape, template and use; defaults where it was not trained here.
    package let info: ModelInfo
    /// A checkpoint's `/config`, the settings of its training included; nil for a model that was not trained here.
    package let configText: [UInt8]?
    /// SHA-256 of the checkpoint, nil for a third-party file.
    package let hash: String?
    /// SHA-256 of the frozen weights on which adapters are trained.
    package let baseHash: String?

    /// The texts around the turns of a conversation; nil for a model of plain text.
    package var template: ChatTemplate? { info.template }

    package init(
        model: Transformer, tokenizer: Tokenizer, info: ModelInfo, configText: [UInt8]?, hash: String? = nil,
        baseHash: String? = nil
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.info = info
        self.configText = configText
        self.hash = hash
        self.baseHash = baseHash
    }

    /// SHA-256 over a model's weights in the order of its layout.
    ///
    /// - Parameter contextLength: of the shorter model whose hash is asked for: a table of positions loses its last rows.
    package static func hash(of model: Transformer, contextLength: Int? = nil) -> String {
        var digest = SHA256Digest()
        for parameter in model.layout.parameters {
            var range = parameter.range
            if parameter.key.role == .positionEmbedding, let contextLength, contextLength < parameter.shape[0] {
                range = range.prefix(contextLength * parameter.shape[1])
            }
            digest.update(UnsafeRawBufferPointer(model.weights.slice(range)))
        }
        return SHA256Digest.hexadecimal(digest.finish())
    }

    /// Loads a checkpoint (`.h5`), the best checkpoint of a run's folder, or a Hugging Face folder.
    package init(path: String) throws { self = try ModelSource(path: path).load() }

    /// Writes a checkpoint without what a run needs to resume.
    ///
    /// - Returns: the file's SHA-256.
    @discardableResult
    package func write(to path: String) throws -> String {
        let content = try content()
        return try CheckpointFile.write(to: path, arrays: content.arrays, texts: content.texts).hash
    }

    /// What a checkpoint holds of the model: all weights, or the adapters and the hash of their base. The arrays are the
    /// live ones; the texts are copies of this moment.
    package func content() throws(ModelError) -> (arrays: [ArrayRecord], texts: [TextRecord]) {
        guard let configText else { throw .noConfig }
        let (layout, weights) = model.trained
        let arrays = layout.records(model.adapters == nil ? "/model/" : "/adapter/", weights)
        var texts = [
            TextRecord(name: "/config", bytes: configText),
            TextRecord(name: "/tokenizer", bytes: tokenizer.serialized()),
        ]
        if ModelShape(gpt2: model.architecture) == nil {
            texts.append(
                TextRecord(name: ArchitectureText.name, bytes: try ArchitectureText.bytes(model.architecture)))
        }
        if let baseHash { texts.append(TextRecord(name: "/base", bytes: Array(baseHash.utf8))) }
        if let template {
            texts.append(TextRecord(name: "/template", bytes: template.json.serializedBytes(pretty: true)))
        }
        return (arrays, texts)
    }
}

extension SavedModel {
    /// The largest absolute difference between two models' weights of one shape.
    package func largestDifference(from other: SavedModel) -> Float {
        precondition(model.layout == other.model.layout, "models of different shapes")
        return zip(model.weights.buffer, other.model.weights.buffer).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
}

extension ParameterLayout {
    /// One record for each parameter, its values in `arena`.
    package func records(_ prefix: String, _ arena: FloatArena) -> [ArrayRecord] {
        parameters.map {
            ArrayRecord(
                name: prefix + $0.name, shape: $0.shape, values: UnsafeBufferPointer(arena.slice($0.range)))
        }
    }
}

extension Adapters {
    /// Takes the matrices of a checkpoint.
    package func read(_ reader: CheckpointReader) throws {
        for parameter in layout.parameters {
            try reader.read(
                "/adapter/" + parameter.name, shape: parameter.shape, into: weights.slice(parameter.range))
        }
    }
}

extension FloatArena {
    /// Some of the elements.
    package func slice(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: buffer[range])
    }
}

extension Responder {
    /// Answers with the model's own template and settings.
    ///
    /// - Parameters:
    ///   - raw: leaves the template out.
    ///   - format: how the weights are kept for generation.
    package convenience init(_ saved: SavedModel, raw: Bool = false, format: WeightFormat? = nil) {
        self.init(
            model: saved.model, tokenizer: saved.tokenizer, template: raw ? nil : saved.template,
            settings: saved.info.generation, format: format)
    }
}
