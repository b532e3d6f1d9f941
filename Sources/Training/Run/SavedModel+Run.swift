// Models and the configs of runs: a model as a run made it, and what a checkpoint holds so that the run can resume.

import Checkpoint
import Evaluation
import Inference
import Kernels
import Model
import Models
import Tokenizer

extension SavedModel {
    /// A model as a run with `config` trains it.
    package init(
        model: Transformer, tokenizer: Tokenizer, config: RunConfig, hash: String? = nil, baseHash: String? = nil
    ) {
        self.init(
            model: model, tokenizer: tokenizer, info: config.modelInfo(model.architecture),
            configText: Array(config.withoutPaths.serialized().utf8), hash: hash, baseHash: baseHash)
    }

    /// The same model, ready to be written as a checkpoint: with every key of a config of today, defaults for the
    /// training of a model that was not trained here.
    package func withRunConfig() throws -> SavedModel {
        var reader = ConfigReader(RunConfig(info))
        if let configText { try reader.read(configText, path: "/config") }
        var config = reader.config
        config.data.template = info.template
        return SavedModel(model: model, tokenizer: tokenizer, config: config, hash: hash, baseHash: baseHash)
    }

    /// Writes a checkpoint from which a run can resume.
    ///
    /// - Returns: the file's SHA-256.
    @discardableResult
    package func write(to path: String, optimizer: Optimizer, state: TrainingState) throws -> String {
        let content = try content(moments: (optimizer.firstMoment, optimizer.secondMoment), state: state)
        return try CheckpointFile.write(to: path, arrays: content.arrays, texts: content.texts).hash
    }

    /// What a checkpoint holds of the model and of the state of its training. The arrays are the live ones; the texts
    /// are copies of this moment.
    ///
    /// - Parameter moments: arenas of the layout of what is trained.
    package func content(
        moments: (first: FloatArena, second: FloatArena), state: TrainingState
    ) throws(ModelError) -> (arrays: [ArrayRecord], texts: [TextRecord]) {
        var (arrays, texts) = try content()
        let layout = model.trained.layout
        arrays += layout.records("/optimizer/firstMoment/", moments.first)
        arrays += layout.records("/optimizer/secondMoment/", moments.second)
        texts.append(TextRecord(name: "/state", bytes: Array(state.serialized().utf8)))
        return (arrays, texts)
    }
}

extension RunConfig {
    /// The config of a model that was not trained here: what is known of it, and defaults.
    package init(_ info: ModelInfo) {
        self.init()
        // There is nothing to measure for.
        training.precision = Precision.f32.rawValue
        adopt(info.shape)
        data.template = info.template
    }

    /// What of the config a user of the model needs.
    ///
    /// - Parameter architecture: of the model that is trained.
    package func modelInfo(_ architecture: Architecture) -> ModelInfo {
        var shape = model.shape
        shape.vocabularySize = architecture.vocabularySize
        var info = ModelInfo(architecture, shape: shape)
        (info.template, info.adapter, info.baseWeights) = (data.template, adapter, method.baseWeights)
        if method.objective.isPreference {
            info.preference = .init(objective: method.objective.rawValue, beta: method.beta)
        }
        info.generation = generationSettings(seed: info.generation.seed)
        (info.startToken, info.promptLossWeight) = (data.startToken, data.promptLossWeight)
        return info
    }

    /// The stored defaults of generation.
    /// Measures as `evaluation` says; the config is resolved.
    var evaluator: Evaluator {
        Evaluator(
            window: evaluation.window ?? model.contextLength, stride: evaluation.stride ?? model.contextLength,
            batchSize: evaluation.batchSize, maximumTokens: evaluation.maximumTokens)
    }

    package func generationSettings(seed: UInt64) -> GenerationSettings {
        GenerationSettings(
            sampling: SamplingSettings(
                temperature: generation.temperature, topK: generation.topK, topP: generation.topP,
                repetitionPenalty: generation.repetitionPenalty),
            maximumTokens: generation.maximumTokens, stop: generation.stop, seed: seed)
    }

    /// The config without the names of files, as a checkpoint holds it: equal training gives equal bytes wherever the
    /// files are.
    package var withoutPaths: RunConfig {
        var copy = self
        copy.model.base = nil
        copy.tokenizer.path = nil
        (copy.data.train, copy.data.validation, copy.data.test) = ([], [], [])
        return copy
    }
}
