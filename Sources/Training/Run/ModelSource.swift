// A model that a run can start from, opened: all is known of it, and no weight is in memory yet.

import Checkpoint
import Datasets
import Foundation
import Interchange
import Kernels
import Model
import Tokenizer

/// A checkpoint (`.h5`), the best checkpoint of a run's folder, or a Hugging Face folder.
public struct ModelSource {
    /// The shape that `load` gives the model.
    public private(set) var shape: ModelConfig
    public let tokenizer: Tokenizer
    /// As the model was trained; defaults where it was not trained here.
    public let config: RunConfig
    /// SHA-256 of the checkpoint, nil for a foreign file.
    public let hash: String?
    /// What a person should know of the files: parts of them that are not used.
    public let notes: [String]
    /// Where the training of a checkpoint stood, if it says.
    public let state: TrainingState?
    /// What the run of a checkpoint started from, where the run's folder is known.
    public private(set) var base: String?
    private let weights: Weights

    private indirect enum Weights {
        case checkpoint(CheckpointReader)
        case folder(HuggingFaceFolder)
        /// Adapters, and the model that they were trained beside.
        case adapters(CheckpointReader, base: ModelSource)
    }

    /// What stands around the turns of a conversation; nil for a model of plain text.
    public var template: ChatTemplate? { config.data.template }

    /// How many numbers the model learns.
    public var parameterCount: Int { ParameterLayout(shape).parameterCount }

    /// Opens what lies at `path`.
    public init(path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TrainingError.runNotFound(path: path)
        }
        if isFolder.boolValue {
            let isForeign = ForeignFile.isModelFolder(path) && !RunFolder.isRun(path)
            self =
                try isForeign ? ModelSource(huggingFace: path) : ModelSource(checkpoint: RunFolder(path: path).best())
        } else {
            try ForeignFile.refuseAsModel(path)
            self = try ModelSource(checkpoint: path)
        }
    }

    private init(checkpoint path: String) throws {
        let run = RunFolder(path: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        var runConfig = ConfigReader()
        let isKnown = (try? runConfig.read(path: run.file("config.json"))) != nil
        let origin = isKnown ? runConfig.config.model.base : nil
        let reader = try CheckpointReader(path: path)
        if reader.texts.contains("/base") {
            guard let origin else { throw TrainingError.adaptersWithoutBase(path: path) }
            try self.init(adapters: reader, base: ModelSource(path: origin))
        } else {
            try self.init(reader)
        }
        base = origin
    }

    /// Adapters beside a base, whose weights `load` compares with what they were trained on.
    private init(adapters reader: CheckpointReader, base: ModelSource) throws {
        let config = try ModelSource.config(of: reader)
        var base = base
        if config.model.contextLength < base.shape.contextLength {
            base.shortenContext(to: config.model.contextLength)
        }
        let tokenizer = try Tokenizer(serialized: reader.text("/tokenizer"))
        let state = reader.texts.contains("/state") ? try TrainingState(serialized: reader.text("/state")) : nil
        try self.init(
            base.shape, tokenizer, config, hash: reader.hash, notes: [], state: state, .adapters(reader, base: base))
    }

    private static func config(of reader: CheckpointReader) throws -> RunConfig {
        var configReader = ConfigReader()
        try configReader.read(reader.text("/config", maximumBytes: 1 << 20), path: "\(reader.path)/config")
        return configReader.config
    }

    private init(huggingFace path: String) throws {
        let folder = try HuggingFaceFolder(path: path)
        let read = try FolderTokenizer(path: path, endOfTextID: folder.endOfTextID)
        var config = RunConfig()
        config.adopt(folder.config)
        config.data.template = read.template.flatMap { ChatTemplate(jinja: $0, endOfText: read.endOfText) }
        var notes = read.notes
        if read.template != nil, config.data.template == nil {
            notes.append("the folder's chat_template has no counterpart here and is not used; set data.template")
        }
        try self.init(folder.config, read.tokenizer, config, hash: nil, notes: notes, state: nil, .folder(folder))
    }

    /// Shape, tokenizer and config of an opened checkpoint.
    init(_ reader: CheckpointReader) throws {
        let config = try ModelSource.config(of: reader)
        guard let embedding = reader.arrays.first(where: { $0.name == "/model/wte.weight" }), embedding.shape.count == 2
        else { throw TrainingError.badCheckpoint(path: reader.path, reason: "it has no array /model/wte.weight") }
        let shape = config.modelConfig(vocabularySize: embedding.shape[0])
        try shape.validate()
        try ModelSource.checkArrays(of: reader, shape)
        let tokenizer = try Tokenizer(serialized: reader.text("/tokenizer"))
        let state = reader.texts.contains("/state") ? try TrainingState(serialized: reader.text("/state")) : nil
        try self.init(shape, tokenizer, config, hash: reader.hash, notes: [], state: state, .checkpoint(reader))
    }

    private init(
        _ shape: ModelConfig, _ tokenizer: Tokenizer, _ config: RunConfig, hash: String?, notes: [String],
        state: TrainingState?, _ weights: Weights
    ) throws(TrainingError) {
        let (tokens, rows) = (tokenizer.vocabularySize, shape.vocabularySize)
        guard tokens <= rows else { throw .tokenizerTooLarge(tokenizer: tokens, embedding: rows) }
        (self.shape, self.tokenizer, self.config, self.hash, self.weights) = (shape, tokenizer, config, hash, weights)
        self.state = state
        // Our own checkpoints were said to be padded when they were made.
        let isPadded = hash == nil && tokens < rows
        self.notes =
            notes + (isPadded ? ["the embedding has \(rows) rows for \(tokens) tokens: the rest is padding"] : [])
    }

    private static func checkArrays(of reader: CheckpointReader, _ shape: ModelConfig) throws(TrainingError) {
        // Every block has arrays of its own, so this many blocks cannot be there; a list of them is not made.
        guard shape.blockCount <= reader.arrays.count else {
            throw .badCheckpoint(
                path: reader.path, reason: "its config has \(shape.blockCount) blocks, more than it has arrays")
        }
        let expected = ParameterLayout(shape).parameters
        let present = Set(reader.arrays.map(\.name).filter { $0.hasPrefix("/model/") })
        if let surplus = present.subtracting(expected.map { "/model/" + $0.name }).min() {
            throw .badCheckpoint(path: reader.path, reason: "its config has no place for \(surplus)")
        }
        let shapes = Dictionary(reader.arrays.map { ($0.name, $0.shape) }) { first, _ in first }
        for parameter in expected {
            let found = shapes["/model/" + parameter.name]
            guard found == parameter.shape else {
                let shape = found.map { "has shape \($0)" } ?? "is missing"
                throw .badCheckpoint(
                    path: reader.path, reason: "/model/\(parameter.name) \(shape), expected \(parameter.shape)")
            }
        }
    }

    /// Lets the model look back less far: the position table will lose its last rows.
    public mutating func shortenContext(to contextLength: Int) {
        precondition(contextLength <= shape.contextLength, "a context of \(contextLength) from \(shape.contextLength)")
        shape.contextLength = contextLength
    }

    /// The base with its adapters added to the weights.
    private func merged(_ reader: CheckpointReader, _ base: ModelSource) throws -> SavedModel {
        guard let adapter = config.adapter else {
            throw TrainingError.badCheckpoint(path: reader.path, reason: "it holds adapters, but its config has none")
        }
        let model = try base.load().model
        try ModelSource.checkBase(reader, SavedModel.hash(of: model))
        model.adapt(adapter, seed: 0)
        try model.adapters?.read(reader)
        model.mergeAdapters()
        return SavedModel(model: model, tokenizer: tokenizer, config: config, hash: hash)
    }

    /// Throws where a checkpoint's adapters were trained beside other weights.
    static func checkBase(_ reader: CheckpointReader, _ hash: String) throws {
        let expected = String(decoding: try reader.text("/base"), as: UTF8.self)
        guard expected == hash else {
            throw TrainingError.baseChanged(path: reader.path, trained: expected, now: hash)
        }
    }

    /// Reads the weights, if there is memory for them.
    public func load() throws -> SavedModel {
        let needed = 4 * ParameterLayout(shape).arenaCount
        if let available = Memory.availableBytes, needed > available {
            throw TrainingError.notEnoughMemory(needed: needed, available: available)
        }
        if case .adapters(let reader, let base) = weights { return try merged(reader, base) }
        let model = Transformer(shape)
        switch weights {
        case .adapters: break
        case .folder(let folder): try folder.loadWeights(layout: model.layout, into: model.weights)
        case .checkpoint(let reader):
            for parameter in model.layout.parameters {
                let name = "/model/" + parameter.name
                let destination = model.weights.slice(parameter.range)
                guard let stored = reader.arrays.first(where: { $0.name == name }), stored.shape != parameter.shape
                else {
                    try reader.read(name, shape: parameter.shape, into: destination)
                    continue
                }
                // The position table of a context that was shortened.
                let whole = FloatArena(count: stored.count)
                defer { withExtendedLifetime(whole) {} }
                try reader.read(name, shape: stored.shape, into: whole.slice(0..<stored.count))
                _ = destination.update(from: whole.slice(0..<destination.count))
            }
        }
        return SavedModel(model: model, tokenizer: tokenizer, config: config, hash: hash)
    }
}
