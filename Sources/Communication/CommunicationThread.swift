// The thread that owns the communication of a process, so that messages travel while the others compute.

import Foundation

/// Works on one job after the other, in the order in which they were given. MPI moves messages only while one of its
/// functions runs, and training calls none for seconds: this thread does, and it sleeps in between, since the processors
/// belong to training.
final class CommunicationThread: @unchecked Sendable {
    typealias Job = (inout Collectives) throws(CommunicationError) -> Void

    private let condition = NSCondition()
    private var jobs: [(job: Job, isTransfer: Bool)] = []
    private var isEnding = false
    private var hasEnded = false
    private var failure: CommunicationError?
    private var pending = 0
    private var transferSeconds = 0.0
    private let onLoss: @Sendable (Int, Double) -> Void

    /// - Parameters:
    ///   - makeTransport: called on the new thread.
    ///   - onLoss: told the rank that has fallen silent, and for how many seconds; then all ranks are ended.
    init(
        onLoss: @escaping @Sendable (Int, Double) -> Void,
        _ makeTransport: @escaping () throws(CommunicationError) -> any Transport
    ) {
        self.onLoss = onLoss
        let start = Start(make: makeTransport)
        let thread = Thread { [self] in
            do throws(CommunicationError) { try work(try start.make()) } catch { fail(error) }
        }
        thread.name = "communication"
        thread.start()
    }

    /// Handed over to the thread.
    private struct Start: @unchecked Sendable {
        let make: () throws(CommunicationError) -> any Transport
    }

    /// Adds a job and returns at once.
    ///
    /// - Parameter isTransfer: whether its time counts as that of transfers.
    func begin(isTransfer: Bool = false, _ job: @escaping Job) {
        condition.lock()
        jobs.append((job, isTransfer))
        pending += 1
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until all jobs are done.
    func waitForAll() throws(CommunicationError) {
        condition.lock()
        defer { condition.unlock() }
        while pending > 0, failure == nil { condition.wait() }
        if let failure { throw failure }
    }

    /// Seconds that transfers have taken since the last call.
    func takeTransferSeconds() -> Double {
        condition.lock()
        defer { condition.unlock() }
        defer { transferSeconds = 0 }
        return transferSeconds
    }

    /// Waits for a job's result.
    func call<Value>(
        _ body: @escaping (inout Collectives) throws(CommunicationError) -> Value
    ) throws(CommunicationError) -> Value {
        var value: Value?
        begin { collectives throws(CommunicationError) in value = try body(&collectives) }
        try waitForAll()
        guard let value else { preconditionFailure("a job without a result") }
        return value
    }

    /// Ends the communication after all jobs; every rank must do so. Does nothing where it has failed.
    func end() {
        condition.lock()
        isEnding = true
        condition.broadcast()
        while !hasEnded, failure == nil { condition.wait() }
        condition.unlock()
    }

    private func fail(_ error: CommunicationError) {
        condition.lock()
        failure = error
        condition.broadcast()
        condition.unlock()
    }

    private func work(_ transport: any Transport) throws(CommunicationError) {
        var signs = LifeSigns(transport)
        defer { signs.release() }
        var idleRounds = 0
        let look = { [onLoss] () throws(CommunicationError) in
            if let lost = try signs.exchange() {
                onLoss(lost.rank, lost.seconds)
                transport.abort(code: 1)
            }
        }
        var collectives = Collectives(transport) { () throws(CommunicationError) in
            try look()
            CommunicationThread.pause(round: idleRounds)
            idleRounds += 1
        }
        while let (job, isTransfer) = try nextJob(look) {
            idleRounds = 0
            let start = LifeSigns.now
            try job(&collectives)
            condition.lock()
            pending -= 1
            if isTransfer { transferSeconds += LifeSigns.now - start }
            condition.broadcast()
            condition.unlock()
        }
        // Nobody may wait for the signs of a rank that has gone.
        _ = try collectives.gather([])
        transport.finish()
        condition.lock()
        hasEnded = true
        condition.broadcast()
        condition.unlock()
    }

    /// The next job; nil at the end.
    private func nextJob(
        _ look: () throws(CommunicationError) -> Void
    ) throws(CommunicationError) -> (job: Job, isTransfer: Bool)? {
        while true {
            condition.lock()
            if jobs.isEmpty, !isEnding { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.5)) }
            let (job, isAtEnd) = (jobs.isEmpty ? nil : jobs.removeFirst(), isEnding)
            condition.unlock()
            if let job { return job }
            if isAtEnd { return nil }
            try look()
        }
    }

    /// What arrives soon is taken soon; what takes long must not cost a processor.
    private static func pause(round: Int) {
        if round < 100 { sched_yield() } else { usleep(round < 1_000 ? 50 : 200) }
    }
}
