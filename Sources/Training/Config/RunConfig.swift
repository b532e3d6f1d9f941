// All settings of a run, with their defaults; `ConfigKey.all` documents them.

import Conversations
import Datasets
import Kernels
import Model

/// A run's config. Optional values are nil until `resolve` sets their default, which depends on other values.
package struct RunConfig: Sendable, Equatable {
    package var model = ModelSection()
    package var tokenizer = TokenizerSection()
    package var data = DataSection()
    package var method = MethodSection()
    package var training = TrainingSection()
    package var evaluation = EvaluationSection()
    package var generation = GenerationSection()

    package init() {}

    /// The base, or the shape of a model trained from scratch; and dropout.
    @dynamicMemberLookup
    package struct ModelSection: Sendable, Equatable {
        package var base: String?
        package var shape = ModelShape(
            vocabularySize: 0, contextLength: 256, blockCount: 4, headCount: 4, modelWidth: 128)
        package var embeddingDropout: Double?
        package var attentionDropout: Double?
        package var residualDropout: Double?

        /// The shape's sizes and variants are keys of this section.
        package subscript<Value>(dynamicMember path: WritableKeyPath<ModelShape, Value>) -> Value {
            get { shape[keyPath: path] }
            set { shape[keyPath: path] = newValue }
        }
    }

    /// The tokenizer.
    package struct TokenizerSection: Sendable, Equatable {
        package var path: String?
        package var vocabularySize = 4096
        package var split = "gpt2"
    }

    /// Data files, and how they are read and split.
    package struct DataSection: Sendable, Equatable {
        package var train: [String] = []
        package var validation: [String] = []
        package var test: [String] = []
        package var format = DataFormat.auto
        /// Keys of rows that are ignored.
        package var ignoreKeys: [String] = []
        /// nil for the base's own, or else for the default of the rows.
        package var template: ChatTemplate?
        /// Whether only the base's own template will do.
        package var asksForBaseTemplate = false
        package var promptLossWeight = 0.0
        package var overlong = OverlongPolicy.error
        package var rowsWithoutLoss = "error"
        package var validationFraction = 0.1
        package var testFraction = 0.0
        package var splitSeed = 1
        package var shuffle = true
        package var startToken = false
        /// Share of rows among those of training that are the program's own and keep a model declining.
        package var safetyMix = 0.0
    }

    /// What to train.
    package struct MethodSection: Sendable, Equatable {
        package var type = "full"
        package var rank = 8
        package var alpha = 16.0
        package var dropout = 0.0
        package var targets = ["attention"]
        package var baseWeights = WeightFormat.f32
        package var objective = Objective.likelihood
        package var beta = 0.1
    }

    /// The training loop and the optimizer.
    package struct TrainingSection: Sendable, Equatable {
        package var epochs = 3
        package var steps: Int?
        package var batchSize = 8
        package var accumulation = 1
        package var learningRate: Double?
        package var minimumLearningRate: Double?
        package var schedule = LearningRateSchedule.Shape.cosine
        package var cooldownFraction = 0.2
        /// Of a run that was continued: the plans before `schedule`.
        package var earlierPlans: [LearningRateSchedule.EarlierPlan] = []
        package var warmupSteps: Int?
        package var weightDecay = 0.01
        package var beta1 = 0.9
        package var beta2 = 0.999
        package var epsilon = 1e-8
        package var gradientClip = 1.0
        package var lossSpikes = LossSpikePolicy.warn
        package var spikeDeviations = 10.0
        package var seed = 1
        /// f32, bf16, or auto until a measurement has settled it.
        package var precision = RunConfig.measuredPrecision
        package var recomputeActivations = false
        package var shardOptimizer = false
        package var threads = 0
        package var saveEvery: Int?
        package var keepLast = 2
        package var logEvery = 10
        package var logAccuracy = false
        package var keepEpochs = false
        package var earlyStoppingPatience: Int?
    }

    /// When and how the validation split is evaluated.
    package struct EvaluationSection: Sendable, Equatable {
        package var every: Int?
        package var batchSize = 8
        package var maximumTokens: Int?
        package var window: Int?
        package var stride: Int?
        package var samples: [String] = []
        /// Whether samples are questions, asked with the model's template.
        package var asksSamples = false
        package var batchEvery: Int?
    }

    /// Defaults of generation, stored with the model.
    package struct GenerationSection: Sendable, Equatable {
        package var maximumTokens = 64
        package var temperature = 0.8
        package var topK = 0
        package var topP = 1.0
        package var repetitionPenalty = 1.0
        package var stop: [String] = []
    }

    /// The architecture of a model trained from scratch with `vocabularySize` tokens. Throws if its shape is invalid.
    package func architecture(vocabularySize: Int) throws(ArchitectureError) -> Architecture {
        var shape = model.shape
        shape.vocabularySize = vocabularySize
        try shape.validate()
        return Architecture(gpt2: shape)
    }

    /// The value of `training.precision` that a measurement replaces.
    package static let measuredPrecision = "auto"

    /// The LoRA adapters to train; nil to train the full model.
    package var adapter: AdapterConfig? {
        guard method.type == "lora" else { return nil }
        return AdapterConfig(
            rank: method.rank, alpha: method.alpha, dropout: method.dropout, targets: method.targets)
    }

    /// Copies what the keys can express of an existing model's architecture.
    package mutating func adopt(_ architecture: Architecture) { adopt(ModelShape(summaryOf: architecture)) }

    /// Copies the shape of an existing model.
    package mutating func adopt(_ shape: ModelShape) {
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
    package mutating func resolve(totalSteps: Int, usualDropout: Double = 0.1) {
        let isFromScratch = model.base == nil
        let dropout = isFromScratch ? 0 : usualDropout
        model.embeddingDropout = model.embeddingDropout ?? dropout
        model.attentionDropout = model.attentionDropout ?? dropout
        model.residualDropout = model.residualDropout ?? dropout
        model.feedForwardWidth = model.feedForwardWidth ?? 4 * model.modelWidth
        let usual = isFromScratch ? 1e-3 : adapter != nil ? 2e-4 : 5e-5
        // Rewards change with complete answers, so smaller steps do.
        let peak = training.learningRate ?? (method.objective.isPreference ? usual / 10 : usual)
        training.learningRate = peak
        training.minimumLearningRate = training.minimumLearningRate ?? peak / 10
        training.warmupSteps = training.warmupSteps ?? min(100, Int((0.06 * Double(totalSteps)).rounded()))
        evaluation.window = evaluation.window ?? model.contextLength
        evaluation.stride = evaluation.stride ?? evaluation.window
    }

    /// The learning rate of each step. Call after `resolve`.
    package func learningRateSchedule(totalSteps: Int) -> LearningRateSchedule {
        LearningRateSchedule(
            peak: training.learningRate ?? 0, minimum: training.minimumLearningRate ?? 0,
            warmupSteps: training.warmupSteps ?? 0, plan: learningRatePlan(totalSteps: totalSteps),
            earlier: training.earlierPlans)
    }

    /// What the config says of the steps to come.
    func learningRatePlan(totalSteps: Int) -> LearningRateSchedule.Plan {
        .init(shape: training.schedule, totalSteps: totalSteps, cooldownFraction: training.cooldownFraction)
    }
}
