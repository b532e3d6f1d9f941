// The one place that spawns compute work: a pool of threads that owns the cores.

import Foundation
import Synchronization

/// Splits loops over the cores. What is done for an index does not depend on the thread that does it, so that results
/// depend at most on the number of threads. A loop started while another one runs, from inside it or from another thread,
/// runs on the thread that starts it.
package enum ParallelFor {
    /// Threads that work is cut for, the calling one included; where there are fewer processors, each thread of the pool
    /// does the work of several. Set by `configure`, between loops.
    package private(set) nonisolated(unsafe) static var threadCount = 1
    private nonisolated(unsafe) static var pool: WorkerPool?
    private static let isRunning = Atomic<Bool>(false)

    /// Sets the number of threads; 0 means one for each processor that this process may use. Waits for the end of a loop
    /// that another thread runs; must not be called from inside a loop.
    package static func configure(threads: Int) {
        let wanted = threads > 0 ? threads : availableProcessors
        while isRunning.exchange(true, ordering: .acquiring) { sched_yield() }
        defer { isRunning.store(false, ordering: .releasing) }
        // Work is cut for as many threads as are wanted, on which results depend; more than there are processors would only
        // wait for one another.
        let real = min(wanted, availableProcessors)
        guard wanted != threadCount || (pool == nil && real > 1) else { return }
        threadCount = wanted
        if let pool, pool.workers == real - 1 { return }
        pool?.stop()
        pool = real > 1 ? WorkerPool(workers: real - 1) : nil
    }

    /// Processors that the system lets this process use: fewer than there are with `taskset` or in a batch system.
    package static var availableProcessors: Int {
        let all = max(1, ProcessInfo.processInfo.activeProcessorCount)
        // "Cpus_allowed:   00000000,0000000f", one bit for each (man 5 proc); other systems have no such file.
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })
        else { return all }
        let allowed = line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount }
        return allowed > 0 ? min(all, allowed) : all
    }

    /// Cuts `0..<count` into one contiguous range per thread, at multiples of `grain`, and runs `body` on each. The time
    /// that it takes is added to `part`, if one is named.
    @inlinable
    package static func ranges(_ count: Int, grain: Int = 1, for part: StepPart? = nil, _ body: (Range<Int>) -> Void) {
        let start = part == nil ? 0 : monotonicSeconds()
        defer { if let part { PartClock.add(monotonicSeconds() - start, to: part) } }
        let grains = (count + grain - 1) / grain
        let parts = min(threadCount, grains)
        guard parts > 1 else {
            if count > 0 { body(0..<count) }
            return
        }
        run(parts) { part in
            let start = grains * part / parts * grain
            let end = min(count, grains * (part + 1) / parts * grain)
            if start < end { body(start..<end) }
        }
    }

    /// Runs `body` for every index in `0..<count`. Each thread begins with a contiguous share, which reads memory in
    /// one stream; one that is done takes over from the ends of the others', since cores are not equally fast at every
    /// moment. For tasks that share no output.
    package static func tasks(_ count: Int, for part: StepPart? = nil, _ body: (Int) -> Void) {
        let start = part == nil ? 0 : monotonicSeconds()
        defer { if let part { PartClock.add(monotonicSeconds() - start, to: part) } }
        guard count > 1, let pool = takePool() else {
            for index in 0..<count { body(index) }
            return
        }
        defer { isRunning.store(false, ordering: .releasing) }
        let shares = Shares(of: count, pool.shares, threads: pool.workers + 1)
        pool.run(shares.threads) { thread in
            while let index = shares.takeFirst(of: thread) { body(index) }
            for other in 1..<shares.threads {
                while let index = shares.takeLast(of: (thread + other) % shares.threads) { body(index) }
            }
        }
    }

    /// Runs `body` once for each part in `0..<parts`, at the same time where it can.
    @usableFromInline
    static func run(_ parts: Int, _ body: (Int) -> Void) {
        guard let pool = takePool() else {
            for part in 0..<parts { body(part) }
            return
        }
        defer { isRunning.store(false, ordering: .releasing) }
        pool.run(parts, body)
    }

    /// The pool, held by the caller until it stores false in `isRunning`; nil where a loop runs already or there is none.
    private static func takePool() -> WorkerPool? {
        guard !isRunning.exchange(true, ordering: .acquiring) else { return nil }
        if let pool { return pool }
        isRunning.store(false, ordering: .releasing)
        return nil
    }
}

/// What is left of each thread's share of a loop: one word each, its first index in the lower half and its end in the
/// upper one, so that both change together.
private struct Shares {
    let words: PaddedAtomics
    let threads: Int

    init(of count: Int, _ words: PaddedAtomics, threads: Int) {
        precondition(count < 1 << 31, "a loop of \(count) tasks, of which at most 2³¹ - 1 can be counted")
        (self.words, self.threads) = (words, threads)
        for thread in 0..<threads {
            let (first, end) = (count * thread / threads, count * (thread + 1) / threads)
            words[thread].pointee.store(first | end << 32, ordering: .relaxed)
        }
    }

    func takeFirst(of thread: Int) -> Int? { take(of: thread) { (index: $0, first: $0 + 1, end: $1) } }

    func takeLast(of thread: Int) -> Int? { take(of: thread) { (index: $1 - 1, first: $0, end: $1 - 1) } }

    @inline(__always)
    private func take(of thread: Int, _ choose: (Int, Int) -> (index: Int, first: Int, end: Int)) -> Int? {
        var word = words[thread].pointee.load(ordering: .relaxed)
        while true {
            let (first, end) = (word & 0xFFFF_FFFF, word >> 32)
            guard first < end else { return nil }
            let choice = choose(first, end)
            let (done, found) = words[thread].pointee.compareExchange(
                expected: word, desired: choice.first | choice.end << 32, ordering: .relaxed)
            if done { return choice.index }
            word = found
        }
    }
}
