// What a run tells whoever watches it.

import Datasets
import Evaluation
import Model
import Models

/// One event of a run, in the order in which they happen.
public enum Progress: Sendable {
    /// Everything is ready: name, shape, data, and what the arithmetic depends on.
    case started(RunSummary)
    /// Something that a person should know, but that ends nothing.
    case notice(String)
    case step(StepReport, totalSteps: Int, tokensPerSecond: Double)
    case evaluated(step: Int, EvaluationResult, isBest: Bool)
    case sample(step: Int, prompt: String, text: String)
    case saved(step: Int, path: String, seconds: Double)
}

/// What a run is about to do.
public struct RunSummary: Sendable {
    public var run: String
    public var parameters: Int
    /// Fewer where adapters are trained.
    public var trainedParameters: Int
    public var vocabularySize: Int
    public var data: [String]
    public var totalSteps: Int
    public var tokensPerStep: Int
    public var stepsPerEpoch: Int
    public var firstStep: Int
    public var threads: Int
    public var precision: Precision
    public var kernel: String
    /// Multiplications and additions that a token needs, and how many the machine could do a second at the very most
    /// (`MachinePeak`): tokens per second times their quotient is the model FLOPs utilisation.
    public var flopsPerToken: Double
    public var peakFlopsPerSecond: Double
    /// Of weights, gradients, moments and activations.
    public var memory: TrainingMemory
    /// Bytes that it comes to.
    public var estimatedBytes: Int { memory.bytes }
}

/// Why a run ended.
public enum StopReason: String, Sendable {
    case finished
    case earlyStopping
    case interrupt
    case terminate
}

/// How a run ended.
public struct RunResult: Sendable {
    public var run: String
    public var steps: Int
    public var epochs: Double
    public var trainLoss: Double?
    public var validation: EvaluationResult?
    public var bestCheckpoint: String?
    public var lastCheckpoint: String?
    public var tokensPerSecond: Double
    public var peakMemoryBytes: Int
    public var seconds: Double
    public var stopped: StopReason
}
