// Runs another program and waits for it, in this process group, so that Ctrl-C ends both.

import Foundation

struct ChildProcess {
    private let identifier: pid_t

    /// Starts the program at `path`. Its output and errors go to the file `log`.
    ///
    /// - Returns: nil where it cannot be started.
    init?(_ path: String, _ arguments: [String], environment: [String], log: String) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var child = pid_t()
        guard posix_spawn(&child, path, &actions, nil, &words, &variables) == 0 else { return nil }
        identifier = child
    }

    /// Waits for the program's end.
    ///
    /// - Parameter meanwhile: called about ten times per second.
    /// - Returns: its exit code, or 128 and the number of the signal that ended it.
    func wait(meanwhile: () -> Void) -> Int32 {
        var status: Int32 = 0
        while true {
            let ended = waitpid(identifier, &status, WNOHANG)
            if ended == identifier { break }
            if ended < 0, errno != EINTR { return 127 }
            meanwhile()
            usleep(100_000)
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
