// Everything that stands before the first step: base, tokenizer, data, model, memory, and what a resumed run must keep.

import Checkpoint
import Datasets
import Foundation
import Kernels
import Model
import StrictJSON
import Tokenizer

/// What a person asked for.
public struct RunRequest {
    public var reader: ConfigReader
    public var folder: RunFolder
    public var resume: Bool
    /// Whether not even tokens may be kept on disk.
    public var writesNothing = false

    public init(reader: ConfigReader, folder: RunFolder, resume: Bool) {
        self.reader = reader
        self.folder = folder
        self.resume = resume
    }
}

/// A run that is ready to take its first step.
public struct PreparedRun {
    public let config: RunConfig
    public let saved: SavedModel
    public let data: RunData
    public let trainer: Trainer
    public let summary: RunSummary
    let origins: JSONOutput
    let isResumed: Bool

    /// Does all that can fail before anything is written: reads, checks, encodes, allocates.
    public init(_ request: RunRequest, notice: (String) -> Void) throws {
        var reader = request.reader
        let previous = request.resume ? request.folder.newestWhole { notice($0) } : nil
        let state = try previous.map { try TrainingState(serialized: $0.reader.text("/state")) }
        if state != nil { try PreparedRun.keepRunConfig(&reader, of: request.folder, notice: notice) }
        var config = reader.config
        PreparedRun.prepareMachine(config, state, notice: notice)
        guard !config.data.train.isEmpty else { throw TrainingError.nothingToTrain("data.train names no file") }

        // The tokenizer comes first, since data needs it, and the data's length settles the schedule.
        let documents = try RunDocuments(config.data)
        var source = try PreparedRun.source(config, resumed: previous?.reader)
        if let base = source, state == nil { source = try PreparedRun.fit(base, to: config, given: reader.origins) }
        for note in source?.notes ?? [] where state == nil { notice(note) }
        config.data.template = config.data.template ?? source?.template ?? documents.suitingTemplate
        let template = config.data.template ?? .raw
        let tokenizer =
            try source?.tokenizer
            ?? PreparedRun.makeTokenizer(config.tokenizer, documents.texts(of: .train, template: template))
        let learned = source == nil && config.tokenizer.path == nil
        if learned, tokenizer.vocabularySize < config.tokenizer.vocabularySize {
            notice(
                "the training text gave a vocabulary of \(tokenizer.vocabularySize), not of "
                    + "\(config.tokenizer.vocabularySize): no pair stands in it twice any more")
        }
        let context = source?.shape.contextLength ?? config.model.contextLength
        let options = config.encodingOptions(template: template, contextLength: context)
        let cache = TokenCache(folder: (request.folder.path as NSString).deletingLastPathComponent + "/.tokens")
        let data = try RunData(documents, tokenizer: tokenizer, options, cache: request.writesNothing ? nil : cache)
        guard let text = data.splits[.train], text.predictionCount > 0 else {
            throw TrainingError.nothingToTrain("the training split has no document with two tokens")
        }
        if let validation = data.splits[.validation], validation.predictionCount == 0 {
            throw DatasetError.emptySplit(split: "validation", reason: "no document has two tokens or more")
        }
        if let source, state == nil { config.adopt(source.shape) }
        let shape = source?.shape ?? config.modelConfig(vocabularySize: tokenizer.vocabularySize)
        try shape.validate()
        let set = TrainingSet(
            text, contextLength: shape.contextLength, shuffles: config.data.shuffle,
            seed: UInt64(config.training.seed))
        let rows = set.mostTokens(inWindows: config.training.batchSize)
        let needed = Memory.trainingBytes(shape, rowsPerBatch: rows, adapter: config.adapter)
        if let available = Memory.availableBytes, needed > available {
            throw TrainingError.notEnoughMemory(needed: needed, available: available)
        }

        let perStep = config.training.batchSize * config.training.accumulation
        let totalSteps =
            config.training.steps ?? set.stepCount(epochs: config.training.epochs, examplesPerStep: perStep)
        config.resolve(totalSteps: totalSteps)
        try PreparedRun.checkConsistency(config)
        if let state {
            guard state.dataHash == data.hash else {
                throw TrainingError.dataChanged(run: state.dataHash, now: data.hash)
            }
        }

        let model = try source?.load().model ?? Transformer(shape)
        if source == nil { model.layout.initialize(model.weights, seed: UInt64(config.training.seed)) }
        let baseHash = try PreparedRun.adapt(model, config, previous?.reader)
        saved = SavedModel(model: model, tokenizer: tokenizer, config: config, baseHash: baseHash)
        trainer = Trainer(
            model: model, data: set, tokenizer: tokenizer, config: config,
            state: PreparedRun.startingState(state, config, totalSteps: totalSteps, dataHash: data.hash))
        if let previous { try trainer.optimizer.readMoments(previous.reader, model.trained.layout) }
        (self.config, self.data, isResumed) = (config, data, previous != nil)
        origins = PreparedRun.origins(reader.origins, hasBase: config.model.base != nil)
        summary = RunSummary(
            run: request.folder.name, parameters: model.layout.parameterCount,
            trainedParameters: model.trained.layout.parameterCount, vocabularySize: shape.vocabularySize,
            data: data.summary, totalSteps: totalSteps, tokensPerStep: perStep * shape.contextLength,
            stepsPerEpoch: set.stepCount(epochs: 1, examplesPerStep: perStep), firstStep: trainer.state.step,
            threads: ParallelFor.threadCount, precision: model.precision, kernel: BLASKernel.name,
            flopsPerToken: shape.trainingFlopsPerToken(
                sequenceLength: set.meanWindowLength, isFrozen: model.adapters != nil),
            peakFlopsPerSecond: MachinePeak.flopsPerSecond(), estimatedBytes: needed)
    }

    /// Puts adapters beside the weights if the config asks for them: new ones, or those of a checkpoint.
    ///
    /// - Returns: the hash of the weights that they belong to.
    private static func adapt(
        _ model: Transformer, _ config: RunConfig, _ previous: CheckpointReader?
    ) throws -> String? {
        guard let adapter = config.adapter else { return nil }
        let hash = SavedModel.hash(of: model)
        if let previous { try ModelSource.checkBase(previous, hash) }
        model.adapt(adapter, seed: UInt64(config.training.seed))
        if let previous { try model.adapters?.read(previous) }
        return hash
    }

    /// Sets threads and OpenBLAS's kernel; a resumed run keeps the kernel it was started with.
    private static func prepareMachine(_ config: RunConfig, _ state: TrainingState?, notice: (String) -> Void) {
        ParallelFor.configure(threads: config.training.threads)
        let kernel = BLASKernel.choose(fixed: state?.kernel)
        guard let state else { return }
        if kernel != state.kernel {
            notice("OpenBLAS has no kernel \(state.kernel) here: \(kernel) goes on, and the last bits will differ")
        }
        if ParallelFor.threadCount != state.threads {
            notice(
                "the run was started with \(state.threads) threads and goes on with \(ParallelFor.threadCount): "
                    + "the last bits may differ")
        }
    }

    /// What the run goes on from: its own checkpoint, its base, or nothing.
    private static func source(_ config: RunConfig, resumed reader: CheckpointReader?) throws -> ModelSource? {
        if let reader, config.adapter == nil { return try ModelSource(reader) }
        guard let base = config.model.base else { return nil }
        var source = try ModelSource(path: base)
        // Adapters stand in the checkpoint, the weights beside them in the base.
        if reader != nil, config.model.contextLength < source.shape.contextLength {
            source.shortenContext(to: config.model.contextLength)
        }
        return source
    }

    /// A base brings its own shape. A key of the shape that was given as well must agree, but for a shorter context,
    /// which cuts the position table.
    private static func fit(
        _ base: ModelSource, to config: RunConfig, given: [String: String]
    ) throws -> ModelSource {
        var adopted = config
        adopted.adopt(base.shape)
        let shape = config.differences(from: adopted).filter { $0.path.hasPrefix("model.") && given[$0.path] != nil }
        for difference in shape {
            if difference.path == "model.contextLength", config.model.contextLength < adopted.model.contextLength {
                var shorter = base
                shorter.shortenContext(to: config.model.contextLength)
                return try fit(shorter, to: config, given: given)
            }
            throw ConfigError.inconsistent(
                "\(given[difference.path] ?? ""): \(difference.path) is \(difference.here), but the base has "
                    + "\(difference.there)")
        }
        return base
    }

    private static func makeTokenizer(
        _ section: RunConfig.TokenizerSection, _ texts: [[UInt8]]
    ) throws -> Tokenizer {
        if let path = section.path { return try Tokenizer(path: path) }
        if section.vocabularySize == Tokenizer.bytes.vocabularySize { return Tokenizer.bytes }
        guard let split = Tokenizer.Split(rawValue: section.split) else {
            throw TrainingError.badTokenizerSplit(section.split)
        }
        return try Tokenizer.train(
            on: texts, vocabularySize: section.vocabularySize, split: split)
    }

    private static func startingState(
        _ state: TrainingState?, _ config: RunConfig, totalSteps: Int, dataHash: String
    ) -> TrainingState {
        var state = state ?? TrainingState()
        state.seed = config.training.seed
        state.totalSteps = totalSteps
        state.dataHash = dataHash
        state.kernel = BLASKernel.name
        state.threads = ParallelFor.threadCount
        return state
    }

    /// Values that are each in their range but do not fit together.
    private static func checkConsistency(_ config: RunConfig) throws(ConfigError) {
        let (window, context) = (config.evaluation.window ?? 1, config.model.contextLength)
        if window > context {
            throw .inconsistent("evaluation.window \(window) is larger than model.contextLength \(context)")
        }
        if let stride = config.evaluation.stride, stride > window {
            throw .inconsistent("evaluation.stride \(stride) is larger than evaluation.window \(window)")
        }
        if config.method.type == "lora" {
            guard config.model.base != nil else {
                throw .inconsistent("method.type is lora, but model.base names no model whose weights could be frozen")
            }
            for target in config.method.targets where !AdapterConfig.possibleTargets.contains(target) {
                throw .inconsistent(
                    "method.targets holds \(target); it takes \(AdapterConfig.possibleTargets.joined(separator: ", "))")
            }
            guard !config.method.targets.isEmpty else { throw .inconsistent("method.targets names no layer") }
        }
        if config.training.precision == Precision.bf16.rawValue, !RoundedWeight.isSupported {
            throw .inconsistent(
                "training.precision is bf16, but oneDNN \(RoundedWeight.libraryVersion) has no such products on this "
                    + "processor; use f32")
        }
        if let minimum = config.training.minimumLearningRate, let peak = config.training.learningRate, minimum > peak {
            throw .inconsistent("training.minimumLearningRate \(minimum) is above training.learningRate \(peak)")
        }
    }

    /// Keys that a resumed run may change: they say how long it goes on and what is kept, not what is computed.
    private static let changeable: Set<String> = [
        "training.epochs", "training.steps", "training.saveEvery", "training.keepLast", "training.logEvery",
        "training.threads", "training.earlyStoppingPatience", "evaluation.every", "evaluation.batchSize",
        "evaluation.samples", "data.train", "data.validation", "data.test", "generation.maximumTokens",
        "generation.temperature", "generation.topK",
        "generation.topP", "generation.repetitionPenalty", "generation.stop",
    ]

    /// A resumed run keeps its own config; what is given now may change how long it goes on and what it keeps.
    private static func keepRunConfig(
        _ reader: inout ConfigReader, of folder: RunFolder, notice: (String) -> Void
    ) throws {
        var earlier = ConfigReader()
        try earlier.read(path: folder.file("config.json"))
        for difference in try reader.merge(into: earlier, changeable: changeable) where difference.here != "null" {
            notice("\(difference.path) changes from \(difference.there) to \(difference.here)")
        }
    }

    /// `origins.json`: where each value of the resolved config came from.
    private static func origins(_ given: [String: String], hasBase: Bool) -> JSONOutput {
        .object(
            ConfigKey.all.map { key in
                let adopted = hasBase && (key.section == "model" && !key.path.hasSuffix("Dropout"))
                return (key: key.path, value: .string(given[key.path] ?? (adopted ? "base" : "default")))
            })
    }
}

extension Optimizer {
    /// Takes both moments from a checkpoint.
    func readMoments(_ reader: CheckpointReader, _ layout: ParameterLayout) throws {
        for parameter in layout.parameters {
            try reader.read(
                "/optimizer/firstMoment/" + parameter.name, shape: parameter.shape,
                into: firstMoment.slice(parameter.range))
            try reader.read(
                "/optimizer/secondMoment/" + parameter.name, shape: parameter.shape,
                into: secondMoment.slice(parameter.range))
        }
    }
}

extension TrainingRun {
    /// Makes or reopens the run's folder and prepares everything.
    ///
    /// - Parameters:
    ///   - report: told all that happens.
    ///   - shouldStop: asked after every step.
    public static func prepare(
        _ request: RunRequest, report: @escaping (Progress) -> Void, shouldStop: @escaping () -> StopReason?
    ) throws -> TrainingRun {
        let folder = request.folder
        if folder.exists && !request.resume { throw TrainingError.runExists(path: folder.path) }
        if request.resume && folder.checkpointSteps().isEmpty {
            report(.notice("\(folder.path) holds no checkpoint: starting at step 0"))
        }
        // Everything that can be wrong is found before the folder is made, so that a mistake leaves nothing behind.
        let lock = folder.exists ? try RunLock(directory: folder.path) : nil
        let prepared = try PreparedRun(request) { report(.notice($0)) }
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let held = try lock ?? RunLock(directory: folder.path)
        _ = try CheckpointFile.removeLeftovers(in: folder.path)
        if prepared.isResumed { report(.notice("going on from step \(prepared.trainer.state.step)")) }
        return try TrainingRun(prepared, folder: folder, lock: held, report: report, shouldStop: shouldStop)
    }
}
