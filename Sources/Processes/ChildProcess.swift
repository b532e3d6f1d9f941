// Starts another program, and learns how it has ended.

import Files
import Foundation
import Synchronization

/// A process that this one has started.
package final class ChildProcess: Sendable {
    /// How a process has ended.
    package enum End: Sendable, Equatable {
        case exited(Int32)
        case killed(signal: Int32)
        /// Its end cannot be learned: this process has not started it, or something else has waited for it.
        case gone

        /// The number that a shell gives: the exit code, 128 plus the number of a signal, or 127.
        package var code: Int32 {
            switch self {
            case .exited(let code): code
            case .killed(let signal): 128 + signal
            case .gone: 127
            }
        }
    }

    private let identifier: pid_t
    private let result = Mutex<End?>(nil)

    /// Starts a program.
    ///
    /// - Throws: the system's reason why it cannot be started.
    package init(_ setup: ProcessSetup) throws(FileError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        setup.streams(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        if setup.hasOwnSession {
            posix_spawnattr_setflags(&attributes, Int16(ChildProcess.newSession | POSIX_SPAWN_SETSIGMASK))
            var none = sigset_t()
            sigemptyset(&none)
            posix_spawnattr_setsigmask(&attributes, &none)
        }
        let name = setup.program == ChildProcess.ownProgram ? CommandLine.arguments[0] : setup.program
        var words = ([name] + setup.arguments).map { strdup($0) } + [nil]
        var variables = setup.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, setup.program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw FileError(.start, setup.program, code: code) }
        identifier = child
    }

    /// POSIX_SPAWN_SETSID, which Glibc's module does not show.
    private static let newSession: Int32 = {
        #if canImport(Glibc)
            0x80
        #else
            0x400
        #endif
    }()

    /// The path of this program, which stays right when its file is replaced.
    package static var ownProgram: String {
        let path = "/proc/self/exe"
        return FileManager.default.fileExists(atPath: path) ? path : CommandLine.arguments[0]
    }

    /// nil while it runs.
    package func end() -> End? {
        result.withLock { result in
            if result != nil { return result }
            var status: Int32 = 0
            let ended = retrying { waitpid(identifier, &status, WNOHANG) }
            if ended == 0 { return nil }
            let signal = status & 0x7F
            result =
                ended != identifier ? .gone : signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
            return result
        }
    }

    /// Sends it a signal if it still runs.
    package func send(_ signal: Int32) {
        // Nobody has waited for it yet, so the number is still its own.
        result.withLock { if $0 == nil { kill(identifier, signal) } }
    }

    /// Waits for its end, and calls `meanwhile` again and again.
    ///
    /// - Parameter pause: microseconds between two looks.
    package func wait(pause: UInt32 = 100_000, meanwhile: () -> Void = {}) -> End {
        while true {
            if let end = end() { return end }
            meanwhile()
            usleep(pause)
        }
    }

    /// Kills it if it still runs, and waits for its end.
    @discardableResult
    package func killAndWait() -> End {
        send(SIGKILL)
        return wait(pause: 200)
    }
}
