// Starts the process of a job, and finds one that an earlier service has started.

import Checkpoint
import Files
import Foundation
import Synchronization

/// How a job's process has ended.
package enum JobEnd: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    /// Of a process that this service has not started itself.
    case gone
}

/// A process that works on a job.
package protocol JobRunning: Sendable {
    /// nil while it runs.
    func end() -> JobEnd?
    /// Asks it to save and leave, or with `force` ends it.
    func stop(force: Bool)
}

/// What starts the processes of jobs; tests have their own.
package struct JobLauncher: Sendable {
    /// Starts the process of the job in a folder, for the check of its data or for training.
    package let launch: @Sendable (_ folder: String, _ checks: Bool) throws -> any JobRunning
    /// The process that works on the job in a folder already; nil where there is none.
    package let adopt: @Sendable (_ folder: String) -> (any JobRunning)?
    /// Starts a process that looks at data, for the question in a folder.
    package let look: @Sendable (_ folder: String) throws -> any JobRunning

    package init(
        launch: @escaping @Sendable (String, Bool) throws -> any JobRunning,
        adopt: @escaping @Sendable (String) -> (any JobRunning)?,
        look: @escaping @Sendable (String) throws -> any JobRunning = { _ in throw CancellationError() }
    ) {
        (self.launch, self.adopt, self.look) = (launch, adopt, look)
    }

    /// Starts `program job FOLDER`.
    package static func program(_ path: String) -> JobLauncher {
        JobLauncher(
            launch: { folder, checks in
                try ChildJob(program: path, arguments: ["job", folder] + (checks ? ["--check"] : []), in: folder)
            },
            adopt: { folder in AdoptedJob(folder: folder) },
            look: { folder in try ChildJob(program: path, arguments: ["job", folder, "--look"], in: folder) })
    }

    /// The path of this program.
    package static var ownProgram: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}

/// A process that this service has started. It has its own session: Ctrl-C at the service's terminal and the end of
/// the service do not reach it.
final class ChildJob: JobRunning {
    private let process: pid_t
    private let result = Mutex<JobEnd?>(nil)

    init(program: String, arguments: [String], in folder: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let log = JobFolder(path: folder).file(.log)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(ChildJob.newSession | POSIX_SPAWN_SETSIGMASK))
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // The key is the service's alone.
        let environment = ProcessInfo.processInfo.environment.filter { $0.key != ServiceKey.variable }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw FileError(.open, program, code: code) }
        process = child
    }

    /// POSIX_SPAWN_SETSID, which Glibc's module does not show.
    private static let newSession: Int32 = {
        #if canImport(Glibc)
            0x80
        #else
            0x400
        #endif
    }()

    func end() -> JobEnd? {
        result.withLock { result in
            if result != nil { return result }
            var status: Int32 = 0
            let ended = waitpid(process, &status, WNOHANG)
            if ended == 0 || (ended < 0 && errno == EINTR) { return nil }
            guard ended == process else {
                result = .gone
                return result
            }
            let signal = status & 0x7F
            result = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
            return result
        }
    }

    func stop(force: Bool) {
        // Nobody has waited for it yet, so the number is still its own.
        result.withLock { if $0 == nil { kill(process, force ? SIGKILL : SIGTERM) } }
    }
}

/// A process that an earlier service has started.
final class AdoptedJob: JobRunning {
    private let identity: ProcessIdentity

    /// nil where the folder names no living process.
    init?(folder: String) {
        guard let identity = JobFolder(path: folder).read(.process).flatMap(ProcessIdentity.init), identity.isAlive
        else { return nil }
        self.identity = identity
    }

    func end() -> JobEnd? { identity.isAlive ? nil : .gone }

    func stop(force: Bool) {
        if identity.isAlive { kill(identity.process, force ? SIGKILL : SIGTERM) }
    }
}
