// A child process that trains a run, which can be killed at any moment.

import Files
import Foundation

/// `luthier train-folder`, started in this process group, so that Ctrl-C at a terminal reaches it too.
final class TrainingChild {
    /// How the process has ended.
    enum End: Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    private let process: pid_t
    private var result: End?

    /// Starts this program again.
    ///
    /// - Parameters:
    ///   - environment: variables that are added to this process's own.
    ///   - log: the file that stdout and stderr are appended to.
    init(_ arguments: [String], environment: [String: String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        let program = TrainingChild.program
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var assignments = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + assignments { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, nil, &words, &assignments)
        guard code == 0 else { throw FileError(.open, program, code: code) }
        process = child
    }

    /// The path of this program.
    private static var program: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// nil while it runs.
    func end() -> End? {
        if let result { return result }
        var status: Int32 = 0
        let ended = retrying { waitpid(process, &status, WNOHANG) }
        guard ended != 0 else { return nil }
        let signal = status & 0x7F
        result = ended < 0 ? .exited(127) : signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
        return result
    }

    /// Kills it if it still runs, and waits for its end.
    @discardableResult
    func kill() -> End {
        // Nobody has waited for it yet, so the number is still its own.
        if result == nil { Foundation.kill(process, SIGKILL) }
        while true {
            if let end = end() { return end }
            usleep(200)
        }
    }

    deinit { kill() }
}
