// What a job's process is told: everything that was asked for, with resolved paths, in `request.json` of the job's folder.

import Files
import Foundation
import StrictJSON
import Training

/// The order of one job.
package struct JobOrder: Sendable, Equatable {
    /// How a classifier is measured after each epoch.
    package struct Classes: Sendable, Equatable {
        /// Of several classes; nil where there are two.
        package var count: Int?
        package var positive: String?
        package var betas: [Double] = []

        package init(count: Int? = nil, positive: String? = nil, betas: [Double] = []) {
            (self.count, self.positive, self.betas) = (count, positive, betas)
        }
    }

    /// One key of a run's config and its value as JSON.
    package struct Setting: Sendable, Equatable {
        package var key: String
        package var value: String

        package init(_ key: String, _ value: String) { (self.key, self.value) = (key, value) }
    }

    package var job: String
    package var isLegacy: Bool
    /// As a run's `model.base`.
    package var base: String
    /// The run's folder.
    package var run: String
    /// Data files, and what the client calls them.
    package var training: String
    package var trainingName: String
    package var validation: String?
    package var validationName: String?
    /// nil: chosen.
    package var epochs: Int?
    package var batchSize: Int?
    package var learningRateMultiplier: Double?
    package var promptLossWeight: Double?
    package var seed: Int
    package var leastExamples: Int
    package var classes: Classes?
    package var settings: [Setting] = []
    package var samples: [String] = []

    package init(
        job: String, isLegacy: Bool, base: String, run: String, training: String, trainingName: String, seed: Int,
        leastExamples: Int
    ) {
        (self.job, self.isLegacy, self.base, self.run) = (job, isLegacy, base, run)
        (self.training, self.trainingName) = (training, trainingName)
        (self.seed, self.leastExamples) = (seed, leastExamples)
    }

    /// What is learned.
    package var objective: Objective {
        settings.first { $0.key == "method.objective" }.flatMap { setting in
            Objective.allCases.first { "\"\($0.rawValue)\"" == setting.value }
        } ?? .likelihood
    }

    package var json: JSONOutput {
        [
            "job": .string(job), "legacy": .bool(isLegacy), "base": .string(base), "run": .string(run),
            "training": .string(training), "trainingName": .string(trainingName), "validation": .text(validation),
            "validationName": .text(validationName), "epochs": .count(epochs), "batchSize": .count(batchSize),
            "learningRateMultiplier": .real(learningRateMultiplier), "promptLossWeight": .real(promptLossWeight),
            "seed": .integer(seed), "leastExamples": .integer(leastExamples),
            "classes": classes.map { classes in
                [
                    "count": .count(classes.count), "positive": .text(classes.positive),
                    "betas": .array(classes.betas.map { .number($0) }),
                ]
            } ?? .null,
            "settings": .array(settings.map { ["key": .string($0.key), "value": .string($0.value)] }),
            "samples": .array(samples.map { .string($0) }),
        ]
    }

    /// Reads what `json` wrote; nil where it is something else.
    package init?(_ node: JSONNode) {
        guard let object = node.object, let job = object["job"]?.string, let isLegacy = object["legacy"]?.bool,
            let base = object["base"]?.string, let run = object["run"]?.string,
            let training = object["training"]?.string, let trainingName = object["trainingName"]?.string,
            let seed = object["seed"]?.integer, let least = object["leastExamples"]?.integer
        else { return nil }
        self.init(
            job: job, isLegacy: isLegacy, base: base, run: run, training: training, trainingName: trainingName,
            seed: seed, leastExamples: least)
        (validation, validationName) = (object["validation"]?.string, object["validationName"]?.string)
        (epochs, batchSize) = (object["epochs"]?.integer, object["batchSize"]?.integer)
        learningRateMultiplier = object["learningRateMultiplier"]?.number
        promptLossWeight = object["promptLossWeight"]?.number
        classes = object["classes"]?.object.map {
            Classes(
                count: $0["count"]?.integer, positive: $0["positive"]?.string,
                betas: ($0["betas"]?.array ?? []).compactMap(\.number))
        }
        settings = (object["settings"]?.array ?? []).compactMap(Setting.init)
        samples = (object["samples"]?.array ?? []).compactMap(\.string)
    }
}

extension JobOrder.Setting {
    init?(_ node: JSONNode) {
        guard let key = node.object?["key"]?.string, let value = node.object?["value"]?.string else { return nil }
        self.init(key, value)
    }
}
