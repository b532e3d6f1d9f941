// What a run tells whoever watches it.

import Datasets
import Evaluation
import Model
import Models

/// One event of a run, in the order in which they happen.
package enum Progress: Sendable {
    /// Everything is ready: name, shape, data, and what the arithmetic depends on.
    case started(RunSummary)
    /// Something that a person should know, but that ends nothing.
    case notice(String)
    /// Something that goes wrong, with the reason and what to do; the run continues.
    case warning(String)
    /// After the first steps, once.
    case estimated(TimeEstimate)
    case step(StepReport, totalSteps: Int, tokensPerSecond: Double)
    case evaluated(step: Int, EvaluationResult, isBest: Bool)
    case sample(step: Int, prompt: String, text: String)
    case saved(step: Int, path: String, seconds: Double)
}

/// What a run is about to do.
package struct RunSummary: Sendable {
    package var run: String
    /// The resolved config.
    package var settings: [RunSetting]
    package var parameters: Int
    /// Fewer where adapters are trained.
    package var trainedParameters: Int
    package var vocabularySize: Int
    package var data: [String]
    package var totalSteps: Int
    package var stepsPerEpoch: Int
    package var firstStep: Int
    package var threads: Int
    package var precision: Precision
    package var kernel: String
    /// Multiplications and additions that a token needs, and how many the machine could do a second at the very most
    /// (`MachinePeak`): tokens per second times their quotient is the model FLOPs utilisation.
    package var flopsPerToken: Double
    package var peakFlopsPerSecond: Double
    /// Bytes that program, tokenizer and data held before the weights were there.
    package var heldBytes: Int
    /// Of weights, gradients, moments and activations.
    package var memory: TrainingMemory
    /// Bytes that it all comes to.
    package var estimatedBytes: Int { heldBytes + memory.bytes }
    /// Tokens of the training rows.
    package var tokensPerEpoch: Int
    /// Bytes of one checkpoint, about, and how many are on the disk at the same time, at most: the last ones, the best, the
    /// first or the one that was resumed from, the one that is being written, and the ends of epochs where all are kept.
    package var checkpointBytes: Int
    package var checkpointCount: Int
}

/// A key of a resolved config.
package struct RunSetting: Sendable, Equatable {
    package var key: String
    /// As JSON.
    package var value: String
    /// A file with its line, a flag, `base`, `measured`, `default`.
    package var origin: String
    /// Whether the value is what it is without a config.
    package var isPlainDefault: Bool
}

/// Why a run ended.
package enum StopReason: String, Sendable, CaseIterable {
    case finished
    case earlyStopping
    case interrupt
    case terminate
    /// The terminal was closed.
    case hangUp
}

/// How a run ended.
package struct RunResult: Sendable {
    package var run: String
    package var steps: Int
    package var epochs: Double
    package var trainLoss: Double?
    package var validation: EvaluationResult?
    package var bestCheckpoint: String?
    package var lastCheckpoint: String?
    package var tokensPerSecond: Double
    package var peakMemoryBytes: Int
    package var seconds: Double
    package var stopped: StopReason
}
