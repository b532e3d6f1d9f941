// The engine's thread: who begins, who takes part in the next pass, and who leaves.

import Kernels
import Model

/// Everything that the engine's thread has. Nobody else sees it.
final class EngineLoop {
    let settings: EngineSettings
    private let inbox: EngineInbox
    /// In the order in which they came.
    private var waiting: [Submission] = []
    private var groups: [EngineGroup] = []
    var kept = KeptPrefixes()
    /// Of all jobs that have begun.
    private var reservedBytes = 0
    var statistics = EngineStatistics()

    init(_ inbox: EngineInbox, _ settings: EngineSettings) { (self.inbox, self.settings) = (inbox, settings) }

    /// Works until the inbox is closed.
    func run() {
        while takeNews() {
            dropCancelledWaiting()
            admit()
            // Each model has one turn, in which it reads chunks and draws a token for each of up to eight texts.
            for group in groups {
                dropCancelled(group)
                readChunks(group)
                dropCancelled(group)
                drawTokens(group)
            }
            groups.removeAll(where: \.isEmpty)
            publish()
            if groups.isEmpty { inbox.wait() }
        }
        for submission in waiting { submission.fail(.stopped) }
        for group in groups {
            for job in group.reading + group.drawing.map(\.job) { end(job, with: .stopped) }
        }
    }

    /// Whether exactly one text is being worked on, so that a pass has room for guesses.
    var isAlone: Bool {
        guard waiting.isEmpty, groups.count == 1 else { return false }
        return groups[0].reading.isEmpty && groups[0].drawing.count == 1
    }

    /// - Returns: false where the engine was stopped.
    private func takeNews() -> Bool {
        let news = inbox.take()
        waiting += news.arrivals
        for (model, done) in news.forgotten {
            kept.forget(model)
            publish()
            done.signal()
        }
        return !news.isClosed
    }

    private func publish() {
        statistics.reading = groups.reduce(0) { $0 + $1.reading.count }
        statistics.drawing = groups.reduce(0) { $0 + $1.drawing.count }
        (statistics.cacheBytes, statistics.keptBytes) = (reservedBytes, kept.byteCount)
        inbox.statistics = statistics
    }

    // MARK: Beginning

    /// Lets waiting requests begin, in their order. One that finds no memory holds up all that came after it, or small ones
    /// would overtake a large one for ever; one whose model is busy holds up only that model's.
    private func admit() {
        var (place, busy) = (0, Set<Int>())
        while place < waiting.count {
            let submission = waiting[place]
            let group = groups.first { $0.model === submission.model }
            let job = EngineJob(submission)
            let load = group?.load ?? 0
            if busy.contains(submission.model.number)
                || (load > 0 && load + job.continuationsLeft > settings.activeLimit)
            {
                busy.insert(submission.model.number)
                place += 1
                continue
            }
            guard reservedBytes + job.reservedBytes <= settings.cacheBytes else { return }
            reservedBytes += job.reservedBytes
            kept.shrink(
                to: settings.cacheBytes - reservedBytes, sparing: job.prompt, of: submission.model.number)
            waiting.remove(at: place)
            inbox.stoppedWaiting(1)
            if let group {
                group.reading.append(job)
            } else {
                let group = EngineGroup(submission.model)
                group.reading.append(job)
                groups.append(group)
            }
        }
    }

    private func dropCancelledWaiting() {
        waiting.removeAll { submission in
            guard submission.ticket.isCancelled else { return false }
            statistics.cancelled += 1
            inbox.stoppedWaiting(1)
            publish()
            submission.fail(.cancelled)
            return true
        }
    }

    // MARK: Ending

    private func dropCancelled(_ group: EngineGroup) {
        for job in group.reading + group.drawing.map(\.job) where !job.hasEnded && job.submission.ticket.isCancelled {
            end(job, with: .cancelled, in: group)
        }
    }

    /// Ends a request without result.
    func end(_ job: EngineJob, with error: EngineError, in group: EngineGroup) {
        for continuation in group.drawing where continuation.job === job {
            if let cache = continuation.cache { keep(cache, of: job) }
            continuation.cache = nil
        }
        if let cache = job.cache { keep(cache, of: job) }
        group.drawing.removeAll { $0.job === job }
        group.reading.removeAll { $0 === job }
        end(job, with: error)
    }

    private func end(_ job: EngineJob, with error: EngineError) {
        guard !job.hasEnded else { return }
        job.hasEnded = true
        release(job.reservedBytes, of: job)
        if error == .cancelled { statistics.cancelled += 1 } else { statistics.failed += 1 }
        publish()
        job.submission.fail(error)
    }

    /// Counts one of a request's texts as ended, which gives back its cache. Before its last event is sent, so that the
    /// statistics have it then.
    func endOne(of job: EngineJob, cache: KeyValueCache?) {
        job.continuationsLeft -= 1
        if let cache {
            keep(cache, of: job)
            release(job.submission.bytesPerCache, of: job)
        }
        if job.continuationsLeft == 0 {
            job.hasEnded = true
            release(job.reservedBytes, of: job)
            statistics.finished += 1
        }
        publish()
    }

    /// Keeps what can be reused of the prompt. The bytes of the cache are still reserved for its job.
    private func keep(_ cache: KeyValueCache, of job: EngineJob) {
        kept.keep(job.prompt, cache, of: job.model, limit: settings.cacheBytes - reservedBytes + cache.byteCount)
    }

    private func release(_ bytes: Int, of job: EngineJob) {
        reservedBytes -= bytes
        job.reservedBytes -= bytes
    }
}
