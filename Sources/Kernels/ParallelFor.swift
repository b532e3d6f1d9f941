// The one place that spawns compute work: a pool of threads that owns the cores.

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Splits loops over the cores. Work is divided by index alone, never by timing, so that results depend at most on
/// the number of threads. A loop started while another one runs, from inside it or from another thread, runs on the
/// thread that starts it.
public enum ParallelFor {
    /// Threads that take part, the calling one included. Set once, before any work, by `configure`.
    public private(set) nonisolated(unsafe) static var threadCount = 1
    private nonisolated(unsafe) static var pool: WorkerPool?
    private static let isRunning = Atomic<Bool>(false)

    /// Sets the number of threads; 0 means one for each processor that this process may use.
    public static func configure(threads: Int) {
        let wanted = threads > 0 ? threads : availableProcessors
        guard wanted != threadCount || (pool == nil && wanted > 1) else { return }
        pool?.stop()
        pool = wanted > 1 ? WorkerPool(workers: wanted - 1) : nil
        threadCount = wanted
    }

    /// Processors that the system lets this process use.
    public static var availableProcessors: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Cuts `0..<count` into one contiguous range per thread, at multiples of `grain`, and runs `body` on each. The time
    /// that it takes is added to `part`, if one is named.
    @inlinable
    public static func ranges(_ count: Int, grain: Int = 1, for part: StepPart? = nil, _ body: (Range<Int>) -> Void) {
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

    /// Runs `body` for every index in `0..<count`; idle threads take the next one. For tasks that share no output.
    public static func tasks(_ count: Int, for part: StepPart? = nil, _ body: (Int) -> Void) {
        let start = part == nil ? 0 : monotonicSeconds()
        defer { if let part { PartClock.add(monotonicSeconds() - start, to: part) } }
        guard min(threadCount, count) > 1, !isRunning.load(ordering: .relaxed) else {
            for index in 0..<count { body(index) }
            return
        }
        let next = Atomic<Int>(0)
        run(threadCount) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                body(index)
            }
        }
    }

    /// Runs `body` once for each part in `0..<parts` (at most `threadCount`), at the same time where it can.
    @usableFromInline
    static func run(_ parts: Int, _ body: (Int) -> Void) {
        guard let pool, !isRunning.exchange(true, ordering: .acquiring) else {
            for part in 0..<parts { body(part) }
            return
        }
        pool.run(parts, body)
        isRunning.store(false, ordering: .releasing)
    }
}

/// Threads that wait for work: for a short while spinning, then asleep.
private final class WorkerPool: @unchecked Sendable {
    private let workers: Int
    /// Counts jobs; a worker sees a new job by its change.
    private let generation = Atomic<Int>(0)
    private let unfinished = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private nonisolated(unsafe) var job: ((Int) -> Void)?
    private nonisolated(unsafe) var parts = 0
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// About a tenth of a millisecond: longer than the gaps between two kernels, short beside a time slice.
    private static let spins = 100_000
    /// Some microseconds; from then on the thread gives way to others, of which the missing worker may be one.
    private static let waitsBeforeYielding = 5_000

    init(workers: Int) {
        self.workers = workers
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        for index in 1...workers { start(index) }
    }

    private func start(_ index: Int) {
        let context = Unmanaged.passRetained(Start(pool: self, index: index))
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let status = pthread_create(
            &thread, nil,
            { raw in
                #if canImport(Glibc)
                    let start = Unmanaged<Start>.fromOpaque(raw!).takeRetainedValue()
                #else
                    let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                #endif
                start.pool.work(start.index)
                return nil
            }, context.toOpaque())
        precondition(status == 0, "a worker thread could not be started (pthread_create returned \(status))")
    }

    private final class Start {
        let pool: WorkerPool
        let index: Int
        init(pool: WorkerPool, index: Int) {
            self.pool = pool
            self.index = index
        }
    }

    func run(_ parts: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            job = body
            self.parts = parts
            unfinished.store(workers, ordering: .relaxed)
            generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
            body(0)
            var waits = 0
            while unfinished.load(ordering: .acquiring) > 0 {
                waits += 1
                // Parts end at nearly the same time: a call of the system costs more than the usual wait.
                if waits > WorkerPool.waitsBeforeYielding, waits % 64 == 0 { sched_yield() }
            }
            job = nil
        }
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wakeAll()
    }

    private func wakeAll() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }

    private func work(_ index: Int) {
        var seen = 0
        while true {
            waitForJob(after: seen)
            seen += 1
            if stopped.load(ordering: .acquiring) { return }
            if index < parts { job?(index) }
            unfinished.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func waitForJob(after seen: Int) {
        for _ in 0..<WorkerPool.spins {
            if generation.load(ordering: .acquiring) != seen { return }
        }
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while generation.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(condition, mutex) }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }
}
