// What was chosen for a job: hyperparameters, config keys with their reasons, and the length of the run.

import StrictJSON
import Training

/// Written when everything is settled, before the first step; a job that is started again keeps it.
package struct JobPlan: Sendable, Equatable {
    package var epochs: Int
    package var batchSize: Int
    package var learningRateMultiplier: Double
    package var promptLossWeight: Double
    /// The config, as keys and values in the order in which they are set.
    package var settings: [JobOrder.Setting]
    package var choices: [TuningChoice]
    package var totalSteps: Int
    package var stepsPerEpoch: Int
    /// Steps between measurements of one batch of the validation file; nil without such a file.
    package var batchEvery: Int?
    /// What the last bits depend on.
    package var precision: String
    package var kernel: String
    package var threads: Int

    package init(
        epochs: Int, batchSize: Int, learningRateMultiplier: Double, promptLossWeight: Double,
        settings: [JobOrder.Setting], choices: [TuningChoice], totalSteps: Int, stepsPerEpoch: Int, batchEvery: Int?,
        precision: String, kernel: String, threads: Int
    ) {
        (self.epochs, self.batchSize) = (epochs, batchSize)
        (self.learningRateMultiplier, self.promptLossWeight) = (learningRateMultiplier, promptLossWeight)
        (self.settings, self.choices) = (settings, choices)
        (self.totalSteps, self.stepsPerEpoch, self.batchEvery) = (totalSteps, stepsPerEpoch, batchEvery)
        (self.precision, self.kernel, self.threads) = (precision, kernel, threads)
    }

    /// Whether the last step of an epoch.
    func isEndOfEpoch(_ step: Int) -> Bool { step > 0 && (step % max(1, stepsPerEpoch) == 0 || step == totalSteps) }

    /// Whether a batch of the validation file, and all of it, is measured after a step.
    func measuresBatch(_ step: Int) -> Bool {
        batchEvery.map { step % $0 == 0 || isEndOfEpoch(step) } ?? false
    }
    func measuresAll(_ step: Int) -> Bool { batchEvery != nil && isEndOfEpoch(step) }

    /// The hyperparameters as clients of the newer and of the older API see them.
    var hyperparameters: [(key: String, value: JSONOutput)] {
        let beta = settings.first { $0.key == "method.beta" }.flatMap { Double($0.value) }
        return (beta.map { [("beta", .number($0))] } ?? []) + [
            ("batch_size", .integer(batchSize)), ("learning_rate_multiplier", .number(learningRateMultiplier)),
            ("n_epochs", .integer(epochs)),
        ]
    }

    package var json: JSONOutput {
        [
            "epochs": .integer(epochs), "batchSize": .integer(batchSize),
            "learningRateMultiplier": .number(learningRateMultiplier), "promptLossWeight": .number(promptLossWeight),
            "settings": .array(settings.map { ["key": .string($0.key), "value": .string($0.value)] }),
            "choices": .array(
                choices.map {
                    ["key": .string($0.key), "value": .string($0.value), "reason": .string($0.reason)]
                }),
            "totalSteps": .integer(totalSteps), "stepsPerEpoch": .integer(stepsPerEpoch),
            "batchEvery": .count(batchEvery), "precision": .string(precision), "kernel": .string(kernel),
            "threads": .integer(threads),
        ]
    }

    package init?(_ node: JSONNode) {
        guard let object = node.object, let epochs = object["epochs"]?.integer,
            let batchSize = object["batchSize"]?.integer,
            let multiplier = object["learningRateMultiplier"]?.number,
            let promptLossWeight = object["promptLossWeight"]?.number,
            let total = object["totalSteps"]?.integer, let perEpoch = object["stepsPerEpoch"]?.integer,
            let precision = object["precision"]?.string, let kernel = object["kernel"]?.string,
            let threads = object["threads"]?.integer
        else { return nil }
        self.init(
            epochs: epochs, batchSize: batchSize, learningRateMultiplier: multiplier,
            promptLossWeight: promptLossWeight,
            settings: (object["settings"]?.array ?? []).compactMap(JobOrder.Setting.init),
            choices: (object["choices"]?.array ?? []).compactMap { node in
                guard let object = node.object, let key = object["key"]?.string, let value = object["value"]?.string,
                    let reason = object["reason"]?.string
                else { return nil }
                return TuningChoice(key, value, reason)
            },
            totalSteps: total, stepsPerEpoch: perEpoch, batchEvery: object["batchEvery"]?.integer,
            precision: precision, kernel: kernel, threads: threads)
    }
}
