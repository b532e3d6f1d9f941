// How a run gets its folder and everything in it.

import Checkpoint
import Communication
import Foundation
import Models

extension TrainingRun {
    /// Makes or reopens the run's folder and prepares everything.
    ///
    /// - Parameters:
    ///   - report: told all that happens.
    ///   - shouldStop: asked after every step.
    ///   - shouldSave: asked after every step whether somebody wants a checkpoint now.
    package static func prepare(
        _ request: RunRequest, report: @escaping (Progress) -> Void, shouldStop: @escaping () -> StopReason?,
        shouldSave: @escaping () -> Bool = { false }
    ) throws -> TrainingRun {
        guard let ranks = request.ranks else {
            let lock = try check(request, report: report)
            let prepared = try PreparedRun.prepare(request) { report(.notice($0)) }
            return try begin(
                prepared, request, lock, report: report, shouldStop: shouldStop, shouldSave: shouldSave)
        }
        let lock: RunLock?
        do { lock = try check(request, report: report) } catch {
            try ranks.refuse()
            throw error
        }
        guard let prepared = try ranks.prepare(request, notice: { report(.notice($0)) }) else {
            preconditionFailure("a run of the first rank on another one")
        }
        do {
            for line in ranks.lines(threads: prepared.config.training.threads) { report(.notice(line)) }
            return try begin(
                prepared, request, lock, report: report, shouldStop: shouldStop, shouldSave: shouldSave)
        } catch {
            _ = try ranks.order(.end)
            throw error
        }
    }

    /// Whether the run may have this folder; locks it if it is there. Everything that can be wrong is found before a folder
    /// is made, so that a mistake leaves no files.
    private static func check(_ request: RunRequest, report: (Progress) -> Void) throws -> RunLock? {
        let folder = request.folder
        if folder.exists && !request.resume { throw TrainingError.runExists(path: folder.path) }
        if request.resume && folder.checkpointSteps().isEmpty {
            report(.notice("\(folder.path) holds no checkpoint: starting at step 0"))
        }
        return folder.exists ? try RunLock(directory: folder.path) : nil
    }

    /// Makes the folder, where it is not there yet, and everything in it.
    private static func begin(
        _ prepared: PreparedRun, _ request: RunRequest, _ lock: RunLock?, report: @escaping (Progress) -> Void,
        shouldStop: @escaping () -> StopReason?, shouldSave: @escaping () -> Bool
    ) throws -> TrainingRun {
        let folder = request.folder
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        let held = try lock ?? RunLock(directory: folder.path)
        _ = try CheckpointFile.removeLeftovers(in: folder.path)
        if prepared.isResumed {
            let step = prepared.trainer.state.step
            if prepared.continuation?.isRewound != true {
                // Only broken ones are newer than the one that is resumed from. They must not count when old
                // checkpoints are deleted.
                for aside in try folder.setBrokenAside(after: step) { report(.notice("broken, renamed to \(aside)")) }
            }
            report(.notice("resuming from step \(step)"))
        }
        return try TrainingRun(
            prepared, folder: folder, lock: held, ranks: request.ranks, report: report, shouldStop: shouldStop,
            shouldSave: shouldSave)
    }
}
