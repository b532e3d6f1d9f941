// `machine.json` in a run's folder: what each part of the run computed with and where it was to end, so that a repetition
// can do the same and say what differs.

import Files
import Foundation
import Kernels
import Models
import StrictJSON

/// One part of a run, from its start or from a resume on: what its last bits depend on in addition to the config and the
/// data. The end of a part that was finished and then made longer has its own evaluation and its own line in the log.
package struct MachineRecord: Sendable, Equatable {
    package static let fileName = "machine.json"

    package var processor: String
    package var threads: Int
    package var kernel: String
    package var openBLAS: String
    package var oneDNN: String
    /// SHA-256 of the base's weights; nil from scratch.
    package var baseHash: String?
    /// Steps that were taken before the part.
    package var firstStep: Int
    /// What the part was to do.
    package var plan: LearningRateSchedule.Plan

    /// This process. `Machine.prepare` has settled threads and kernel.
    package static func here(
        baseHash: String?, firstStep: Int, plan: LearningRateSchedule.Plan
    ) -> MachineRecord {
        MachineRecord(
            processor: processorName ?? "unknown", threads: ParallelFor.threadCount, kernel: BLASKernel.name,
            openBLAS: BLASKernel.library, oneDNN: RoundedWeight.libraryVersion, baseHash: baseHash,
            firstStep: firstStep, plan: plan)
    }

    /// The processor's name as the system tells it; nil where it does not.
    package static var processorName: String? {
        let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Everything that a run has computed with, in the order of time; empty for a run of an earlier version.
    package static func read(_ folder: RunFolder) -> [MachineRecord] {
        guard let bytes = FileManager.default.contents(atPath: folder.file(fileName)),
            let list = try? JSONText.parse([UInt8](bytes)).array
        else { return [] }
        return list.compactMap { node in node.object.flatMap { MachineRecord($0) } }
    }

    /// Writes it into the run's folder, after those of which a step is left, unless the last of them is the same.
    func add(to folder: RunFolder) throws {
        let earlier = MachineRecord.read(folder)
        var (list, record) = (earlier.filter { $0.firstStep < firstStep }, self)
        // A resumed run may not have read its base again.
        record.baseHash = baseHash ?? earlier.last?.baseHash
        if let last = list.last {
            var same = record
            same.firstStep = last.firstStep
            if same == last {
                list.removeLast()
                record = same
            }
        }
        list.append(record)
        let json = JSONOutput.array(list.map(\.json))
        try AtomicFile.write(json.serialized(pretty: true) + "\n", to: folder.file(MachineRecord.fileName))
    }

    private var json: JSONOutput {
        .object([
            ("processor", .string(processor)), ("threads", .integer(threads)), ("kernel", .string(kernel)),
            ("openBLAS", .string(openBLAS)), ("oneDNN", .string(oneDNN)),
            ("baseSHA256", baseHash.map { .string($0) } ?? .null), ("firstStep", .integer(firstStep)),
            ("schedule", .string(plan.shape.rawValue)), ("totalSteps", .integer(plan.totalSteps)),
            ("cooldownFraction", .number(plan.cooldownFraction)),
        ])
    }

    /// nil where a member is missing.
    private init?(_ object: JSONObject) {
        guard let processor = object["processor"]?.string, let threads = object["threads"]?.integer, threads > 0,
            let kernel = object["kernel"]?.string, let openBLAS = object["openBLAS"]?.string,
            let oneDNN = object["oneDNN"]?.string, let firstStep = object["firstStep"]?.integer,
            let shape = object["schedule"]?.string.flatMap({ LearningRateSchedule.Shape(rawValue: $0) }),
            let totalSteps = object["totalSteps"]?.integer, let fraction = object["cooldownFraction"]?.number
        else { return nil }
        self.init(
            processor: processor, threads: threads, kernel: kernel, openBLAS: openBLAS, oneDNN: oneDNN,
            baseHash: object["baseSHA256"]?.string, firstStep: firstStep,
            plan: .init(shape: shape, totalSteps: totalSteps, cooldownFraction: fraction))
    }

    private init(
        processor: String, threads: Int, kernel: String, openBLAS: String, oneDNN: String, baseHash: String?,
        firstStep: Int, plan: LearningRateSchedule.Plan
    ) {
        (self.processor, self.threads, self.kernel) = (processor, threads, kernel)
        (self.openBLAS, self.oneDNN, self.baseHash) = (openBLAS, oneDNN, baseHash)
        (self.firstStep, self.plan) = (firstStep, plan)
    }
}
