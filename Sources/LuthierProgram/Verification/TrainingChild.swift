// A child process that trains a run, which can be killed at any moment.

import Files
import Foundation
import Processes

/// `luthier train-folder`, started in this process group, so that Ctrl-C at a terminal reaches it too. It ends with this
/// value.
final class TrainingChild {
    private let process: ChildProcess

    /// Starts this program again.
    ///
    /// - Parameters:
    ///   - environment: variables that are added to this process's own.
    ///   - log: the file that stdout and stderr are appended to.
    init(_ arguments: [String], environment: [String: String], log: String) throws(FileError) {
        process = try ChildProcess(
            ProcessSetup(
                ChildProcess.ownProgram, arguments,
                environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
                output: .file(log, appends: true)))
    }

    /// nil while it runs.
    func end() -> ChildProcess.End? { process.end() }

    /// Kills it if it still runs, and waits for its end.
    @discardableResult
    func kill() -> ChildProcess.End { process.killAndWait() }

    deinit { kill() }
}
