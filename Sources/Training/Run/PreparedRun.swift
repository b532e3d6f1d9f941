// Everything that a run needs before the first step, each part made from those before it: start, documents, source, tokens,
// plan, and the run that is ready.

import Checkpoint
import Communication
import Evaluation
import Foundation
import Kernels
import Model
import Models
import StrictJSON

/// What a person asked for.
package struct RunRequest {
    package var reader: ConfigReader
    package var folder: RunFolder
    package var resume: Bool
    /// Whether not even tokens may be written to disk; those that are there are read.
    package var writesNothing = false
    /// Chooses the precision of a run that leaves it open.
    package var meter = PrecisionMeter.machine
    /// Whether only a few steps are taken, to measure them.
    package var isRehearsal = false
    /// Threads and kernel to compute with instead of the config's, without a change of the config.
    package var machine: (threads: Int, kernel: String?)?
    /// The processes that train together; nil for this one alone.
    package var ranks: RankGroup?
    /// Bytes that the run may take; nil for what the machine has.
    package var availableBytes: Int?

    package init(reader: ConfigReader, folder: RunFolder, resume: Bool) {
        self.reader = reader
        self.folder = folder
        self.resume = resume
    }
}

/// A run that is ready to take its first step.
package struct PreparedRun {
    package let config: RunConfig
    package let saved: SavedModel
    package let data: RunData
    package let trainer: Trainer
    package let summary: RunSummary
    let evaluator: Evaluator
    let isResumed: Bool
    /// nil where a resumed run does what it was going to do.
    let continuation: Continuation?
    /// SHA-256 of the base's weights, as `SavedModel.hash` gives it; nil from scratch, and where a resumed run does not read
    /// its base.
    let baseWeightsHash: String?
    /// What the model that the run started from thinks of the answers of both splits, and what that depends on; nil where
    /// the likelihood of answers is learned.
    private(set) var references: RunReferences?

    /// Does all that can fail before anything is written: reads, checks, encodes, allocates. The tokenizer comes before
    /// the data that it encodes, and the data's length settles the schedule.
    package static func prepare(_ request: RunRequest, notice: (String) -> Void) throws -> PreparedRun {
        var start = try RunStart.open(request, notice: notice)
        let documents = try start.config.readDocuments()
        var source = try RunSource.open(start, notice: notice)
        let cache = TokenCache(
            folder: (request.folder.path as NSString).deletingLastPathComponent + "/.tokens",
            isReadOnly: request.writesNothing)
        let tokens = try RunTokens.encode(documents, start, source, cache: cache, notice: notice)
        let length = try RunLength.settle(start, source, tokens, folder: request.folder, notice: notice)
        if let earlier = length.rewind {
            start = try start.rewound(to: earlier)
            source = try RunSource.open(start, notice: notice)
        }
        for line in length.continuation?.notices ?? [] { notice(line) }
        let plan = try RunPlan.make(start, source, tokens, length, request, notice: notice)
        return try ready(start, source, tokens, plan, request, notice: notice)
    }

    /// Loads or initializes the weights, and gives the trainer all that a checkpoint holds.
    private static func ready(
        _ start: RunStart, _ source: ModelSource?, _ tokens: RunTokens, _ plan: RunPlan, _ request: RunRequest,
        notice: (String) -> Void
    ) throws -> PreparedRun {
        let config = plan.config
        let (model, baseHash) = try model(source, config, plan.architecture, start.checkpoint)
        let fullHash = source == nil || baseHash != nil || start.isResumed ? nil : SavedModel.hash(of: model)
        let references =
            try config.method.objective.isPreference
            ? RunReferences.find(plan, tokens, model: model, start: start, request, notice: notice) : nil
        let trainer = Trainer(
            model: model, data: plan.length.set, tokenizer: tokens.tokenizer, config: config,
            state: startingState(
                start.state, plan, dataHash: tokens.data.hash, ranks: request.ranks?.count ?? 1),
            ranks: request.ranks, reference: references?.splits[.train])
        if let checkpoint = start.checkpoint {
            let (position, windows) = (trainer.state.position, trainer.data.windowCount(epoch: trainer.state.epoch))
            guard position < max(1, windows) else {
                throw TrainingError.badState("position is \(position) in an epoch of \(windows) sequences")
            }
            try trainer.optimizer.readMoments(checkpoint, model.trained.layout)
        }
        var prepared = PreparedRun(
            config: config,
            saved: SavedModel(model: model, tokenizer: tokens.tokenizer, config: config, baseHash: baseHash),
            data: tokens.data, trainer: trainer, summary: summary(request, tokens, plan, trainer),
            evaluator: config.evaluator, isResumed: start.isResumed, continuation: plan.length.continuation,
            baseWeightsHash: baseHash ?? fullHash)
        prepared.references = references
        return prepared
    }

    /// The source's model or a new one, with adapters if the config asks for them: new ones, or those of a checkpoint.
    ///
    /// - Returns: the model, and the hash of the weights that the adapters belong to.
    private static func model(
        _ source: ModelSource?, _ config: RunConfig, _ architecture: Architecture, _ previous: CheckpointReader?
    ) throws -> (Transformer, String?) {
        let seed = UInt64(config.training.seed)
        guard let source else {
            let model = Transformer(architecture)
            model.layout.initialize(model.weights, seed: seed)
            return (model, nil)
        }
        guard let adapter = config.adapter else { return (try source.load().model, nil) }
        let base: (model: Transformer, hash: String)
        if config.method.baseWeights == .f32 {
            let model = try source.load().model
            base = (model, SavedModel.hash(of: model))
        } else {
            base = try source.loadFrozen(config.method.baseWeights)
        }
        if let previous { try ModelSource.checkBase(previous, base.hash) }
        let adapted = base.model.adapted(adapter, seed: seed)
        if let previous { try adapted.adapters?.read(previous) }
        return (adapted, base.hash)
    }

    private static func startingState(
        _ state: TrainingState?, _ plan: RunPlan, dataHash: String, ranks: Int
    ) -> TrainingState {
        var state = state ?? TrainingState()
        state.seed = plan.config.training.seed
        // Who makes a run longer wants it to train, even if its patience was over.
        if state.totalSteps < plan.length.totalSteps { state.evaluationsSinceBest = 0 }
        state.totalSteps = plan.length.totalSteps
        state.dataHash = dataHash
        state.kernel = BLASKernel.name
        (state.threads, state.ranks) = (ParallelFor.threadCount, ranks)
        return state
    }

    private static func summary(
        _ request: RunRequest, _ tokens: RunTokens, _ plan: RunPlan, _ trainer: Trainer
    ) -> RunSummary {
        let (model, training) = (trainer.model, plan.config.training)
        return RunSummary(
            run: request.folder.name, settings: settings(plan.origins, plan.config),
            parameters: model.layout.parameterCount,
            trainedParameters: model.trained.layout.parameterCount, vocabularySize: plan.architecture.vocabularySize,
            data: tokens.data.summary, totalSteps: plan.length.totalSteps,
            stepsPerEpoch: plan.length.stepsPerEpoch, firstStep: trainer.state.step,
            threads: ParallelFor.threadCount, precision: trainer.precision, kernel: BLASKernel.name,
            flopsPerToken: plan.architecture.trainingFlopsPerToken(
                sequenceLength: plan.length.set.meanWindowLength, isFrozen: model.adapters != nil),
            peakFlopsPerSecond: MachinePeak.flopsPerSecond() * Double(request.ranks?.count ?? 1),
            heldBytes: plan.heldBytes, memory: plan.memory,
            tokensPerEpoch: tokens.data.splits[.train]?.tokens.count ?? 0,
            checkpointBytes: 12 * model.trained.layout.parameterCount,
            checkpointCount: training.keepLast + 3
                + (training.keepEpochs ? plan.length.totalSteps / max(1, plan.length.stepsPerEpoch) : 0))
    }

    private static func settings(_ given: [String: String], _ config: RunConfig) -> [RunSetting] {
        let plain = RunConfig()
        return ConfigKey.all.filter { given[$0.path] != nil || $0.isWritten(config) }.map { key in
            let adopted = config.model.base != nil && Self.isOfBase(key)
            let value = key.value(config).serialized()
            return RunSetting(
                key: key.path, value: value, origin: given[key.path] ?? (adopted ? "base" : "default"),
                isPlainDefault: value == key.value(plain).serialized())
        }
    }

    /// Whether a base settles the key.
    private static func isOfBase(_ key: ConfigKey) -> Bool {
        switch key.section {
        case "model": !key.path.hasSuffix("Dropout")
        case "tokenizer": true
        default: key.path == "data.template"
        }
    }

    /// `origins.json`: where each value of the resolved config came from.
    package var origins: JSONOutput { .object(summary.settings.map { (key: $0.key, value: .string($0.origin)) }) }

    /// What is left to do from the present step on. The end of an epoch, and a loss that is better than all before, which
    /// asks for a checkpoint, are expected at every evaluation.
    package func remainingWork(secondsPerEvaluation: Double) -> RemainingWork {
        let left = Double(trainer.state.totalSteps - summary.firstStep)
        let perStep = Double(summary.tokensPerEpoch) / Double(max(1, summary.stepsPerEpoch))
        let evaluations = left / Double(max(1, config.evaluation.every ?? summary.stepsPerEpoch))
        let saves = config.training.saveEvery.map { left / Double(max(1, $0)) } ?? 0
        return RemainingWork(
            tokens: perStep * left, tokensPerEpoch: Double(summary.tokensPerEpoch),
            evaluations: evaluations.rounded(.up) + (summary.firstStep == 0 ? 1 : 0),
            secondsPerEvaluation: secondsPerEvaluation, saves: max(saves, evaluations).rounded(.up) + 1,
            secondsPerSave: secondsPerSave)
    }

    /// A checkpoint is hashed when it is written, and again when it is read back. The rest of saving happens during training.
    private var secondsPerSave: Double {
        let weights = trainer.model.trained.weights.buffer.prefix(4 << 20)
        guard !weights.isEmpty else { return 0 }
        let start = monotonicSeconds()
        var digest = SHA256Digest()
        digest.update(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: weights)))
        _ = digest.finish()
        let perFloat = (monotonicSeconds() - start) / Double(weights.count)
        return 2 * perFloat * Double(summary.checkpointBytes / 4)
    }
}

extension Optimizer {
    /// Takes both moments from a checkpoint.
    func readMoments(_ reader: CheckpointReader, _ layout: ParameterLayout) throws {
        for parameter in layout.parameters {
            let (first, second) = (
                "/optimizer/firstMoment/" + parameter.name, "/optimizer/secondMoment/" + parameter.name
            )
            try read(reader, first, parameter, into: firstMoment)
            try read(reader, second, parameter, into: secondMoment)
            // A mean of squares; its root would be NaN.
            for piece in owned.pieces(of: parameter.range) {
                let squares = secondMoment.slice(piece.offset..<(piece.offset + piece.range.count))
                if let index = squares.firstIndex(where: { $0 < 0 }) {
                    let place = piece.range.lowerBound - parameter.offset + index
                    throw TrainingError.badState("\(second) is \(squares[index]) at index \(place)")
                }
            }
        }
    }

    /// Reads one parameter's moments, of which it may own a part.
    private func read(
        _ reader: CheckpointReader, _ name: String, _ parameter: Parameter, into arena: FloatArena
    ) throws {
        let pieces = owned.pieces(of: parameter.range)
        if let piece = pieces.first, piece.range == parameter.range {
            let target = arena.slice(piece.offset..<(piece.offset + piece.range.count))
            return try reader.read(name, shape: parameter.shape, into: target)
        }
        let all = FloatArena(count: parameter.count)
        try reader.read(name, shape: parameter.shape, into: all.slice(0..<parameter.count))
        for piece in pieces {
            (arena.base + piece.offset).update(
                from: all.base + piece.range.lowerBound - parameter.offset, count: piece.range.count)
        }
    }
}
