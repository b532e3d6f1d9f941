// A model that a run can start from, opened: all is known of it, and no weight is in memory yet.

import Checkpoint
import Datasets
import Foundation
import Interchange
import Kernels
import Model
import Tokenizer

/// A checkpoint (`.h5`), the best checkpoint of a run's folder, a Hugging Face folder, or a folder with a PEFT adapter.
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
    /// What the run of a checkpoint started from, where the run's folder is known; the base of an adapter.
    public private(set) var base: String?
    private let weights: Weights

    private indirect enum Weights {
        case checkpoint(CheckpointReader)
        case folder(HuggingFaceFolder)
        /// Adapters, and the model that they were trained beside.
        case adapters(CheckpointReader, base: ModelSource)
        /// The same as PEFT saves it.
        case peft(PEFTAdapter, base: ModelSource)
    }

    /// Whether the files hold adapters of ours, apart from the weights beside which they were trained.
    public var holdsAdapters: Bool {
        if case .adapters = weights { return true }
        return false
    }

    /// What stands around the turns of a conversation; nil for a model of plain text.
    public var template: ChatTemplate? { config.data.template }

    /// How many numbers the model learns.
    public var parameterCount: Int { ParameterLayout(shape).parameterCount }

    /// Opens what lies at `path`.
    ///
    /// - Parameter base: the model beside which a PEFT adapter was trained; without it, the adapter's config names it.
    public init(path: String, base: String? = nil) throws { try self.init(path: path, base: base, depth: 0) }

    /// - Parameter depth: how many models stand on this one.
    private init(path: String, base: String?, depth: Int) throws {
        // Two adapters may name each other.
        guard depth <= 8 else { throw TrainingError.tooManyBases(path: path) }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TrainingError.runNotFound(path: path)
        }
        if !isFolder.boolValue {
            try ForeignFile.refuseAsModel(path)
            try self.init(checkpoint: path, depth: depth)
        } else if RunFolder.isRun(path) || !ForeignFile.isModelFolder(path) {
            try self.init(checkpoint: RunFolder(path: path).best(), depth: depth)
        } else if PEFTAdapter.isFolder(path) {
            try self.init(adapterFolder: path, base: base, depth: depth)
        } else {
            try self.init(huggingFace: path)
        }
    }

    private init(checkpoint path: String, depth: Int) throws {
        let run = RunFolder(path: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        var runConfig = ConfigReader()
        let isKnown = (try? runConfig.read(path: run.file("config.json"))) != nil
        let origin = isKnown ? runConfig.config.model.base : nil
        let reader = try CheckpointReader(path: path)
        if reader.texts.contains("/base") {
            guard let origin else { throw TrainingError.adaptersWithoutBase(path: path) }
            try self.init(adapters: reader, base: ModelSource(path: origin, base: nil, depth: depth + 1))
        } else {
            try self.init(reader)
        }
        base = origin
    }

    /// A PEFT adapter on its base. Tokenizer and template are the adapter's, where its folder has them.
    private init(adapterFolder path: String, base given: String?, depth: Int) throws {
        let adapter = try PEFTAdapter(path: path)
        let origin = try given ?? ModelSource.baseFolder(of: adapter)
        let base = try ModelSource(path: origin, base: nil, depth: depth + 1)
        try adapter.check(base.shape)
        let hasTokenizer = FolderTokenizer.names.contains { FileManager.default.fileExists(atPath: path + "/" + $0) }
        var (tokenizer, config, notes) = (base.tokenizer, base.config, base.notes)
        if hasTokenizer {
            let read = try FolderTokenizer(path: path, endOfTextID: tokenizer.endOfTextID)
            (tokenizer, notes) = (read.tokenizer, read.notes)
            ModelSource.adoptTemplate(of: read, to: &config, &notes)
        }
        try self.init(
            base.shape, tokenizer, config, hash: nil, notes: notes, state: nil, .peft(adapter, base: base))
        self.base = origin
    }

    /// Where an adapter's config says that its base lies: as a path from here, or from the adapter's folder.
    private static func baseFolder(of adapter: PEFTAdapter) throws(TrainingError) -> String {
        guard let name = adapter.baseName, !name.isEmpty else {
            throw .adapterBaseNotFound(path: adapter.path, name: nil)
        }
        let candidates = name.hasPrefix("/") ? [name] : [name, adapter.path + "/" + name]
        guard let found = candidates.first(where: FileManager.default.fileExists(atPath:)) else {
            throw .adapterBaseNotFound(path: adapter.path, name: name)
        }
        return found
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
        var notes = read.notes
        ModelSource.adoptTemplate(of: read, to: &config, &notes)
        try self.init(folder.config, read.tokenizer, config, hash: nil, notes: notes, state: nil, .folder(folder))
    }

    /// Takes over a folder's chat template, if it has one that can be evaluated here.
    private static func adoptTemplate(of read: FolderTokenizer, to config: inout RunConfig, _ notes: inout [String]) {
        guard let text = read.template else { return }
        do {
            config.data.template = try ChatTemplate.adopting(
                jinja: text, startToken: read.startOfText, endToken: read.endOfText, read.tokenizer)
        } catch {
            config.data.template = nil
            notes.append("the folder's chat_template is not used; set data.template: \(error)")
        }
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

    /// The base in the shape of this model.
    private func loadBase(_ base: ModelSource) throws -> Transformer {
        var base = base
        base.shape.contextLength = shape.contextLength
        return try base.load().model
    }

    /// The base with its adapters beside the weights, which they were not added to. Throws where there are none.
    public func loadAdapted() throws -> SavedModel {
        guard case .adapters(let reader, let base) = weights else { throw TrainingError.noAdapters }
        guard let adapter = config.adapter else {
            throw TrainingError.badCheckpoint(path: reader.path, reason: "it holds adapters, but its config has none")
        }
        let model = try loadBase(base)
        try ModelSource.checkBase(reader, SavedModel.hash(of: model))
        model.adapt(adapter, seed: 0)
        try model.adapters?.read(reader)
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
    ///
    /// - Parameter format: of the copy that generation will make of them; there must be memory for that too.
    public func load(copying format: WeightFormat? = nil) throws -> SavedModel {
        let copy = format?.bytesPerWeight ?? 0
        let needed = (4 + copy) * ParameterLayout(shape).arenaCount
        if let available = Memory.availableBytes, needed > available {
            throw TrainingError.notEnoughMemory(needed: needed, available: available)
        }
        let model: Transformer
        switch weights {
        case .adapters:
            model = try loadAdapted().model
            model.mergeAdapters()
        case .peft(let adapter, let base):
            model = try loadBase(base)
            try adapter.merge(into: model)
        case .folder(let folder):
            model = Transformer(shape)
            try folder.loadWeights(layout: model.layout, into: model.weights)
        case .checkpoint(let reader):
            model = Transformer(shape)
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
