// What a process is started with: its words, its variables and its streams.

import Foundation

/// How a program is started. Descriptors that are not named here are closed in it, if they were opened as files of this
/// project are.
package struct ProcessSetup {
    /// Where its stdout goes.
    package enum Output {
        /// stdout and stderr to this file, whose content goes first or is lost.
        case file(String, appends: Bool, mode: mode_t = 0o644)
        /// stdout to this descriptor; stderr is lost.
        case descriptor(Int32)
    }

    /// The path of its file.
    package var program: String
    package var arguments: [String]
    package var environment: [String: String]
    /// The descriptor that it has as stdin; nil for an empty one.
    package var input: Int32?
    package var output: Output
    /// Whether Ctrl-C at this process's terminal and the end of this process do not reach it. Signals that this process
    /// has blocked are then not blocked in it.
    package var hasOwnSession = false

    /// - Parameter environment: all its variables; those of this process by default.
    package init(
        _ program: String, _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment, output: Output
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.output = output
    }

    /// Writes down what is done with its streams.
    func streams(_ actions: inout posix_spawn_file_actions_t) {
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        switch output {
        case .file(let path, let appends, let mode):
            let flags = O_WRONLY | O_CREAT | (appends ? O_APPEND : O_TRUNC)
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, flags, mode)
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        case .descriptor(let number):
            posix_spawn_file_actions_adddup2(&actions, number, STDOUT_FILENO)
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
    }
}
