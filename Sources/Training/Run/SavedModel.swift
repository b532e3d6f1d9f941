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

    /// What stands around the turns of a conversation; nil for a model of plain text.
    public var template: ChatTemplate? { config.data.template }

    public init(model: Transformer, tokenizer: Tokenizer, config: RunConfig, hash: String? = nil) {
        self.model = model
        self.tokenizer = tokenizer
        self.config = config
        self.hash = hash
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

    /// What a checkpoint holds. The arrays are the live ones; the texts are copies of this moment.
    package func content(optimizer: Optimizer?, state: TrainingState?) -> (arrays: [ArrayRecord], texts: [TextRecord]) {
        let layout = model.layout
        var arrays = layout.records("/model/", model.weights)
        var texts = [
            TextRecord(name: "/config", bytes: Array(config.withoutPaths.serialized().utf8)),
            TextRecord(name: "/tokenizer", bytes: tokenizer.serialized()),
        ]
        if let optimizer {
            arrays += layout.records("/optimizer/firstMoment/", optimizer.firstMoment)
            arrays += layout.records("/optimizer/secondMoment/", optimizer.secondMoment)
        }
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
