// The work of the queue's thread: one turn looks at every process and at the store, and does what follows.

import Files
import Foundation

/// Belongs to one thread.
final class QueueLoop {
    /// A process, the job that it works on, and how it is stopped.
    final class Slot {
        let job: String
        let process: any JobRunning
        var follower: JobFollower?
        /// When it was asked to stop.
        var asked: Date?
        var isForced = false

        init(job: String, process: any JobRunning, follower: JobFollower? = nil) {
            (self.job, self.process, self.follower) = (job, process, follower)
        }
    }

    let queue: JobQueue
    var store: Store { queue.store }
    private var check: Slot?
    private var training: Slot?
    /// Of a job whose process has ended unexpectedly: how often without a step in between, and when it is started again.
    private var crashes: [String: (count: Int, step: Int, next: Date)] = [:]
    private var nextSweep = Date.distantPast

    /// Seconds between two looks at a process; between looks at a queue in which nothing happens; and from a request to
    /// stop until force.
    private static let (activePause, idlePause) = (0.1, 20.0)
    private static let patience = (cancel: 10.0, pause: 600.0, stop: 120.0)
    private static let mostCrashes = 6
    /// Seconds after which a file without a row belongs to nobody.
    private static let longestUpload = 3600.0

    init(_ queue: JobQueue) { self.queue = queue }

    /// - Returns: seconds until the next turn.
    func turn() -> Double {
        do {
            if Date() >= nextSweep { try sweep() }
            try turnOfCheck()
            try turnOfTraining()
        } catch {
            // A full disk, say: what was not written is done in a later turn.
            queue.log("the queue: \(error)")
            return 1
        }
        return check != nil || training != nil || !crashes.isEmpty ? QueueLoop.activePause : QueueLoop.idlePause
    }

    /// Asks the training process to save, and waits for it.
    func stop() {
        check?.process.stop(force: true)
        guard let slot = training else { return }
        slot.process.stop(force: false)
        let end = Date(timeIntervalSinceNow: QueueLoop.patience.stop)
        while slot.process.end() == nil, Date() < end { usleep(20_000) }
        if slot.process.end() == nil { slot.process.stop(force: true) }
        try? slot.follower?.follow(store, isOver: false)
    }

    private func folder(_ job: String) -> JobFolder { JobFolder(path: queue.settings.path(ofJob: job)) }

    // MARK: Checking data

    private func turnOfCheck() throws {
        if let slot = check {
            let job = try store.job(slot.job)
            if job?.phase != .validating { slot.process.stop(force: true) }
            guard let end = slot.process.end() else { return }
            check = nil
            try finishCheck(slot, end)
        }
        while check == nil, let next = try store.jobs(in: [.validating]).first(where: isDue) {
            if folder(next.id).check != nil || folder(next.id).failure != nil {
                try finishCheck(next)
                continue
            }
            let process = try queue.launcher.adopt(folder(next.id).path) ?? launch(next, checks: true)
            check = process.map { Slot(job: next.id, process: $0) }
        }
        // A job that was cancelled before it had a process.
        for job in try store.jobs(in: [.cancelling]) where job.id != check?.job && job.id != training?.job {
            if job.started == nil || queue.launcher.adopt(folder(job.id).path) == nil {
                try store.move(job.id, from: [.cancelling], to: .cancelled, events: [JobEvents.cancelled(job)])
            }
        }
    }

    private func finishCheck(_ slot: Slot, _ end: JobEnd) throws {
        guard let job = try store.job(slot.job), job.phase == .validating else { return }
        if folder(job.id).check != nil || folder(job.id).failure != nil { return try finishCheck(job) }
        try crashed(job, end, step: 0)
    }

    private func finishCheck(_ job: StoredJob) throws {
        let folder = folder(job.id)
        crashes[job.id] = nil
        if let failure = folder.failure { return try fail(job, failure, from: [.validating]) }
        let ahead = try store.jobs(in: [.queued, .running, .pausing]).count
        let events = JobEvents.validated(job, notes: folder.check?.notes ?? [], ahead: ahead)
        try store.move(job.id, from: [.validating], to: .queued, events: events)
    }

    // MARK: Training

    private func turnOfTraining() throws {
        if let slot = training {
            guard let job = try store.job(slot.job) else { return }
            stopIfAsked(slot, job)
            // Asked before the files are read: what a process wrote before its end is then read.
            let end = slot.process.end()
            try slot.follower?.follow(store, isOver: false)
            if let end {
                training = nil
                try finishTraining(slot, job, end)
            }
        }
        guard training == nil else { return }
        let active = try store.jobs(in: [.running, .pausing, .cancelling]).first { $0.started != nil && isDue($0) }
        guard let next = try active ?? store.jobs(in: [.queued]).first(where: isDue) else { return }
        try begin(next)
    }

    private func begin(_ job: StoredJob) throws {
        let folder = folder(job.id)
        let slot: Slot?
        if let process = queue.launcher.adopt(folder.path) {
            slot = Slot(job: job.id, process: process, follower: JobFollower(job, folder, queue.settings))
        } else if folder.outcome != nil || folder.failure != nil || job.phase == .pausing || job.phase == .cancelling {
            // It ended while no service was there.
            let ended = Slot(job: job.id, process: EndedJob(), follower: JobFollower(job, folder, queue.settings))
            try ended.follower?.follow(store, isOver: false)
            return try finishTraining(ended, job, .gone)
        } else {
            if job.phase == .queued {
                let isMine = try store.move(
                    job.id, from: [.queued], to: .running, events: [JobEvents.started(job)],
                    also: { try store.setStarted(job.id) })
                guard isMine else { return }
            }
            slot = try launch(job, checks: false).map {
                Slot(job: job.id, process: $0, follower: JobFollower(job, folder, queue.settings))
            }
        }
        training = slot
    }

    private func stopIfAsked(_ slot: Slot, _ job: StoredJob) {
        guard job.phase == .pausing || job.phase == .cancelling else { return }
        guard let asked = slot.asked else {
            slot.asked = Date()
            slot.process.stop(force: false)
            return
        }
        let patience = job.phase == .cancelling ? QueueLoop.patience.cancel : QueueLoop.patience.pause
        if !slot.isForced, Date().timeIntervalSince(asked) > patience {
            slot.isForced = true
            slot.process.stop(force: true)
        }
    }

    private func finishTraining(_ slot: Slot, _ asSeen: StoredJob, _ end: JobEnd) throws {
        guard let job = try store.job(asSeen.id), let follower = slot.follower else { return }
        let folder = folder(job.id)
        if job.phase == .cancelling {
            crashes[job.id] = nil
            try store.move(job.id, from: [.cancelling], to: .cancelled, events: [JobEvents.cancelled(job)])
        } else if let outcome = folder.outcome {
            crashes[job.id] = nil
            do { try follower.finish(job, outcome, store) } catch let failure as JobFailure {
                try fail(job, failure, from: [.running, .pausing])
            }
        } else if let failure = folder.failure {
            try fail(job, failure, from: [.running, .pausing])
        } else if job.phase == .pausing {
            let number = try (store.lastPlace(of: "paused", job: job.id) ?? 0) + 1
            try store.move(job.id, from: [.pausing], to: .paused, events: [JobEvents.paused(number)])
        } else {
            try crashed(job, end, step: follower.lastStep)
        }
    }

    // MARK: What goes wrong

    private func isDue(_ job: StoredJob) -> Bool { crashes[job.id].map { $0.next <= Date() } ?? true }

    private func launch(_ job: StoredJob, checks: Bool) throws -> (any JobRunning)? {
        do { return try queue.launcher.launch(folder(job.id).path, checks) } catch {
            queue.log("job \(job.id): its process cannot be started: \(error)")
            try crashed(job, .gone, step: 0)
            return nil
        }
    }

    /// A process ended without a word: it is started again, later each time, unless it never gets any further.
    private func crashed(_ job: StoredJob, _ end: JobEnd, step: Int) throws {
        // Another process has it, which the next turn finds; or it was told to stop by somebody else.
        let isHarmless = end == .exited(JobProcess.heldCode)
        let before = crashes[job.id]
        let count = before.map { $0.step < step ? 0 : $0.count } ?? 0
        guard count < QueueLoop.mostCrashes else {
            let reason = folder(job.id).lastMessage.map { ": \(APIError.shown($0))" } ?? ""
            crashes[job.id] = nil
            return try fail(
                job,
                JobFailure(
                    code: "server_error",
                    message: "The job's process ended \(count + 1) times without getting any further\(reason)"),
                from: [.validating, .running, .pausing, .queued])
        }
        let wait = isHarmless ? 0.2 : count == 0 ? 0 : Double(1 << min(count - 1, 5))
        crashes[job.id] = (isHarmless ? count : count + 1, step, Date(timeIntervalSinceNow: wait))
        queue.log("job \(job.id): its process ended (\(end)) after step \(step); it is started again")
    }

    private func fail(_ job: StoredJob, _ failure: JobFailure, from phases: [JobPhase]) throws {
        crashes[job.id] = nil
        try store.move(job.id, from: phases, to: .failed, events: [JobEvents.failed(job, failure)]) {
            try store.setError(job.id, code: failure.code, message: failure.message, param: failure.param)
        }
    }

    /// Removes files whose time is over, and those that no row names: of an upload that was cut off.
    private func sweep() throws {
        nextSweep = Date(timeIntervalSinceNow: 60)
        for id in try store.expiredFiles() where try store.removeFile(id) {
            try? FileManager.default.removeItem(atPath: queue.settings.path(ofFile: id))
        }
        let files = FileManager.default
        for id in (try? files.contentsOfDirectory(atPath: queue.settings.filesFolder)) ?? [] {
            let path = queue.settings.path(ofFile: id)
            // A new file gets its row when all of it is on the disk.
            guard let changed = (try? files.attributesOfItem(atPath: path))?[.modificationDate] as? Date,
                Date().timeIntervalSince(changed) > QueueLoop.longestUpload, try store.file(id) == nil
            else { continue }
            try? files.removeItem(atPath: path)
        }
    }
}

/// A process that has ended before anybody looked.
private struct EndedJob: JobRunning {
    func end() -> JobEnd? { .gone }
    func stop(force: Bool) {}
}
