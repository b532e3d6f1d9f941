// What a rehearsal promises, and how a run ended.

internal import Training

extension FineTuning {
    /// What to expect of a run.
    public struct Estimate: Sendable, Equatable {
        /// What the run would do.
        public let plan: Plan
        /// Measured over a few steps.
        public let tokensPerSecond: Double
        /// Seconds for the steps and evaluations of the run.
        public let expectedSeconds: Double
        /// The most memory that the process has held so far.
        public let peakMemoryBytes: Int
        /// Bytes of one checkpoint on the disk.
        public let checkpointBytes: Int
        /// What a person should know of data and base.
        public let notes: [String]

        init(_ rehearsal: DryRun, notes: [String]) {
            plan = Plan(rehearsal.summary)
            tokensPerSecond = rehearsal.tokensPerSecond
            expectedSeconds = rehearsal.expectedSeconds
            peakMemoryBytes = rehearsal.peakMemoryBytes
            checkpointBytes = rehearsal.checkpointBytes
            self.notes = notes
        }
    }

    /// Why a run ended.
    public enum Ending: String, Sendable {
        /// All steps were taken.
        case finished
        /// The validation loss had not fallen for as many evaluations as `training.earlyStoppingPatience` allows.
        case earlyStopping
        /// The caller asked for it; `resuming` continues the run.
        case stopped
    }

    /// How a run ended.
    public struct Outcome: Sendable, Equatable {
        /// The run's folder, which ``LanguageModel`` opens.
        public let folder: String
        /// Steps taken since step 0.
        public let steps: Int
        /// Passes over the training split since step 0, as a fraction.
        public let epochs: Double
        /// Mean loss of a training token over the last steps that were logged, in nats; nil where none was.
        public let trainingLoss: Double?
        /// The last measurement of the validation split; nil without such a split, and where none was finished.
        public let validation: EvaluationMetrics?
        /// The checkpoint with the lowest validation loss; without validation the newest.
        public let bestCheckpoint: String?
        /// The checkpoint of the last step.
        public let lastCheckpoint: String?
        /// Seconds that this call trained.
        public let seconds: Double
        /// Tokens per second, without evaluations and checkpoints.
        public let tokensPerSecond: Double
        /// The most memory that the process has held.
        public let peakMemoryBytes: Int
        /// Why it ended.
        public let ending: Ending

        /// e to the loss on the validation split.
        public var perplexity: Double? { validation?.perplexity }

        init(_ result: RunResult, folder: String) {
            self.folder = folder
            steps = result.steps
            epochs = result.epochs
            trainingLoss = result.trainLoss
            validation = result.validation.map { EvaluationMetrics($0) }
            bestCheckpoint = result.bestCheckpoint
            lastCheckpoint = result.lastCheckpoint
            seconds = result.seconds
            tokensPerSecond = result.tokensPerSecond
            peakMemoryBytes = result.peakMemoryBytes
            ending =
                switch result.stopped {
                case .finished: .finished
                case .earlyStopping: .earlyStopping
                case .interrupt, .terminate, .hangUp: .stopped
                }
        }
    }
}
