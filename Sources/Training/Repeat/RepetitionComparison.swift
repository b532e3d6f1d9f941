// A run and its repetition: checkpoint against checkpoint, and log against log.

import Foundation
import Models

package struct RepetitionComparison: Sendable {
    package let checkpoint: CheckpointComparison
    package let log: LogComparison
    package let recordedStep: Int
    package let repeatedStep: Int

    package var isEqual: Bool { checkpoint.hasEqualBytes && log.isEqual }

    /// - Parameter result: how the repetition in `folder` ended.
    package init(_ repetition: RunRepetition, _ folder: RunFolder, _ result: RunResult) throws {
        (recordedStep, repeatedStep) = (repetition.state.step, result.steps)
        guard let last = result.lastCheckpoint else { throw RepetitionError.noCheckpoint(path: folder.path) }
        checkpoint = try CheckpointComparison(recorded: repetition.checkpoint, repeated: last)
        func lines(_ folder: RunFolder) -> [UInt8] {
            FileManager.default.contents(atPath: folder.file("metrics.jsonl")).map { [UInt8]($0) } ?? []
        }
        log = LogComparison(recorded: lines(repetition.folder), repeated: lines(folder), upTo: recordedStep)
    }
}
