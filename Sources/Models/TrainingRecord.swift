// How a model was trained, as far as a model card tells it.

import Checkpoint
import StrictJSON

/// Facts from a checkpoint's `/state` and from the group `training` of its `/config`, read when a card is written.
struct TrainingRecord {
    let step: Int
    let totalSteps: Int
    let seed: Int
    /// Nats per token on the validation split, and the step that reached it.
    let bestLoss: Double?
    let bestStep: Int
    let dataHash: String
    /// Sequences of a step.
    let sequencesPerStep: Int
    let learningRate: Double?
    let schedule: String
    let weightDecay: Double
    let gradientClip: Double
    let beta1: Double
    let beta2: Double
    let epsilon: Double

    /// nil for a checkpoint that no run can resume from.
    init?(_ reader: CheckpointReader) throws {
        guard reader.texts.contains("/state") else { return nil }
        let root = try JSONText.parse(reader.text("/state", maximumBytes: 1 << 20))
        guard let state = root.object, let step = state["step"]?.integer,
            let totalSteps = state["totalSteps"]?.integer, let seed = state["seed"]?.integer,
            let bestStep = state["bestStep"]?.integer, let dataHash = state["dataHash"]?.string
        else { throw ModelError.badCheckpoint(path: reader.path, reason: "its /state has not what a run's has") }
        (self.step, self.totalSteps, self.seed) = (step, totalSteps, seed)
        (self.bestStep, self.dataHash, bestLoss) = (bestStep, dataHash, state["bestLoss"]?.number)

        let path = "\(reader.path)/config"
        let training = try ConfigText(reader.text("/config", maximumBytes: 1 << 20), path: path).group("training")
        let (counts, numbers) = (1...(1 << 20), -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
        sequencesPerStep =
            try training.integer("batchSize", in: counts) * training.integer("accumulation", in: counts)
        learningRate = try training.value("learningRate", "number or null", default: .some(nil)) { node in
            node.isNull ? .some(nil) : node.number.map { .some($0) }
        }
        schedule = try training.value("schedule", "text", default: nil, \.string)
        weightDecay = try training.number("weightDecay", in: numbers)
        gradientClip = try training.number("gradientClip", in: numbers)
        beta1 = try training.number("beta1", in: numbers)
        beta2 = try training.number("beta2", in: numbers)
        epsilon = try training.number("epsilon", in: numbers)
    }
}
