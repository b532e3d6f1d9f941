// Everything that a person can set about a run, with the defaults of cli documentation; ConfigKey lists the keys.

import Conversations
import Datasets
import Model

/// A run's configuration. Optional numbers are nil until `resolve` knows what their default depends on.
public struct RunConfig: Sendable, Equatable {
    public var model = ModelSection()
    public var tokenizer = TokenizerSection()
    public var data = DataSection()
    public var method = MethodSection()
    public var training = TrainingSection()
    public var evaluation = EvaluationSection()
    public var generation = GenerationSection()

    public init() {}

    /// The shape of a model trained from nothing, what to start from instead, and dropout.
    public struct ModelSection: Sendable, Equatable {
        public var base: String?
        public var blockCount = 4
        public var headCount = 4
        public var modelWidth = 128
        public var feedForwardWidth: Int?
        public var contextLength = 256
        public var activation = Activation.geluTanh
        public var biases = true
        public var tiedHead = true
        public var layerNormEpsilon = 1e-5
        public var attentionWindows: [Int] = []
        public var scalesAttention = true
        public var scalesAttentionByBlock = false
        public var attentionInputBias = true
        public var embeddingDropout: Double?
        public var attentionDropout: Double?
        public var residualDropout: Double?
    }

    /// Where tokens come from.
    public struct TokenizerSection: Sendable, Equatable {
        public var path: String?
        public var vocabularySize = 4096
        public var split = "gpt2"
    }

    /// Files, and how they are cut.
    public struct DataSection: Sendable, Equatable {
        public var train: [String] = []
        public var validation: [String] = []
        public var test: [String] = []
        public var format = DataFormat.auto
        public var template: ChatTemplate?
        public var promptLossWeight = 0.0
        public var overlong = OverlongPolicy.error
        public var rowsWithoutLoss = "error"
        public var validationFraction = 0.1
        public var testFraction = 0.0
        public var splitSeed = 1
        public var shuffle = true
        public var startToken = false
    }

    /// What is trained.
    public struct MethodSection: Sendable, Equatable {
        public var type = "full"
        public var rank = 8
        public var alpha = 16.0
        public var dropout = 0.0
        public var targets = ["c_attn"]
    }

    /// The optimizer's course.
    public struct TrainingSection: Sendable, Equatable {
        public var epochs = 3
        public var steps: Int?
        public var batchSize = 8
        public var accumulation = 1
        public var learningRate: Double?
        public var minimumLearningRate: Double?
        public var schedule = LearningRateSchedule.Shape.cosine
        public var warmupSteps: Int?
        public var weightDecay = 0.01
        public var beta1 = 0.9
        public var beta2 = 0.999
        public var epsilon = 1e-8
        public var gradientClip = 1.0
        public var seed = 1
        public var precision = "f32"
        public var threads = 0
        public var saveEvery: Int?
        public var keepLast = 2
        public var logEvery = 10
        public var earlyStoppingPatience: Int?
    }

    /// When and how the validation split is measured.
    public struct EvaluationSection: Sendable, Equatable {
        public var every: Int?
        public var batchSize = 8
        public var maximumTokens: Int?
        public var window: Int?
        public var stride: Int?
        public var samples: [String] = []
    }

    /// Defaults of generation that are stored with the model.
    public struct GenerationSection: Sendable, Equatable {
        public var maximumTokens = 64
        public var temperature = 0.8
        public var topK = 0
        public var topP = 1.0
        public var repetitionPenalty = 1.0
        public var stop: [String] = []
    }

    /// The shape of a model from nothing with `vocabularySize` tokens.
    public func modelConfig(vocabularySize: Int) -> ModelConfig {
        ModelConfig(
            vocabularySize: vocabularySize, contextLength: model.contextLength, blockCount: model.blockCount,
            headCount: model.headCount, modelWidth: model.modelWidth, feedForwardWidth: model.feedForwardWidth,
            activation: model.activation, biases: model.biases, tiedHead: model.tiedHead,
            layerNormEpsilon: Float(model.layerNormEpsilon), attentionWindows: model.attentionWindows,
            scalesAttention: model.scalesAttention, scalesAttentionByBlock: model.scalesAttentionByBlock,
            attentionInputBias: model.attentionInputBias)
    }

    /// The adapters that are trained; nil where the whole model is.
    public var adapter: AdapterConfig? {
        guard method.type == "lora" else { return nil }
        return AdapterConfig(
            rank: method.rank, alpha: method.alpha, dropout: method.dropout, targets: method.targets)
    }

    /// Takes over the shape of a model that exists.
    public mutating func adopt(_ config: ModelConfig) {
        model.blockCount = config.blockCount
        model.headCount = config.headCount
        model.modelWidth = config.modelWidth
        model.feedForwardWidth = config.feedForwardWidth
        model.contextLength = config.contextLength
        model.activation = config.activation
        model.biases = config.biases
        model.tiedHead = config.tiedHead
        // The shortest decimal: 1e-5 stays 1e-5 on its way through a Float.
        model.layerNormEpsilon = Double(config.layerNormEpsilon.description) ?? Double(config.layerNormEpsilon)
        model.attentionWindows = config.attentionWindows
        model.scalesAttention = config.scalesAttention
        model.scalesAttentionByBlock = config.scalesAttentionByBlock
        model.attentionInputBias = config.attentionInputBias
        tokenizer.vocabularySize = config.vocabularySize
    }

    /// Settles the values whose default depends on others: dropout and learning rate on whether there is a base, the
    /// rest on those and on how long the run is.
    ///
    /// - Parameter totalSteps: the run's length in steps.
    public mutating func resolve(totalSteps: Int) {
        let fromNothing = model.base == nil
        let dropout = fromNothing ? 0 : 0.1
        model.embeddingDropout = model.embeddingDropout ?? dropout
        model.attentionDropout = model.attentionDropout ?? dropout
        model.residualDropout = model.residualDropout ?? dropout
        model.feedForwardWidth = model.feedForwardWidth ?? 4 * model.modelWidth
        let peak = training.learningRate ?? (fromNothing ? 1e-3 : adapter != nil ? 2e-4 : 5e-5)
        training.learningRate = peak
        training.minimumLearningRate = training.minimumLearningRate ?? peak / 10
        training.warmupSteps = training.warmupSteps ?? min(100, Int((0.06 * Double(totalSteps)).rounded()))
        evaluation.window = evaluation.window ?? model.contextLength
        evaluation.stride = evaluation.stride ?? evaluation.window
    }

    /// How the optimizer's learning rate moves. Call after `resolve`.
    public func learningRateSchedule(totalSteps: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            shape: training.schedule, peak: training.learningRate ?? 0, minimum: training.minimumLearningRate ?? 0,
            warmupSteps: training.warmupSteps ?? 0, totalSteps: totalSteps)
    }
}
