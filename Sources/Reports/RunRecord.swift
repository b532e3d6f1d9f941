// Everything that a run's folder says of the run, read from its small files.

import Checkpoint
import Foundation
import Models
import StrictJSON

/// A run as its files describe it. What is missing or cannot be read is nil or empty: a run that was cut off, or that still
/// runs, has a record too.
package struct RunRecord: Sendable {
    /// A line of metrics.jsonl that training wrote.
    package struct TrainingPoint: Sendable, Equatable {
        package var step: Int
        package var epoch: Double
        /// Mean loss per weighted token since the line before; nil where every step was skipped.
        package var loss: Double?
        package var learningRate: Double
        package var gradientNorm: Double
        package var skippedSteps: Int
        /// Mean rewards of the answers that people want and of the others; nil without a preference objective.
        package var chosenReward: Double?
        package var rejectedReward: Double?
    }

    /// A line of metrics.jsonl that an evaluation wrote.
    package struct ValidationPoint: Sendable, Equatable {
        package var step: Int
        package var loss: Double
        package var perplexity: Double
        package var bitsPerByte: Double
        package var tokenAccuracy: Double
        /// The share of pairs in the right order; nil without a preference objective for pairs.
        package var pairsInOrder: Double?
    }

    /// A line of timings.jsonl.
    package struct Timing: Sendable, Equatable {
        package var step: Int
        package var seconds: Double
        package var tokensPerSecond: Double
        package var peakMemoryBytes: Int
    }

    /// A line of samples.jsonl.
    package struct Sample: Sendable, Equatable {
        package var step: Int
        package var prompt: String
        package var text: String
    }

    /// A checkpoint in the folder.
    package struct Checkpoint: Sendable, Equatable {
        package var step: Int
        package var byteCount: Int
    }

    package let folder: RunFolder
    /// The resolved config.
    package let config: JSONObject?
    /// Where each value of the config came from, by its key.
    package let origins: [(key: String, origin: String)]
    package let ledger: JSONObject?
    package let training: [TrainingPoint]
    package let validations: [ValidationPoint]
    package let timings: [Timing]
    package let samples: [Sample]
    /// Ascending.
    package let checkpoints: [Checkpoint]
    /// What `best` names.
    package let bestStep: Int?
    /// Whether a trainer holds the run's lock at this moment.
    package let isRunning: Bool
    /// The last change of metrics.jsonl, or of the folder.
    package let changed: Date
    /// Of all files in the folder.
    package let byteCount: Int

    package init(_ folder: RunFolder) {
        self.folder = folder
        config = RunRecord.object(folder.file("config.json"))
        origins = (RunRecord.object(folder.file("origins.json"))?.members ?? []).map {
            ($0.key, $0.value.string ?? "")
        }
        ledger = RunRecord.object(folder.file("ledger.json"))
        let metrics = RunRecord.lines(folder.file("metrics.jsonl"))
        training = metrics.compactMap(TrainingPoint.init)
        validations = metrics.compactMap(ValidationPoint.init)
        timings = RunRecord.lines(folder.file("timings.jsonl")).compactMap(Timing.init)
        samples = RunRecord.lines(folder.file("samples.jsonl")).compactMap(Sample.init)
        checkpoints = folder.checkpointSteps().map { step in
            Checkpoint(step: step, byteCount: RunRecord.byteCount(folder.checkpoint(step: step)))
        }
        bestStep = FileManager.default.contents(atPath: folder.file("best")).flatMap { bytes in
            let name = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return name.hasPrefix("step-") && name.hasSuffix(".h5") ? Int(name.dropFirst(5).dropLast(3)) : nil
        }
        isRunning = RunLock.isHeld(directory: folder.path)
        let dates = [folder.file("metrics.jsonl"), folder.path].lazy.compactMap { path in
            (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        }
        changed = dates.first ?? .distantPast
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
        byteCount = names.reduce(0) { $0 + RunRecord.byteCount(folder.file($1)) }
    }

    /// All runs below `parent`, the newest first.
    package static func all(in parent: String) -> [RunRecord] { RunFolder.all(in: parent).map { RunRecord($0) } }

    // MARK: What can be said of it

    package var name: String { folder.name }
    package var lastStep: Int { max(training.last?.step ?? 0, validations.last?.step ?? 0) }
    /// The evaluation with the smallest loss.
    package var bestValidation: ValidationPoint? { validations.min { $0.loss < $1.loss } }
    package var lastLoss: Double? { training.last { $0.loss != nil }?.loss }
    /// Of training alone, about: a line of timings.jsonl has the seconds of one step, which count for all steps since the
    /// line before.
    package var seconds: Double {
        zip([0] + timings.map(\.step), timings).reduce(0) { $0 + $1.1.seconds * Double(max(1, $1.1.step - $1.0)) }
    }
    /// The median over the lines of timings.jsonl.
    package var tokensPerSecond: Double? { median(timings.map(\.tokensPerSecond)) }
    package var peakMemoryBytes: Int? { timings.map(\.peakMemoryBytes).max() }

    /// A value of the config, by its key with a dot.
    package func value(_ key: String) -> JSONNode? {
        let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
        guard let first = parts.first, let node = config?[first] else { return nil }
        return parts.count == 1 ? node : node.object?[parts[1]]
    }

    /// The base's name or path; nil for a model from scratch.
    package var base: String? { value("model.base")?.string }

    /// Steps that the config asks for; nil where it counts epochs.
    package var plannedSteps: Int? { value("training.steps")?.integer }

    /// "LoRA, rank 16" or "all weights".
    package var method: String {
        guard value("method.type")?.string == "lora" else { return "all weights" }
        return value("method.rank")?.integer.map { "LoRA, rank \($0)" } ?? "LoRA"
    }
}

/// nil for no values.
package func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
}

// MARK: Reading

extension RunRecord {
    fileprivate static func object(_ path: String) -> JSONObject? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONText.parse([UInt8]($0)) }?.object
    }

    /// The objects of a file with one on each line. A line that is being written is ignored.
    fileprivate static func lines(_ path: String) -> [JSONObject] {
        guard let content = FileManager.default.contents(atPath: path) else { return [] }
        return [UInt8](content).split(separator: 0x0A).compactMap { (try? JSONText.parse([UInt8]($0)))?.object }
    }

    fileprivate static func byteCount(_ path: String) -> Int {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    }
}

extension RunRecord.TrainingPoint {
    fileprivate init?(_ line: JSONObject) {
        guard let step = line["step"]?.integer, let rate = line["learningRate"]?.number else { return nil }
        self.init(
            step: step, epoch: line["epoch"]?.number ?? 0, loss: line["loss"]?.number, learningRate: rate,
            gradientNorm: line["gradientNorm"]?.number ?? .nan, skippedSteps: line["skippedSteps"]?.integer ?? 0,
            chosenReward: line["rewardChosen"]?.number, rejectedReward: line["rewardRejected"]?.number)
    }
}

extension RunRecord.ValidationPoint {
    fileprivate init?(_ line: JSONObject) {
        guard let step = line["step"]?.integer, let loss = line["validationLoss"]?.number else { return nil }
        self.init(
            step: step, loss: loss, perplexity: line["validationPerplexity"]?.number ?? .nan,
            bitsPerByte: line["validationBitsPerByte"]?.number ?? .nan,
            tokenAccuracy: line["validationTokenAccuracy"]?.number ?? .nan,
            pairsInOrder: line["validationRewardAccuracy"]?.number)
    }
}

extension RunRecord.Timing {
    fileprivate init?(_ line: JSONObject) {
        guard let step = line["step"]?.integer, let seconds = line["seconds"]?.number else { return nil }
        self.init(
            step: step, seconds: seconds, tokensPerSecond: line["tokensPerSecond"]?.number ?? 0,
            peakMemoryBytes: line["peakMemoryBytes"]?.integer ?? 0)
    }
}

extension RunRecord.Sample {
    fileprivate init?(_ line: JSONObject) {
        guard let step = line["step"]?.integer, let prompt = line["prompt"]?.string, let text = line["text"]?.string
        else { return nil }
        self.init(step: step, prompt: prompt, text: text)
    }
}
