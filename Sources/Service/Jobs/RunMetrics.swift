// The numbers of a run by step, read from its metrics.jsonl as the file grows.

import Foundation
import StrictJSON

/// What is known of a step.
package struct StepMetrics: Sendable, Equatable {
    package var step: Int
    package var trainLoss: Double?
    package var trainTokenAccuracy: Double?
    package var trainSequenceAccuracy: Double?
    package var tokens = 0
    package var examples = 0
    /// Of one batch of the validation file.
    package var validLoss: Double?
    package var validTokenAccuracy: Double?
    /// Of all of it.
    package var fullValidLoss: Double?
    package var fullValidTokenAccuracy: Double?
    package var fullValidSequenceAccuracy: Double?
    /// The numbers of a classifier, in the order of the file.
    package var classes: [String: Double] = [:]
    /// Whether the line of training was there.
    var hasTraining = false

    init(step: Int) { self.step = step }

    /// Takes over what a line says.
    mutating func add(_ line: JSONObject) {
        if line["learningRate"] != nil {
            hasTraining = true
            trainLoss = line["loss"]?.number
            trainTokenAccuracy = line["tokenAccuracy"]?.number
            trainSequenceAccuracy = line["sequenceAccuracy"]?.number
            tokens = line["tokens"]?.integer ?? 0
            examples = line["examples"]?.integer ?? 0
        } else if let loss = line["batchValidationLoss"] {
            validLoss = loss.number
            validTokenAccuracy = line["batchValidationTokenAccuracy"]?.number
        } else if let loss = line["validationLoss"] {
            fullValidLoss = loss.number
            fullValidTokenAccuracy = line["validationTokenAccuracy"]?.number
            fullValidSequenceAccuracy = line["validationSequenceAccuracy"]?.number
            for member in line.members where member.key.hasPrefix("classification/") {
                classes[member.key] = member.value.number
            }
        }
    }

    /// Whether everything has been measured that a plan measures after this step.
    func isComplete(_ plan: JobPlan) -> Bool {
        hasTraining && (!plan.measuresBatch(step) || validLoss != nil)
            && (!plan.measuresAll(step) || fullValidLoss != nil)
    }

    /// The members of an event's `data` and of a checkpoint's `metrics`.
    func members(totalSteps: Int?) -> [(key: String, value: JSONOutput)] {
        var members: [(key: String, value: JSONOutput)] = [("step", .integer(step)), ("train_loss", .real(trainLoss))]
        if let totalSteps { members.append(("total_steps", .integer(totalSteps))) }
        members.append(("train_mean_token_accuracy", .real(trainTokenAccuracy)))
        if let validLoss {
            members.append(("valid_loss", .number(validLoss)))
            members.append(("valid_mean_token_accuracy", .real(validTokenAccuracy)))
        }
        if let fullValidLoss {
            members.append(("full_valid_loss", .number(fullValidLoss)))
            members.append(("full_valid_mean_token_accuracy", .real(fullValidTokenAccuracy)))
        }
        return members
    }

    /// `Step 131/303: training loss=0.25, validation loss=0.37`
    func message(totalSteps: Int) -> String {
        func text(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "nan" }
        var message = "Step \(step)/\(totalSteps): training loss=\(text(trainLoss))"
        if let validLoss { message += ", validation loss=\(text(validLoss))" }
        if let fullValidLoss { message += ", full validation loss=\(text(fullValidLoss))" }
        return message
    }
}

/// Follows the file of a run. A run that continues from a checkpoint writes the file again, shorter; it is then read from
/// its start, and holds the same numbers for the same steps.
package struct RunMetrics {
    private let path: String
    private var offset: UInt64 = 0
    private var file: UInt64 = 0
    private var rest: [UInt8] = []
    /// By step; lines of step 0 are of the base.
    package private(set) var steps: [Int: StepMetrics] = [:]
    package private(set) var lastStep = 0

    package init(path: String) { self.path = path }

    /// Reads what is new.
    package mutating func read() {
        guard let handle = FileHandle(forReadingAtPath: path) else { return }
        defer { try? handle.close() }
        var status = stat()
        guard fstat(handle.fileDescriptor, &status) == 0 else { return }
        if UInt64(status.st_ino) != file || UInt64(status.st_size) < offset {
            (file, offset, rest, steps, lastStep) = (UInt64(status.st_ino), 0, [], [:], 0)
        }
        guard UInt64(status.st_size) > offset, (try? handle.seek(toOffset: offset)) != nil,
            let data = try? handle.readToEnd()
        else { return }
        offset += UInt64(data.count)
        rest += data
        while let end = rest.firstIndex(of: 0x0A) {
            add(Array(rest[..<end]))
            rest.removeFirst(end + 1)
        }
    }

    private mutating func add(_ line: [UInt8]) {
        guard let object = (try? JSONText.parse(line))?.object, let step = object["step"]?.integer else { return }
        steps[step, default: StepMetrics(step: step)].add(object)
        lastStep = max(lastStep, step)
    }
}
