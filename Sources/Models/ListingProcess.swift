// Lists the objects of other people's checkpoints in a separate process, before HDF5 opens them in this one.

import Checkpoint
import Files
import Foundation
import Processes
import StrictJSON

/// The program, started again with a hidden command that opens one checkpoint with HDF5, under limits, and says whether it
/// is sound. A crash of HDF5 is then an error of that file, and nothing else.
package struct ListingProcess {
    /// The hidden command. Its argument is the file's name for messages; the file itself is its stdin.
    package static let command = "list-objects"

    /// The path of the program, and what it is started with; the file's name follows.
    package var program: String
    package var arguments: [String]
    /// After which it is killed.
    package var seconds = 60

    package init(program: String, arguments: [String] = [command]) {
        (self.program, self.arguments) = (program, arguments)
    }

    /// What the process may use. Every table of a checkpoint fits: thirty megabytes for the most objects that are allowed.
    private static let limits = ProcessLimits(addressBytes: 256 << 20, processorSeconds: 5)

    /// From now on no checkpoint but those of the user's own runs is opened by HDF5 before such a process has done so.
    package static func install() {
        let process = ListingProcess(program: ChildProcess.ownProgram)
        CheckpointFence.install { file throws(CheckpointError) in
            if !OwnRun.contains(file) { try process.look(at: file) }
        }
    }

    /// Throws the refusal of the process, or what has happened to it.
    package func look(at file: FileDescriptor) throws(CheckpointError) {
        let answer: ProcessAnswer
        do throws(FileError) {
            answer = try ProcessAnswer(
                of: program, arguments + [file.path], environment: ListingProcess.environment,
                input: file.number, seconds: Double(seconds))
        } catch {
            throw .notLookedAt(path: file.path, .notStarted(error))
        }
        switch answer.end {
        case nil: throw .notLookedAt(path: file.path, .tooSlow(seconds: seconds))
        case .killed(let signal): throw .notLookedAt(path: file.path, .killed(signal: signal))
        case .exited(0): break
        case .some(let end): throw .notLookedAt(path: file.path, .noAnswer(code: end.code))
        }
        let object = try? JSONText.parse(answer.output).object
        if let message = object?["refusal"]?.string {
            throw .refused(message: message, hint: object?["hint"]?.string)
        }
        // Only the right answer opens the gate.
        guard object?["sound"]?.integer != nil else { throw .notLookedAt(path: file.path, .noAnswer(code: 0)) }
    }

    /// What a program needs to start, and no secret that a crash could give away. One thread is enough.
    private static var environment: [String: String] {
        let kept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR"]
        let own = ProcessInfo.processInfo.environment.filter { kept.contains($0.key) }
        return own.merging(["OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
    }

    /// The work of that process: lowers its limits, opens the file on stdin, and gives the answer, a line of JSON.
    ///
    /// - Parameter path: the file's name for messages.
    package static func answer(naming path: String) throws -> String {
        try limits.apply()
        let result: JSONOutput
        do throws(CheckpointError) {
            let count = try CheckpointReader.countObjects(in: FileDescriptor(number: STDIN_FILENO, path: path))
            result = ["sound": .integer(count)]
        } catch {
            result = ["refusal": .string(error.description), "hint": error.hint.map { .string($0) } ?? .null]
        }
        return result.serialized() + "\n"
    }
}

/// Which checkpoints were made by this user's own runs.
package enum OwnRun {
    /// Whether an open file is below the folder of a project's runs. File and folder must be this user's, and nobody
    /// else's to write. A run in another place may have come from anywhere.
    package static func contains(_ file: FileDescriptor, project: String = RunFolder.parent) -> Bool {
        guard let status = try? file.status(), isOwn(status), let path = resolved(file.path) else { return false }
        // The name may be another file's by now.
        var named = stat()
        guard stat(path, &named) == 0, (named.st_ino, named.st_dev) == (status.st_ino, status.st_dev) else {
            return false
        }
        let folder = parentFolder(of: path)
        guard stat(folder, &named) == 0, isOwn(named) else { return false }
        return resolved(project).map { path.hasPrefix($0 + "/") } ?? false
    }

    private static func isOwn(_ status: stat) -> Bool { status.st_uid == geteuid() && status.st_mode & S_IWOTH == 0 }

    /// The path without links.
    private static func resolved(_ path: String) -> String? {
        guard let text = realpath(path, nil) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}
