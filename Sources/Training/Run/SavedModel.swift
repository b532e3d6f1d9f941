// Models as files: what a checkpoint of ours holds, and everything that a run can start from.

import Checkpoint
import Datasets
import Foundation
import Interchange
import Kernels
import Model
import StrictJSON
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
    public init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TrainingError.runNotFound(path: path)
        }
        if isFolder.boolValue, FileManager.default.fileExists(atPath: path + "/config.json"),
            !RunFolder.isRun(path)
        {
            self = try SavedModel(huggingFace: path)
        } else if isFolder.boolValue {
            self = try SavedModel(checkpoint: RunFolder(path: path).best())
        } else {
            self = try SavedModel(checkpoint: path)
        }
    }

    private init(huggingFace path: String) throws {
        let folder = try HuggingFaceFolder(path: path)
        let model = Transformer(folder.config)
        try folder.loadWeights(layout: model.layout, into: model.weights)
        let tokenizer = try Tokenizer(path: path)
        try SavedModel.checkSizes(tokenizer, model.config)
        var config = RunConfig()
        config.adopt(folder.config)
        self.init(model: model, tokenizer: tokenizer, config: config)
    }

    private init(checkpoint path: String) throws {
        let reader = try CheckpointReader(path: path)
        self = try SavedModel(reader)
    }

    /// Weights, tokenizer and config of an opened checkpoint.
    init(_ reader: CheckpointReader) throws {
        let config = try SavedModel.config(of: reader)
        guard let embedding = reader.arrays.first(where: { $0.name == "/model/wte.weight" }), embedding.shape.count == 2
        else { throw TrainingError.badCheckpoint(path: reader.path, reason: "it has no array /model/wte.weight") }
        let shape = config.modelConfig(vocabularySize: embedding.shape[0])
        try shape.validate()
        // Every block has arrays of its own, so this many blocks cannot be there; a list of them is not made.
        guard shape.blockCount <= reader.arrays.count else {
            throw TrainingError.badCheckpoint(
                path: reader.path, reason: "its config has \(shape.blockCount) blocks, more than it has arrays")
        }
        let expected = ParameterLayout(shape).parameters
        let present = Set(reader.arrays.map(\.name).filter { $0.hasPrefix("/model/") })
        if let surplus = present.subtracting(expected.map { "/model/" + $0.name }).min() {
            throw TrainingError.badCheckpoint(path: reader.path, reason: "its config has no place for \(surplus)")
        }
        for parameter in expected {
            let found = reader.arrays.first { $0.name == "/model/" + parameter.name }
            guard let found, found.shape == parameter.shape else {
                let shape = found.map { "has shape \($0.shape)" } ?? "is missing"
                throw TrainingError.badCheckpoint(
                    path: reader.path, reason: "/model/\(parameter.name) \(shape), expected \(parameter.shape)")
            }
        }
        let model = Transformer(shape)
        for parameter in model.layout.parameters {
            try reader.read(
                "/model/" + parameter.name, shape: parameter.shape, into: model.weights.slice(parameter.range))
        }
        let tokenizer = try Tokenizer(serialized: reader.text("/tokenizer"))
        try SavedModel.checkSizes(tokenizer, shape)
        self.init(model: model, tokenizer: tokenizer, config: config, hash: reader.hash)
    }

    private static func config(of reader: CheckpointReader) throws -> RunConfig {
        var configReader = ConfigReader()
        try configReader.read(reader.text("/config", maximumBytes: 1 << 20), path: "\(reader.path)/config")
        return configReader.config
    }

    private static func checkSizes(_ tokenizer: Tokenizer, _ config: ModelConfig) throws(TrainingError) {
        guard tokenizer.vocabularySize <= config.vocabularySize else {
            throw .tokenizerTooLarge(tokenizer: tokenizer.vocabularySize, embedding: config.vocabularySize)
        }
    }

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
    /// The same model with a shorter context: the position table loses its last rows.
    public func withContext(_ contextLength: Int) -> SavedModel {
        var shape = model.config
        shape.contextLength = contextLength
        let shorter = Transformer(shape)
        for (target, source) in zip(shorter.layout.parameters, model.layout.parameters) {
            (shorter.weights.base + target.offset).update(from: model.weights.base + source.offset, count: target.count)
        }
        return SavedModel(model: shorter, tokenizer: tokenizer, config: config, hash: hash)
    }

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
