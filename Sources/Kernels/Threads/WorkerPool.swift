// The threads that run `ParallelFor`.

import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Threads that wait for work: for a short while spinning, then asleep.
final class WorkerPool: @unchecked Sendable {
    /// Words for the loops' own use, one for each thread.
    let shares: PaddedAtomics
    /// Threads in addition to the calling one.
    let workers: Int
    /// Counts jobs; a worker sees a new job by its change. Alone on its cache line, since workers look at it all the time.
    private let generation = PaddedAtomics(count: 1)
    /// The last job that each worker has finished.
    private let finished: PaddedAtomics
    private let sleepers = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private nonisolated(unsafe) var job: ((Int) -> Void)?
    private nonisolated(unsafe) var parts = 0
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// How long a worker looks for the next job before it sleeps: longer than choosing a token and telling of it takes
    /// between two passes, since a sleeper is woken too late for a product of fifty microseconds.
    private static let secondsOfSpinning = 1e-3
    /// Some ten microseconds, the usual gap between two kernels.
    private static let roundsBeforeYielding = 20
    /// Some microseconds; from then on the thread gives way to others, of which the missing worker may be one.
    private static let waitsBeforeYielding = 5_000

    init(workers: Int) {
        self.workers = workers
        shares = PaddedAtomics(count: workers + 1)
        finished = PaddedAtomics(count: workers)
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

    /// Runs `body` for each of the parts, of which there may be more than threads: thread i takes i, i + threads, and so on.
    func run(_ parts: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            job = body
            self.parts = parts
            let number = generation[0].pointee.load(ordering: .relaxed) + 1
            generation[0].pointee.store(number, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeAll() }
            for part in stride(from: 0, to: parts, by: workers + 1) { body(part) }
            var waits = 0
            for worker in 0..<workers {
                while finished[worker].pointee.load(ordering: .acquiring) != number {
                    waits += 1
                    // Parts end at nearly the same time: a call of the system costs more than the usual wait.
                    if waits > WorkerPool.waitsBeforeYielding, waits % 64 == 0 { sched_yield() }
                }
            }
            job = nil
        }
    }

    func stop() {
        stopped.store(true, ordering: .sequentiallyConsistent)
        generation[0].pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
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
            for part in stride(from: index, to: parts, by: workers + 1) { job?(part) }
            finished[index - 1].pointee.store(seen, ordering: .releasing)
        }
    }

    private func waitForJob(after seen: Int) {
        // Before the first job it sleeps at once: the system then wakes it on a core that is idle.
        let end = seen == 0 ? 0 : monotonicSeconds() + WorkerPool.secondsOfSpinning
        var rounds = 0
        while true {
            for _ in 0..<1_000 {
                if generation[0].pointee.load(ordering: .acquiring) != seen { return }
            }
            if monotonicSeconds() > end { break }
            // Whoever gives out the next job may be waiting for this core.
            rounds += 1
            if rounds > WorkerPool.roundsBeforeYielding { sched_yield() }
        }
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while generation[0].pointee.load(ordering: .sequentiallyConsistent) == seen {
            pthread_cond_wait(condition, mutex)
        }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }
}

/// Numbers that several threads change, each on its own cache line: threads that do not share one do not wait for
/// one another.
final class PaddedAtomics: @unchecked Sendable {
    /// Two lines of 64 bytes, since processors fetch them in pairs.
    private static let stride = 16
    private let base: UnsafeMutablePointer<Atomic<Int>>
    private let count: Int

    /// All zero.
    init(count: Int) {
        self.count = count
        let bytes = count * PaddedAtomics.stride * MemoryLayout<Atomic<Int>>.stride
        base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 128)
            .bindMemory(to: Atomic<Int>.self, capacity: count * PaddedAtomics.stride)
        for index in 0..<(count * PaddedAtomics.stride) { (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        base.deinitialize(count: count * PaddedAtomics.stride)
        base.deallocate()
    }

    subscript(_ index: Int) -> UnsafeMutablePointer<Atomic<Int>> { base + index * PaddedAtomics.stride }
}
