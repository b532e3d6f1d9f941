// All settings of a run, with their defaults; `ConfigKey.all` documents them.

import Conversations
import Datasets
import Model

/// A run's config. Optional values are nil until `resolve` sets their default, which depends on other values.
public struct RunConfig: Sendable, Equatable {
    public var model = ModelSection()
    public var tokenizer = TokenizerSection()
    public var data = DataSection()
    public var method = MethodSection()
    public var training = TrainingSection()
    public var evaluation = EvaluationSection()
    public var generation = GenerationSection()

    public init() {}

    /// The base, or the shape of a model trained from scratch; and dropout.
    @dynamicMemberLookup
    public struct ModelSection: Sendable, Equatable {
        public var base: String?
        public var shape = ModelShape(
            vocabularySize: 0, contextLength: 256, blockCount: 4, headCount: 4, modelWidth: 128)
        public var embeddingDropout: Double?
        public var attentionDropout: Double?
        public var residualDropout: Double?

        /// The shape's sizes and variants are keys of this section.
        public subscript<Value>(dynamicMember path: WritableKeyPath<ModelShape, Value>) -> Value {
            get { shape[keyPath: path] }
            set { shape[keyPath: path] = newValue }
        }
    }

    /// The tokenizer.
    public struct TokenizerSection: Sendable, Equatable {
        public var path: String?
        public var vocabularySize = 4096
        public var split = "gpt2"
    }

    /// Data files, and how they are read and split.
    public struct DataSection: Sendable, Equatable {
        public var train: [String] = []
        public var validation: [String] = []
        public var test: [String] = []
        public var format = DataFormat.auto
        /// nil for the base's own, or else for the default of the rows.
        public var template: ChatTemplate?
        /// Whether only the base's own template will do.
        public var asksForBaseTemplate = false
        public var promptLossWeight = 0.0
        public var overlong = OverlongPolicy.error
        public var rowsWithoutLoss = "error"
        public var validationFraction = 0.1
        public var testFraction = 0.0
        public var splitSeed = 1
        public var shuffle = true
        public var startToken = false
    }

    /// What to train.
    public struct MethodSection: Sendable, Equatable {
        public var type = "full"
        public var rank = 8
        public var alpha = 16.0
        public var dropout = 0.0
        public var targets = ["attention"]
    }

    /// The training loop and the optimizer.
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

    /// When and how the validation split is evaluated.
    public struct EvaluationSection: Sendable, Equatable {
        public var every: Int?
        public var batchSize = 8
        public var maximumTokens: Int?
        public var window: Int?
        public var stride: Int?
        public var samples: [String] = []
    }

    /// Defaults of generation, stored with the model.
    public struct GenerationSection: Sendable, Equatable {
        public var maximumTokens = 64
        public var temperature = 0.8
        public var topK = 0
        public var topP = 1.0
        public var repetitionPenalty = 1.0
        public var stop: [String] = []
    }

    /// The architecture of a model trained from scratch with `vocabularySize` tokens. Throws if its shape is invalid.
    public func architecture(vocabularySize: Int) throws(ArchitectureError) -> Architecture {
        var shape = model.shape
        shape.vocabularySize = vocabularySize
        try shape.validate()
        return Architecture(gpt2: shape)
    }

    /// The LoRA adapters to train; nil to train the full model.
    public var adapter: AdapterConfig? {
        guard method.type == "lora" else { return nil }
        return AdapterConfig(
            rank: method.rank, alpha: method.alpha, dropout: method.dropout, targets: method.targets)
    }

    /// Copies what the keys can express of an existing model's architecture.
    public mutating func adopt(_ architecture: Architecture) { adopt(ModelShape(summaryOf: architecture)) }

    /// Copies the shape of an existing model.
    public mutating func adopt(_ shape: ModelShape) {
        tokenizer.vocabularySize = shape.vocabularySize
        model.shape = shape
        model.shape.vocabularySize = 0
    }

    /// Sets the values whose default depends on other values: dropout and learning rate depend on the base and the method,
    /// the others on those and on the length of the run.
    ///
    /// - Parameters:
    ///   - totalSteps: the run's length in steps.
    ///   - usualDropout: what the base was trained with.
    public mutating func resolve(totalSteps: Int, usualDropout: Double = 0.1) {
        let isFromScratch = model.base == nil
        let dropout = isFromScratch ? 0 : usualDropout
        model.embeddingDropout = model.embeddingDropout ?? dropout
        model.attentionDropout = model.attentionDropout ?? dropout
        model.residualDropout = model.residualDropout ?? dropout
        model.feedForwardWidth = model.feedForwardWidth ?? 4 * model.modelWidth
        let peak = training.learningRate ?? (isFromScratch ? 1e-3 : adapter != nil ? 2e-4 : 5e-5)
        training.learningRate = peak
        training.minimumLearningRate = training.minimumLearningRate ?? peak / 10
        training.warmupSteps = training.warmupSteps ?? min(100, Int((0.06 * Double(totalSteps)).rounded()))
        evaluation.window = evaluation.window ?? model.contextLength
        evaluation.stride = evaluation.stride ?? evaluation.window
    }

    /// The learning rate of each step. Call after `resolve`.
    public func learningRateSchedule(totalSteps: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            shape: training.schedule, peak: training.learningRate ?? 0, minimum: training.minimumLearningRate ?? 0,
            warmupSteps: training.warmupSteps ?? 0, totalSteps: totalSteps)
    }
}
