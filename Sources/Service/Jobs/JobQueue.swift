// The queue of jobs as other threads see it: what a client asks for is written to the store, and the queue's thread does it.

import Files
import Foundation
import Synchronization

/// One thread that starts jobs, follows them, and starts them again where their process has ended. One job trains at a
/// time; the data of another one may be checked meanwhile.
package final class JobQueue: Sendable {
    let store: Store
    let settings: ServiceSettings
    let launcher: JobLauncher
    /// Told what an operator should know.
    let log: @Sendable (String) -> Void
    private let isStopping = Mutex(false)
    private let signal = ChangeSignal()
    private let ended = DispatchSemaphore(value: 0)
    private let isStarted = Mutex(false)

    package init(
        store: Store, settings: ServiceSettings, launcher: JobLauncher, log: @escaping @Sendable (String) -> Void
    ) {
        (self.store, self.settings, self.launcher, self.log) = (store, settings, launcher, log)
    }

    /// Continues what an earlier service has left, and begins to work.
    package func start() {
        isStarted.withLock { $0 = true }
        let thread = Thread { [self] in
            let loop = QueueLoop(self)
            while !isStopping.withLock({ $0 }) {
                let version = signal.version
                let pause = loop.turn()
                if !isStopping.withLock({ $0 }) { signal.wait(after: version, seconds: pause) }
            }
            loop.stop()
            ended.signal()
        }
        thread.name = "queue"
        thread.start()
    }

    /// Looks at the store now.
    package func wake() { signal.tell() }

    /// Lets the running job save and end; it continues when the next service starts.
    package func stop() {
        isStopping.withLock { $0 = true }
        signal.tell()
        guard isStarted.withLock({ $0 }) else { return }
        ended.wait()
        ended.signal()
    }

    // MARK: What clients ask for

    /// - Throws: `APIError` where the job is over.
    package func cancel(_ job: StoredJob) throws {
        defer { wake() }
        let events = [JobEvents.cancelled(job)]
        if try store.move(job.id, from: [.queued, .paused], to: .cancelled, events: events) { return }
        if try store.move(job.id, from: [.validating, .running, .pausing], to: .cancelling, events: events) {
            return
        }
        try refuse(job.id, "cancelled")
    }

    package func pause(_ job: StoredJob) throws {
        defer { wake() }
        let number = try (store.lastPlace(of: "paused", job: job.id) ?? 0) + 1
        if try store.move(job.id, from: [.queued], to: .paused, events: [JobEvents.paused(number)]) { return }
        if try store.move(job.id, from: [.running], to: .pausing) { return }
        try refuse(job.id, "paused")
    }

    package func resume(_ job: StoredJob) throws {
        defer { wake() }
        let number = try (store.lastPlace(of: "resumed", job: job.id) ?? 0) + 1
        let moved = try store.move(
            job.id, from: [.paused], to: .queued, events: [JobEvents.resumed(number)],
            also: { try store.queueAgain(job.id) })
        if !moved { try refuse(job.id, "resumed") }
    }

    /// Never 409: clients would ask again and again.
    private func refuse(_ id: String, _ word: String) throws {
        guard let job = try store.job(id) else { return }
        throw APIError.invalid(
            "Job \(id) cannot be \(word): its status is \(job.phase.rawValue).", param: "fine_tuning_job_id",
            code: "invalid_status")
    }
}
