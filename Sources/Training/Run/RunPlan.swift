// What a run will do, settled from its data and its source: architecture, memory, length, and every value of its config.

import Kernels
import Model
import Models

struct RunPlan {
    /// Every value settled; nothing changes it later.
    let config: RunConfig
    let architecture: Architecture
    let set: TrainingSet
    /// The schedule's length, steps taken already included.
    let totalSteps: Int
    let stepsPerEpoch: Int
    /// Bytes of weights, gradients, moments and activations.
    let neededBytes: Int

    /// Throws where the memory is too small, values do not fit together, or the data is not what it was.
    static func make(_ start: RunStart, _ source: ModelSource?, _ tokens: RunTokens) throws -> RunPlan {
        let given = start.config
        let architecture =
            try source?.architecture ?? given.architecture(vocabularySize: tokens.tokenizer.vocabularySize)
        let set = TrainingSet(
            tokens.training, contextLength: architecture.contextLength, shuffles: given.data.shuffle,
            seed: UInt64(given.training.seed))
        let rows = set.mostTokens(inWindows: given.training.batchSize)
        let needed = Memory.trainingBytes(architecture, rowsPerBatch: rows, adapter: given.adapter)
        if let available = Memory.availableBytes, needed > available {
            throw ModelError.notEnoughMemory(needed: needed, available: available)
        }
        let perStep = given.training.batchSize * given.training.accumulation
        let totalSteps =
            given.training.steps ?? set.stepCount(epochs: given.training.epochs, examplesPerStep: perStep)
        let config = settled(given, start, source, tokens, architecture, totalSteps: totalSteps)
        try checkConsistency(config, architecture)
        if let state = start.state, state.dataHash != tokens.data.hash {
            throw TrainingError.dataChanged(run: state.dataHash, now: tokens.data.hash)
        }
        return RunPlan(
            config: config, architecture: architecture, set: set, totalSteps: totalSteps,
            stepsPerEpoch: set.stepCount(epochs: 1, examplesPerStep: perStep), neededBytes: needed)
    }

    /// The only place where a run's config changes: the template that was found, a base's shape, and what hangs on other
    /// values.
    private static func settled(
        _ given: RunConfig, _ start: RunStart, _ source: ModelSource?, _ tokens: RunTokens,
        _ architecture: Architecture, totalSteps: Int
    ) -> RunConfig {
        var config = given
        (config.data.template, config.data.asksForBaseTemplate) = (tokens.template, false)
        if let source, !start.isResumed { config.adopt(source.shape) }
        config.resolve(totalSteps: totalSteps, usualDropout: architecture.usualDropout)
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
