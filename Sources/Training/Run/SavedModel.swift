// Models as files: what a checkpoint of ours holds, and everything that a run can start from.

import Checkpoint
import Datasets
import Foundation
import Kernels
import Model
import Tokenizer

/// A model with what is needed to use it.
public struct SavedModel {
    public let model: Transformer
    public let tokenizer: Tokenizer
    /// As it was trained; defaults where it was not trained here.
    public let config: RunConfig
    /// SHA-256 of the checkpoint, nil for a foreign file.
    public let hash: String?
    /// SHA-256 of the frozen weights beside which adapters are trained.
    public let baseHash: String?

    /// What stands around the turns of a conversation; nil for a model of plain text.
    public var template: ChatTemplate? { config.data.template }

    public init(
        model: Transformer, tokenizer: Tokenizer, config: RunConfig, hash: String? = nil, baseHash: String? = nil
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.config = config
        self.hash = hash
        self.baseHash = baseHash
    }

    /// SHA-256 over a model's weights in the order of its layout.
    package static func hash(of model: Transformer) -> String {
        var digest = SHA256Digest()
        for parameter in model.layout.parameters {
            digest.update(UnsafeRawBufferPointer(model.weights.slice(parameter.range)))
        }
        return SHA256Digest.hexadecimal(digest.finish())
    }

    /// Loads a checkpoint (`.h5`), the best checkpoint of a run's folder, or a Hugging Face folder.
    public init(path: String) throws { self = try ModelSource(path: path).load() }

    /// Writes a checkpoint; with optimizer and state one that a run can go on from.
    ///
    /// - Returns: the file's SHA-256.
    @discardableResult
    public func write(to path: String, optimizer: Optimizer? = nil, state: TrainingState? = nil) throws -> String {
        let content = content(optimizer: optimizer, state: state)
        return try CheckpointFile.write(to: path, arrays: content.arrays, texts: content.texts).hash
    }

    /// What a checkpoint holds: all weights, or the adapters and the hash of their base. The arrays are the live ones;
    /// the texts are copies of this moment.
    package func content(optimizer: Optimizer?, state: TrainingState?) -> (arrays: [ArrayRecord], texts: [TextRecord]) {
        let (layout, weights) = model.trained
        var arrays = layout.records(model.adapters == nil ? "/model/" : "/adapter/", weights)
        var texts = [
            TextRecord(name: "/config", bytes: Array(config.withoutPaths.serialized().utf8)),
            TextRecord(name: "/tokenizer", bytes: tokenizer.serialized()),
        ]
        if let optimizer {
            arrays += layout.records("/optimizer/firstMoment/", optimizer.firstMoment)
            arrays += layout.records("/optimizer/secondMoment/", optimizer.secondMoment)
        }
        if let baseHash { texts.append(TextRecord(name: "/base", bytes: Array(baseHash.utf8))) }
        if let template {
            texts.append(TextRecord(name: "/template", bytes: template.json.serializedBytes(pretty: true)))
        }
        if let state { texts.append(TextRecord(name: "/state", bytes: Array(state.serialized().utf8))) }
        return (arrays, texts)
    }
}

extension SavedModel {
    /// The largest absolute difference between two models' weights of one shape.
    public func largestDifference(from other: SavedModel) -> Float {
        precondition(model.layout == other.model.layout, "models of different shapes")
        return zip(model.weights.buffer, other.model.weights.buffer).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
}

extension ParameterLayout {
    /// One record for each parameter, its values in `arena`.
    func records(_ prefix: String, _ arena: FloatArena) -> [ArrayRecord] {
        parameters.map {
            ArrayRecord(
                name: prefix + $0.name, shape: $0.shape, values: UnsafeBufferPointer(arena.slice($0.range)))
        }
    }
}

extension Adapters {
    /// Takes the matrices of a checkpoint.
    func read(_ reader: CheckpointReader) throws {
        for parameter in layout.parameters {
            try reader.read(
                "/adapter/" + parameter.name, shape: parameter.shape, into: weights.slice(parameter.range))
        }
    }
}

extension FloatArena {
    /// Some of the elements.
    func slice(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: buffer[range])
    }
}

extension RunConfig {
    /// The config without the names of files, as a checkpoint holds it: equal training gives equal bytes wherever the
    /// files lie.
    public var withoutPaths: RunConfig {
        var copy = self
        copy.model.base = nil
        copy.tokenizer.path = nil
        (copy.data.train, copy.data.validation, copy.data.test) = ([], [], [])
        return copy
    }
}
