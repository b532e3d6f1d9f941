// What a run tells while it trains.

internal import Training

extension FineTuning {
    /// One event of a run.
    public enum Progress: Sendable, Equatable {
        /// Everything is read and checked; the first step follows.
        case started(Plan)
        /// Something that a person should know, but that ends nothing.
        case notice(String)
        /// After the first steps, once: how long the run will take in all, evaluations and checkpoints included.
        case estimated(seconds: Double)
        /// A step of the optimizer was taken.
        case step(Step)
        /// The validation split was measured after a step; `isBest` where no earlier loss was lower.
        case evaluated(step: Int, metrics: EvaluationMetrics, isBest: Bool)
        /// A prompt of the key `evaluation.samples` was continued after a step.
        case sample(step: Int, prompt: String, text: String)
        /// A checkpoint of a step is on the disk.
        case saved(step: Int, path: String)

        init(_ event: Training.Progress) {
            switch event {
            case .started(let summary): self = .started(Plan(summary))
            case .notice(let text), .warning(let text): self = .notice(text)
            case .estimated(let time): self = .estimated(seconds: time.seconds)
            case .step(let report, let stepCount, let rate): self = .step(Step(report, stepCount, rate))
            case .evaluated(let step, let result, let isBest):
                self = .evaluated(step: step, metrics: EvaluationMetrics(result), isBest: isBest)
            case .sample(let step, let prompt, let text): self = .sample(step: step, prompt: prompt, text: text)
            case .saved(let step, let path, _): self = .saved(step: step, path: path)
            }
        }
    }

    /// What a run is about to do.
    public struct Plan: Sendable, Equatable {
        /// Numbers in the model.
        public let parameterCount: Int
        /// Those that are trained; fewer than `parameterCount` where adapters are.
        public let trainedParameterCount: Int
        /// Optimizer steps of the run, those of an earlier start included.
        public let stepCount: Int
        /// Steps that an earlier start of the run has taken.
        public let stepsTaken: Int
        /// Steps in one pass over the training split.
        public let stepsPerEpoch: Int
        /// The splits, one line each for people.
        public let data: [String]
        /// Bytes that weights, gradients, moments and activations take, about.
        public let memoryBytes: Int

        init(_ summary: RunSummary) {
            parameterCount = summary.parameters
            trainedParameterCount = summary.trainedParameters
            stepCount = summary.totalSteps
            stepsTaken = summary.firstStep
            stepsPerEpoch = summary.stepsPerEpoch
            data = summary.data
            memoryBytes = summary.estimatedBytes
        }
    }

    /// What a step was like.
    public struct Step: Sendable, Equatable {
        /// Its number, counted from 1.
        public let number: Int
        /// Steps of the run.
        public let stepCount: Int
        /// Passes over the training split so far, as a fraction.
        public let epoch: Double
        /// Mean loss of a token, in nats.
        public let loss: Double
        /// What the optimizer multiplied its update with.
        public let learningRate: Double
        /// Since the run or its continuation began.
        public let tokensPerSecond: Double

        init(_ report: StepReport, _ stepCount: Int, _ rate: Double) {
            number = report.step
            self.stepCount = stepCount
            epoch = report.epoch
            loss = report.loss
            learningRate = report.learningRate
            tokensPerSecond = rate
        }
    }
}
