// Starts the process of a job, and finds one that an earlier service has started.

import Checkpoint
import Files
import Foundation
import Processes

/// How a job's process has ended; `gone` is the end of one that this service has not started itself.
package typealias JobEnd = ChildProcess.End

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
                try start(path, ["job", folder] + (checks ? ["--check"] : []), in: folder)
            },
            adopt: { folder in AdoptedJob(folder: folder) },
            look: { folder in try start(path, ["job", folder, "--look"], in: folder) })
    }

    /// The process of a job, in its own session: Ctrl-C at the service's terminal and the end of the service do not reach
    /// it.
    private static func start(_ program: String, _ arguments: [String], in folder: String) throws -> ChildProcess {
        // The key is the service's alone.
        let environment = ProcessInfo.processInfo.environment.filter { $0.key != ServiceKey.variable }
        let log = JobFolder(path: folder).file(.log)
        var setup = ProcessSetup(
            program, arguments, environment: environment, output: .file(log, appends: true, mode: 0o600))
        setup.hasOwnSession = true
        return try ChildProcess(setup)
    }
}

extension ChildProcess: JobRunning {
    package func stop(force: Bool) { send(force ? SIGKILL : SIGTERM) }
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
