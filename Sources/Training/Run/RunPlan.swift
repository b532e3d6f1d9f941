// What a run will do, settled from its data and its source: architecture, memory, length, and every value of its config.

import Kernels
import Model
import Models

struct RunPlan {
    /// Every value settled; nothing changes it later.
    let config: RunConfig
    /// Key path → where its value came from.
    let origins: [String: String]
    let architecture: Architecture
    let length: RunLength
    /// Bytes that this process holds before the weights are there.
    let heldBytes: Int
    /// Of weights, gradients, moments and activations.
    let memory: TrainingMemory

    /// Throws where the memory is too small, values do not fit together, or the data is not what it was.
    static func make(
        _ start: RunStart, _ source: ModelSource?, _ tokens: RunTokens, _ length: RunLength, _ request: RunRequest,
        notice: (String) -> Void
    ) throws -> RunPlan {
        let given = start.config
        let architecture =
            try source?.architecture ?? given.architecture(vocabularySize: tokens.tokenizer.vocabularySize)
        let set = length.set
        var config = settled(given, start, source, tokens, architecture, length)
        try checkConsistency(config, architecture)
        let origins = measurePrecision(&config, start, architecture, set, request.meter, notice: notice)
        let memory = memory(config, architecture, length, tokens, ranks: request.ranks?.count ?? 1)
        if let available = request.availableBytes ?? Memory.availableBytes, memory.bytes > available {
            let fit = MemoryFit(
                config: config, architecture: architecture, length: length, tokens: tokens,
                ranks: request.ranks?.count ?? 1, available: available)
            throw ModelError.runTooLarge(needed: memory.bytes, available: available, fitting: fit.suggestions())
        }
        if let state = start.state, state.dataHash != tokens.data.hash {
            throw TrainingError.dataChanged(run: state.dataHash, now: tokens.data.hash)
        }
        return RunPlan(
            config: config, origins: origins, architecture: architecture, length: length,
            heldBytes: Memory.residentBytes ?? 0, memory: memory)
    }

    /// Settles `training.precision`. A resumed run keeps what it was started with.
    ///
    /// - Returns: the origins of all values, with that of a precision that was measured.
    private static func measurePrecision(
        _ config: inout RunConfig, _ start: RunStart, _ architecture: Architecture, _ set: TrainingSet,
        _ meter: PrecisionMeter, notice: (String) -> Void
    ) -> [String: String] {
        let given = config.training.precision
        guard given == RunConfig.measuredPrecision || !start.isResumed else { return start.origins }
        guard config.method.baseWeights == .f32 else {
            config.training.precision = Precision.f32.rawValue
            return start.origins
        }
        let load = ProductLoad(
            architecture: architecture, rows: set.mostTokens(inWindows: config.training.batchSize),
            microBatches: config.training.accumulation, isFrozen: config.adapter != nil)
        let choice = PrecisionChoice.make(given, load, meter)
        if let text = choice.notice { notice(text) }
        config.training.precision = choice.precision.rawValue
        guard given == RunConfig.measuredPrecision else { return start.origins }
        return start.origins.merging([precisionKey: measuredOrigin]) { $1 }
    }

    private static let precisionKey = "training.precision"
    /// The origin of a value that a measurement settled.
    static let measuredOrigin = "measured"

    static func memory(
        _ config: RunConfig, _ architecture: Architecture, _ length: RunLength, _ tokens: RunTokens, ranks: Int = 1
    ) -> TrainingMemory {
        let training = config.training
        var memory = TrainingMemory(
            architecture,
            rowsPerBatch: length.set.mostTokens(
                batchSize: training.batchSize, accumulation: training.accumulation, steps: length.totalSteps,
                ranks: ranks))
        let isPreference = config.method.objective.isPreference
        for text in [tokens.data.splits[.validation], isPreference ? tokens.training : nil] {
            guard let text else { continue }
            let rows = isPreference ? PreferenceEvaluation(config).mostTokens(text) : config.evaluator.mostTokens(text)
            memory.evaluationRows = max(memory.evaluationRows, rows)
        }
        (memory.adapter, memory.baseWeights) = (config.adapter, config.method.baseWeights)
        memory.precision = Precision(rawValue: config.training.precision) ?? .f32
        memory.recomputesActivations = training.recomputeActivations
        memory.accumulation = training.accumulation
        (memory.ranks, memory.shardsOptimizer) = (ranks, training.shardOptimizer)
        return memory
    }

    /// The only place where a run's config changes: the template that was found, a base's shape, and what hangs on other
    /// values.
    private static func settled(
        _ given: RunConfig, _ start: RunStart, _ source: ModelSource?, _ tokens: RunTokens,
        _ architecture: Architecture, _ length: RunLength
    ) -> RunConfig {
        var config = given
        (config.data.template, config.data.asksForBaseTemplate) = (tokens.template, false)
        if let source, !start.isResumed { config.adopt(source.shape) }
        config.training.earlierPlans = length.earlierPlans
        config.resolve(totalSteps: length.totalSteps, usualDropout: architecture.usualDropout)
        return config
    }

    /// Values that are each in their range but do not fit together.
    private static func checkConsistency(
        _ config: RunConfig, _ architecture: Architecture
    ) throws(ConfigError) {
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
            if let target = config.adapter?.unknownTarget(in: architecture) {
                let names = architecture.linearModules.map(\.name).joined(separator: ", ")
                throw .inconsistent(
                    "method.targets holds \(target); it takes all, attention, \(names), or the end of one of these")
            }
            guard !config.method.targets.isEmpty else { throw .inconsistent("method.targets names no layer") }
        }
        if config.method.objective.isPreference, config.data.overlong == .split {
            throw .inconsistent(
                "data.overlong is split, but method.objective \(config.method.objective.rawValue) compares complete answers; "
                    + "use drop, truncate-prompt or error")
        }
        let format = config.method.baseWeights
        if format != .f32, config.method.type != "lora" {
            throw .inconsistent(
                "method.baseWeights is \(format.rawValue), but method.type \(config.method.type) trains the base's own "
                    + "weights, which are f32; use lora")
        }
        if format != .f32, config.training.precision == Precision.bf16.rawValue {
            throw .inconsistent(
                "training.precision is bf16, but products with method.baseWeights \(format.rawValue) are in float; use "
                    + "f32 or auto")
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
}
