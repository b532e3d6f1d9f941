// `machine.json` in a run's folder: what the run computed with and started from, so that a repetition can say what differs.

import Files
import Foundation
import Kernels
import Models
import StrictJSON

/// What the last bits of a result depend on in addition to the config and the data.
package struct MachineRecord: Sendable, Equatable {
    package static let fileName = "machine.json"

    package var processor: String
    package var threads: Int
    package var kernel: String
    package var openBLAS: String
    package var oneDNN: String
    /// SHA-256 of the base's weights; nil from scratch.
    package var baseHash: String?

    /// This process. `Machine.prepare` has settled threads and kernel.
    package static func here(baseHash: String? = nil) -> MachineRecord {
        MachineRecord(
            processor: processorName ?? "unknown", threads: ParallelFor.threadCount, kernel: BLASKernel.name,
            openBLAS: BLASKernel.library, oneDNN: RoundedWeight.libraryVersion, baseHash: baseHash)
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
        return list.compactMap { $0.object.map(MachineRecord.init) }
    }

    /// Writes it into the run's folder, after those that differ from it.
    func add(to folder: RunFolder) throws {
        var list = MachineRecord.read(folder)
        var record = self
        // A resumed run may not have read its base again.
        record.baseHash = baseHash ?? list.last?.baseHash
        if list.last == record { return }
        list.append(record)
        let json = JSONOutput.array(list.map(\.json))
        try AtomicFile.write(json.serialized(pretty: true) + "\n", to: folder.file(MachineRecord.fileName))
    }

    private var json: JSONOutput {
        .object([
            ("processor", .string(processor)), ("threads", .integer(threads)), ("kernel", .string(kernel)),
            ("openBLAS", .string(openBLAS)), ("oneDNN", .string(oneDNN)),
            ("baseSHA256", baseHash.map { .string($0) } ?? .null),
        ])
    }

    private init(_ object: JSONObject) {
        func text(_ key: String) -> String { object[key]?.string ?? "unknown" }
        self.init(
            processor: text("processor"), threads: object["threads"]?.integer ?? 0, kernel: text("kernel"),
            openBLAS: text("openBLAS"), oneDNN: text("oneDNN"), baseHash: object["baseSHA256"]?.string)
    }

    init(processor: String, threads: Int, kernel: String, openBLAS: String, oneDNN: String, baseHash: String?) {
        (self.processor, self.threads, self.kernel) = (processor, threads, kernel)
        (self.openBLAS, self.oneDNN, self.baseHash) = (openBLAS, oneDNN, baseHash)
    }
}
