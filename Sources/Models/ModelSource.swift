// A model on disk, opened: everything is known about it, and no weight is in memory yet.

import Checkpoint
import Conversations
import Foundation
import Interchange
import Kernels
import Model
import Tokenizer

/// A checkpoint (`.h5`), the best checkpoint of a run's folder, a GGUF file, a Hugging Face folder, or a folder with a PEFT
/// adapter.
package struct ModelSource {
    /// The file or folder that was opened; of a run, the checkpoint that was chosen.
    package private(set) var path = ""
    package let tokenizer: Tokenizer
    /// Its shape, template and use; defaults where it was not trained here.
    package private(set) var info: ModelInfo
    /// A checkpoint's `/config`, the settings of its training included; nil for a third-party file.
    package let configText: [UInt8]?
    /// SHA-256 of the checkpoint, nil for a third-party file.
    package let hash: String?
    /// What a person should know of the files: parts of them that are not used.
    package private(set) var notes: [String]
    /// Why the files' own chat template cannot be evaluated; nil where it can, and where there is none.
    package private(set) var templateDefect: TemplateError?
    /// What the run of a checkpoint started from, where the run's folder is known; the base of an adapter.
    package private(set) var base: String?
    private let weights: Weights
    /// The layout of `architecture`.
    private var layout: ParameterLayout

    private indirect enum Weights {
        case checkpoint(CheckpointReader)
        case folder(HuggingFaceFolder)
        case gguf(GGUFModelFile)
        /// Adapters, and the model that they were trained on, whose context may be longer.
        case adapters(CheckpointReader, base: ModelSource)
        /// The same as PEFT saves it.
        case peft(PEFTAdapter, base: ModelSource)
    }

    /// Whether the files hold Luthier's adapters without the base's weights.
    package var holdsAdapters: Bool {
        if case .adapters = weights { return true }
        return false
    }

    /// The texts around the turns of a conversation; nil for a model of plain text.
    package var template: ChatTemplate? { info.template }

    /// The architecture that `load` gives the model.
    package var architecture: Architecture { info.architecture }

    /// What the `model.*` keys of a config say of it.
    package var shape: ModelShape { info.shape }

    /// How many numbers the model learns.
    package var parameterCount: Int { layout.parameterCount }

    /// Opens the model at `path`, or the fetched model of this name.
    ///
    /// - Parameter base: the model on which a PEFT adapter was trained; without it, the adapter's config names it.
    package init(path: String, base: String? = nil) throws { try self.init(path: path, base: base, depth: 0) }

    /// - Parameter depth: how many models have this one as a base.
    private init(path name: String, base: String?, depth: Int) throws {
        // Two adapters may name each other.
        guard depth <= 8 else { throw ModelError.tooManyBases(path: name) }
        let location = try ModelLocation(name)
        try self.init(at: location.path, base: base, depth: depth)
        if let note = location.note { notes.insert(note, at: 0) }
    }

    private init(at path: String, base: String?, depth: Int) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ModelError.notFound(path: path)
        }
        if !isFolder.boolValue {
            if case .gguf = ThirdPartyFile(path: path) {
                try self.init(gguf: path)
                self.path = path
                return
            }
            try ThirdPartyFile.rejectAsModel(path)
            try self.init(checkpoint: path, depth: depth)
        } else if let run = ModelSource.run(at: path) {
            try self.init(run: run, depth: depth)
        } else if PEFTAdapter.isFolder(path) {
            try self.init(adapterFolder: path, base: base, depth: depth)
            self.path = path
        } else {
            try self.init(huggingFace: path)
            self.path = path
        }
    }

    /// The best checkpoint of a run; where that is broken, the newest intact one, and a note says so.
    private init(run: RunFolder, depth: Int) throws {
        do {
            try self.init(checkpoint: run.best(), depth: depth)
        } catch let error as CheckpointError {
            guard let step = run.newestValid(report: { _ in })?.step else { throw error }
            try self.init(checkpoint: run.checkpoint(step: step), depth: depth)
            notes.insert("\(error); \(RunFolder.checkpointName(step: step)) is used instead", at: 0)
        }
    }

    /// The run whose best checkpoint is meant by a folder; nil for a third-party model's.
    static func run(at folder: String) -> RunFolder? {
        RunFolder.isRun(folder) || !ThirdPartyFile.isModelFolder(folder) ? RunFolder(path: folder) : nil
    }

    private init(checkpoint path: String, depth: Int) throws {
        let run = RunFolder(path: URL(fileURLWithPath: path).deletingLastPathComponent().path)
        let origin = FileManager.default.contents(atPath: run.file("config.json"))
            .flatMap { ModelInfo.base(config: [UInt8]($0)) }
        let reader = try CheckpointReader(path: path)
        if reader.texts.contains("/base") {
            guard let origin else { throw ModelError.adaptersWithoutBase(path: path) }
            try self.init(adapters: reader, base: ModelSource(path: origin, base: nil, depth: depth + 1))
        } else {
            try self.init(reader)
        }
        base = origin
        self.path = path
    }

    /// A PEFT adapter on its base. Tokenizer and template are the adapter's, where its folder has them.
    private init(adapterFolder path: String, base given: String?, depth: Int) throws {
        let adapter = try PEFTAdapter(path: path)
        let origin = try given ?? ModelSource.baseFolder(of: adapter)
        let base = try ModelSource(path: origin, base: nil, depth: depth + 1)
        try adapter.check(base.architecture)
        let hasTokenizer = FolderTokenizer.names.contains { FileManager.default.fileExists(atPath: path + "/" + $0) }
        var (tokenizer, info, notes) = (base.tokenizer, base.info, base.notes)
        info.architecture = try adapter.adapted(base.architecture)
        info.shape.tiedHead = info.architecture.head.isTied
        var defect = base.templateDefect
        if hasTokenizer {
            let read = try FolderTokenizer(path: path, endIDs: tokenizer.endIDs)
            (tokenizer, notes) = (read.tokenizer, read.notes)
            if read.template != nil {
                defect = ModelSource.adoptTemplate(
                    read.template, (read.startOfText, read.endOfText), tokenizer, to: &info, &notes)
            }
        }
        try self.init(
            tokenizer, info, base.configText, hash: nil, notes: notes, .peft(adapter, base: base),
            ParameterLayout(info.architecture))
        templateDefect = defect
        self.base = origin
    }

    /// Where an adapter's config says that its base is: as a path from here, or from the adapter's folder, or as the name
    /// of a fetched model.
    private static func baseFolder(of adapter: PEFTAdapter) throws(ModelError) -> String {
        guard let name = adapter.baseName, !name.isEmpty else {
            throw .adapterBaseNotFound(path: adapter.path, name: nil)
        }
        let candidates = name.hasPrefix("/") ? [name] : [name, adapter.path + "/" + name]
        if let found = candidates.first(where: FileManager.default.fileExists(atPath:)) { return found }
        guard ModelLocation.isFetched(name) else { throw .adapterBaseNotFound(path: adapter.path, name: name) }
        return name
    }

    /// Adapters on a base, whose weights `load` compares with what they were trained on.
    private init(adapters reader: CheckpointReader, base: ModelSource) throws {
        let (text, path) = (try reader.text("/config", maximumBytes: 1 << 20), "\(reader.path)/config")
        var info = try ModelInfo(
            config: text, path: path, vocabularySize: base.shape.vocabularySize, architecture: base.architecture)
        var shortened = base
        if info.shape.contextLength < base.shape.contextLength {
            shortened.shortenContext(to: info.shape.contextLength)
        }
        (info.architecture, info.shape) = (shortened.architecture, shortened.shape)
        let tokenizer = try Tokenizer(serialized: reader.text("/tokenizer"))
        let format = info.baseWeights.rawValue
        let note =
            "its adapters were trained on a base rounded to \(format): eval measures them on that base; everything else "
            + "merges them into the base's own weights"
        try self.init(
            tokenizer, info, text, hash: reader.hash, notes: info.baseWeights == .f32 ? [] : [note],
            .adapters(reader, base: base), shortened.layout)
    }

    private init(huggingFace path: String) throws {
        let folder = try HuggingFaceFolder(path: path)
        let read = try FolderTokenizer(path: path, endIDs: folder.endIDs)
        var info = ModelInfo(folder.architecture)
        var notes = folder.notes + read.notes
        let defect = ModelSource.adoptTemplate(
            read.template, (read.startOfText, read.endOfText), read.tokenizer, to: &info, &notes)
        try self.init(read.tokenizer, info, nil, hash: nil, notes: notes, .folder(folder), folder.layout)
        templateDefect = defect
    }

    private init(gguf path: String) throws {
        let opened = try GGUFModelFile(path: path)
        let tokenizer = try opened.tokenizer()
        var (info, notes) = (ModelInfo(opened.architecture), [String]())
        let end = tokenizer.endOfTextID.map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
        let defect = ModelSource.adoptTemplate(
            try opened.chatTemplate(), (try opened.beginningOfText(), end), tokenizer, to: &info, &notes)
        try self.init(tokenizer, info, nil, hash: nil, notes: notes, .gguf(opened), opened.layout)
        templateDefect = defect
    }

    /// Takes over a chat template, if it can be evaluated.
    ///
    /// - Parameter names: the texts of `bos_token` and `eos_token`.
    /// - Returns: why it cannot be evaluated.
    private static func adoptTemplate(
        _ template: String?, _ names: (start: String?, end: String?), _ tokenizer: Tokenizer,
        to info: inout ModelInfo, _ notes: inout [String]
    ) -> TemplateError? {
        guard let text = template else { return nil }
        do {
            info.template = try ChatTemplate.adopting(
                jinja: text, startToken: names.start, endToken: names.end, tokenizer)
            return nil
        } catch {
            info.template = nil
            notes.append("the model's chat template is not used; set data.template: \(error)")
            return error
        }
    }

    /// Shape, tokenizer and use of the model in an opened checkpoint.
    package init(_ reader: CheckpointReader) throws {
        let (text, path) = (try reader.text("/config", maximumBytes: 1 << 20), "\(reader.path)/config")
        guard let embedding = reader.arrays.first(where: { $0.name == "/model/wte.weight" }), embedding.shape.count == 2
        else { throw ModelError.badCheckpoint(path: reader.path, reason: "it has no array /model/wte.weight") }
        let info = try ModelInfo(
            config: text, path: path, vocabularySize: embedding.shape[0],
            architecture: try ModelSource.architecture(in: reader))
        let layout = try ModelSource.checkedLayout(of: reader, info.architecture)
        let tokenizer = try Tokenizer(serialized: reader.text("/tokenizer"))
        try self.init(tokenizer, info, text, hash: reader.hash, notes: [], .checkpoint(reader), layout)
    }

    /// What a checkpoint says of its architecture; nil where its config's keys say it all.
    private static func architecture(in reader: CheckpointReader) throws -> Architecture? {
        guard reader.texts.contains(ArchitectureText.name) else { return nil }
        let text = try reader.text(ArchitectureText.name, maximumBytes: ArchitectureText.limit)
        return try ArchitectureText.architecture(text, path: reader.path + ArchitectureText.name)
    }

    private init(
        _ tokenizer: Tokenizer, _ info: ModelInfo, _ configText: [UInt8]?, hash: String?, notes: [String],
        _ weights: Weights, _ layout: ParameterLayout
    ) throws(ModelError) {
        let (tokens, rows) = (tokenizer.vocabularySize, info.shape.vocabularySize)
        guard tokens <= rows else { throw .tokenizerTooLarge(tokenizer: tokens, embedding: rows) }
        (self.tokenizer, self.info, self.configText, self.hash) = (tokenizer, info, configText, hash)
        self.weights = weights
        self.layout = layout
        // Our own checkpoints were said to be padded when they were made.
        let isPadded = hash == nil && tokens < rows
        self.notes =
            notes + (isPadded ? ["the embedding has \(rows) rows for \(tokens) tokens: the rest is padding"] : [])
    }

    /// The layout of the architecture. Throws where the checkpoint's arrays are not those of it.
    private static func checkedLayout(
        of reader: CheckpointReader, _ architecture: Architecture
    ) throws(ModelError) -> ParameterLayout {
        // Every block has its own arrays, so this many blocks cannot be there; a list of them is not made.
        guard architecture.blockCount <= reader.arrays.count else {
            throw .badCheckpoint(
                path: reader.path, reason: "its config has \(architecture.blockCount) blocks, more than it has arrays")
        }
        let layout = ParameterLayout(architecture)
        let expected = layout.parameters
        let present = Set(reader.arrays.map(\.name).filter { $0.hasPrefix("/model/") })
        if let extra = present.subtracting(expected.map { "/model/" + $0.name }).min() {
            throw .badCheckpoint(path: reader.path, reason: "its config has no place for \(extra)")
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
        return layout
    }

    /// Shortens the context: a position table will lose its last rows.
    package mutating func shortenContext(to contextLength: Int) {
        precondition(contextLength <= shape.contextLength, "a context of \(contextLength) from \(shape.contextLength)")
        guard contextLength < shape.contextLength else { return }
        info.architecture.contextLength = contextLength
        info.shape.contextLength = contextLength
        layout = ParameterLayout(info.architecture)
    }

    /// How the model was trained; nil where the files do not say.
    func trainingRecord() throws -> TrainingRecord? {
        switch weights {
        case .checkpoint(let reader), .adapters(let reader, _): try TrainingRecord(reader)
        case .folder, .gguf, .peft: nil
        }
    }

    /// The base in the shape of this model.
    private func loadBase(_ base: ModelSource) throws -> Transformer {
        var base = base
        base.shortenContext(to: shape.contextLength)
        return try base.load().model
    }

    /// The model with a separate head, a copy of the embedding, where an adapter unties them.
    private func untied(_ plain: Transformer) -> Transformer {
        guard plain.architecture.head.isTied, !architecture.head.isTied else { return plain }
        let model = Transformer(architecture, layout: layout)
        for parameter in layout.parameters {
            guard let source = plain.layout[parameter.key] ?? plain.layout[ParameterKey(.tokenEmbedding)] else {
                preconditionFailure("the base has no \(parameter.name)")
            }
            _ = model.weights.slice(parameter.range).update(from: plain.weights.slice(source.range))
        }
        return model
    }

    /// The base with its adapters separate from the weights: they are not merged. Throws if there are none.
    package func loadAdapted() throws -> SavedModel {
        guard case .adapters(_, let base) = weights else { throw ModelError.noAdapters }
        let plain = try loadBase(base)
        return try loadAdapted(on: plain, hash: SavedModel.hash(of: plain))
    }

    /// The same on a base that is in memory already, which is not copied.
    ///
    /// - Parameters:
    ///   - base: of this model's context, or of a longer one; it has no adapters.
    ///   - hash: the base's, in this model's context.
    package func loadAdapted(on base: Transformer, hash: String) throws -> SavedModel {
        guard case .adapters(let reader, _) = weights else { throw ModelError.noAdapters }
        guard let adapter = info.adapter else {
            throw ModelError.badCheckpoint(path: reader.path, reason: "it holds adapters, but its config has none")
        }
        try ModelSource.checkBase(reader, hash)
        let model = base.adapted(adapter, seed: 0)
        try model.adapters?.read(reader)
        return SavedModel(model: model, tokenizer: tokenizer, info: info, configText: configText, hash: self.hash)
    }

    /// What adapters of Luthier's belong to; nil for every other model.
    var adapterBase: ModelSource? {
        guard case .adapters(_, let base) = weights else { return nil }
        return base
    }

    /// Bytes of the weights that `load` reads.
    var weightBytes: Int { MemoryLayout<Float>.stride * layout.arenaCount }

    /// Bytes of the adapters alone; 0 without any.
    var adapterBytes: Int {
        info.adapter.map { MemoryLayout<Float>.stride * ParameterLayout(adapters: $0, of: architecture).arenaCount }
            ?? 0
    }

    /// Throws if a checkpoint's adapters were trained on other weights.
    package static func checkBase(_ reader: CheckpointReader, _ hash: String) throws {
        let expected = String(decoding: try reader.text("/base"), as: UTF8.self)
        guard expected == hash else {
            throw ModelError.baseChanged(path: reader.path, trained: expected, now: hash)
        }
    }

    /// Reads the weights, if there is memory for them.
    ///
    /// - Parameter format: of the copy that generation will make of them; there must be memory for that too.
    package func load(copying format: WeightFormat? = nil) throws -> SavedModel {
        let bits = 32 + (format?.bitsPerWeight ?? 0)
        try ModelSource.checkMemory(Int(bits / 8 * Double(layout.arenaCount)))
        let model: Transformer
        switch weights {
        case .adapters:
            model = try loadAdapted().model.merged()
        case .peft(let adapter, let base):
            model = untied(try loadBase(base))
            try adapter.merge(into: model)
        case .folder, .gguf, .checkpoint:
            model = Transformer(architecture, layout: layout)
            try readWeights(into: { model.weights.slice($0.range) }, finished: { _ in })
        }
        return SavedModel(model: model, tokenizer: tokenizer, info: info, configText: configText, hash: hash)
    }

    private static func checkMemory(_ needed: Int) throws(ModelError) {
        if let available = Memory.availableBytes, needed > available {
            throw .notEnoughMemory(needed: needed, available: available)
        }
    }

    /// Reads the weights of files that hold all of them, one parameter after the other.
    private func readWeights(
        into memory: (Parameter) -> UnsafeMutableBufferPointer<Float>, finished: (Parameter) -> Void
    ) throws {
        switch weights {
        case .folder(let folder): try folder.loadWeights(layout: layout, into: memory, finished: finished)
        case .gguf(let opened): try opened.loadWeights(layout: layout, into: memory, finished: finished)
        case .checkpoint(let reader):
            for parameter in layout.parameters {
                try ModelSource.read(parameter, of: reader, into: memory(parameter))
                finished(parameter)
            }
        case .adapters, .peft:
            // Merged in float first.
            let merged = try load().model
            for parameter in layout.parameters {
                _ = memory(parameter).update(from: merged.weights.slice(parameter.range))
                finished(parameter)
            }
        }
    }

    private static func read(
        _ parameter: Parameter, of reader: CheckpointReader, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        let name = "/model/" + parameter.name
        guard let stored = reader.arrays.first(where: { $0.name == name }), stored.shape != parameter.shape else {
            try reader.read(name, shape: parameter.shape, into: destination)
            return
        }
        // The position table of a context that was shortened.
        let full = FloatArena(count: stored.count)
        defer { withExtendedLifetime(full) {} }
        try reader.read(name, shape: stored.shape, into: full.slice(0..<stored.count))
        _ = destination.update(from: full.slice(0..<destination.count))
    }

    /// Reads the weights as a frozen base in `format`, one parameter after the other: no more than one matrix is in
    /// float at a time, unless the files hold adapters, which are merged in float first.
    ///
    /// - Returns: the model, and SHA-256 over the weights as they are in the files, as `SavedModel.hash` gives it.
    package func loadFrozen(_ format: WeightFormat) throws -> (model: Transformer, hash: String) {
        let largest = layout.parameters.map(\.count).max() ?? 0
        try ModelSource.checkMemory(FrozenBase.byteCount(layout, format: format) + 4 * largest)
        let (base, digest) = (FrozenBase(architecture, layout, format: format), RunningDigest())
        var scratch: FloatArena?
        try readWeights { parameter in
            let arena = FloatArena(count: parameter.count)
            scratch = arena
            return arena.buffer
        } finished: { parameter in
            guard let values = scratch?.buffer else { return }
            digest.update(UnsafeRawBufferPointer(values))
            base.store(parameter, values)
            scratch = nil
        }
        return (Transformer(base), digest.finish())
    }

    /// Reads the model as it was trained: adapters next to their frozen base, in the format that training held it in.
    /// Every other model is as `load` gives it.
    package func loadAsTrained() throws -> SavedModel {
        guard case .adapters(let reader, let base) = weights, info.baseWeights != .f32, let adapter = info.adapter
        else { return try load() }
        var shortened = base
        shortened.shortenContext(to: shape.contextLength)
        let (plain, hash) = try shortened.loadFrozen(info.baseWeights)
        try ModelSource.checkBase(reader, hash)
        let model = plain.adapted(adapter, seed: 0)
        try model.adapters?.read(reader)
        return SavedModel(model: model, tokenizer: tokenizer, info: info, configText: configText, hash: self.hash)
    }
}
