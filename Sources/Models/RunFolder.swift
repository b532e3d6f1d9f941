// A run's folder: the names of its files, which checkpoints it holds, and which of them are valid.

import Checkpoint
import Files
import Foundation
import StrictJSON

/// `checkpoints/<run>/`.
package struct RunFolder: Sendable {
    package let path: String

    /// The folder of a project's runs.
    package static let parent = "checkpoints"

    package init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The folder of the run of this name below `parent`.
    ///
    /// - Throws: where the name could not be a folder's, or would lead out of `parent`.
    package init(named name: String, in parent: String) throws(ModelError) {
        let reason: String? =
            if name.isEmpty {
                "it is empty"
            } else if name.contains("/") {
                "it has a slash"
            } else if name.hasPrefix(".") {
                "it begins with a dot"
            } else if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                "it has a control character"
            } else if name.utf8.count > RunFolder.longestName {
                "it has \(name.utf8.count) bytes, and at most \(RunFolder.longestName) are possible"
            } else {
                nil
            }
        if let reason { throw .badRunName(name, reason: reason) }
        self.init(path: parent + "/" + name)
    }

    /// File systems take 255 bytes; files next to the folder have longer names.
    private static let longestName = 200

    /// The run's name.
    package var name: String { (path as NSString).lastPathComponent }
    package var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// The path of one of the run's files.
    package func file(_ name: String) -> String { path + "/" + name }

    package func checkpoint(step: Int) -> String { file(RunFolder.checkpointName(step: step)) }

    /// `step-000200.h5`.
    package static func checkpointName(step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".h5"
    }

    /// The steps of all checkpoints in the folder, ascending, valid or not.
    package func checkpointSteps() -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("step-"), name.hasSuffix(".h5") else { return nil }
            return Int(name.dropFirst(5).dropLast(3))
        }.sorted()
    }

    /// Whether the folder is a run of Luthier's rather than a third-party model.
    package static func isRun(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/origins.json")
            || !RunFolder(path: path).checkpointSteps().isEmpty
    }

    /// The best checkpoint: the one that `best` names where it is there, otherwise the newest valid one.
    package func best() throws -> String {
        if let data = FileManager.default.contents(atPath: file("best")) {
            let name = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if name.hasSuffix(".h5"), !name.contains("/"), FileManager.default.fileExists(atPath: file(name)) {
                return file(name)
            }
        }
        for step in checkpointSteps().reversed() {
            if (try? CheckpointFile.verify(checkpoint(step: step))) != nil { return checkpoint(step: step) }
        }
        throw ModelError.noCheckpoint(path: path)
    }

    /// The newest checkpoint whose hash holds, opened; broken ones are reported to `report` and skipped.
    package func newestValid(report: (String) -> Void) -> (step: Int, reader: CheckpointReader)? {
        for step in checkpointSteps().reversed() {
            do {
                return (step, try CheckpointReader(path: checkpoint(step: step)))
            } catch {
                report("\(error); skipped")
            }
        }
        return nil
    }

    /// All runs below `folder`, the newest first.
    package static func all(in folder: String) -> [RunFolder] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let runs = names.map { folder + "/" + $0 }.filter { isRun($0) }
        let dated = runs.map { path -> (path: String, date: Date) in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return (path, attributes?[.modificationDate] as? Date ?? .distantPast)
        }
        return dated.sorted { ($0.date, $0.path) > ($1.date, $1.path) }.map { RunFolder(path: $0.path) }
    }

    /// Whether values of the run's config came from the config file at `path`.
    package func wasStarted(with path: String) -> Bool {
        let origins = FileManager.default.contents(atPath: file("origins.json"))
            .flatMap { try? JSONText.parse([UInt8]($0)).object }
        let wanted = URL(fileURLWithPath: path).standardizedFileURL
        let files = (origins?.members ?? []).compactMap { member -> Substring? in
            guard let origin = member.value.string, let end = origin.firstRange(of: ", line ") else { return nil }
            return origin[..<end.lowerBound]
        }
        return Set(files).contains { URL(fileURLWithPath: String($0)).standardizedFileURL == wanted }
    }

    /// `<name>-1`, `<name>-2` …: the first that is free below `folder`.
    package static func free(name: String, in folder: String) -> RunFolder {
        var number = 1
        while FileManager.default.fileExists(atPath: "\(folder)/\(name)-\(number)") { number += 1 }
        return RunFolder(path: "\(folder)/\(name)-\(number)")
    }

    /// Moves checkpoints after `step` into a folder inside the run's, where nothing is resumed from. `latest` and `best`
    /// then name what is left: the checkpoint of `step`, and that of `best` if it is there.
    package func setAside(after step: Int, in name: String, best: Int) throws {
        let files = FileManager.default
        try files.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        try AtomicFile.write(RunFolder.checkpointName(step: step) + "\n", to: file("latest"))
        let steps = checkpointSteps()
        let bestLeft = best <= step && steps.contains(best) ? best : step
        try AtomicFile.write(RunFolder.checkpointName(step: bestLeft) + "\n", to: file("best"))
        // The newest last: after an interruption the run is still what it was.
        for later in steps where later > step {
            try moveIntoPlace(
                checkpoint(step: later), to: "\(file(name))/\(RunFolder.checkpointName(step: later))")
        }
    }

    /// Renames the checkpoints after `step`, which are broken, so that they count as checkpoints no longer.
    ///
    /// - Returns: their new names.
    package func setBrokenAside(after step: Int) throws -> [String] {
        try checkpointSteps().filter { $0 > step }.map { broken in
            let name = RunFolder.checkpointName(step: broken) + ".broken"
            try moveIntoPlace(checkpoint(step: broken), to: file(name))
            return name
        }
    }

    /// Deletes checkpoints that are neither among the last `keepLast` nor named in `keep`.
    package func prune(keepLast: Int, keep: Set<Int>) {
        for step in checkpointSteps().dropLast(max(1, keepLast)) where !keep.contains(step) {
            try? FileManager.default.removeItem(atPath: checkpoint(step: step))
        }
    }
}
