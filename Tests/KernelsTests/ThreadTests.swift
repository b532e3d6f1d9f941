// ParallelFor with several threads, and kernels whose results must not depend on their number.

import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

/// Every test is a separate process (an exit test): the thread count belongs to the process, in which the tests
/// of other suites run at the same time. An expectation that fails there is reported here.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ThreadTests {
    /// How often each of `count` indices was visited by `body`, which is given a function that counts a visit.
    private static func visits(_ count: Int, _ body: ((Int) -> Void) -> Void) -> [Int] {
        let counters = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: max(count, 1))
        for index in 0..<count { (counters + index).initialize(to: Atomic(0)) }
        defer {
            counters.deinitialize(count: count)
            counters.deallocate()
        }
        body { counters[$0].wrappingAdd(1, ordering: .relaxed) }
        return (0..<count).map { counters[$0].load(ordering: .relaxed) }
    }

    @Test func everyIndexOnce() async {
        await #expect(processExitsWith: .success) {
            for threads in [1, 2, 3, 7, 1024, 1, 2] {
                ParallelFor.configure(threads: threads)
                #expect(ParallelFor.threadCount == threads)
                for count in [0, 1, 2, 3, 7, 16, 47, 48, 49, 1_000] {
                    let once = [Int](repeating: 1, count: count)
                    #expect(ThreadTests.visits(count) { visit in ParallelFor.tasks(count) { visit($0) } } == once)
                    for grain in [1, 16, 48] {
                        let visits = ThreadTests.visits(count) { visit in
                            ParallelFor.ranges(count, grain: grain) { range in
                                #expect(range.lowerBound % grain == 0 && !range.isEmpty)
                                #expect(range.upperBound % grain == 0 || range.upperBound == count)
                                for index in range { visit(index) }
                            }
                        }
                        #expect(visits == once, "\(threads) threads, \(count) indices, grain \(grain)")
                    }
                }
            }
        }
    }

    /// Work that is cut for far more threads than there are processors gets done all the same.
    @Test func moreThreadsThanProcessors() async {
        await #expect(processExitsWith: .success) {
            ParallelFor.configure(threads: 1024)
            var sum = 0
            for round in 0..<2_000 {
                sum +=
                    ThreadTests.visits(4) { visit in ParallelFor.ranges(4) { for index in $0 { visit(index) } } }.count
                if round % 100 == 0 { ParallelFor.ranges(5_000) { range in precondition(!range.isEmpty) } }
            }
            #expect(sum == 8_000)
        }
    }

    /// The work is cut into as many ranges as there are threads, and of about one size.
    @Test func rangesAreShared() async {
        await #expect(processExitsWith: .success) {
            ParallelFor.configure(threads: 3)
            let ranges = Mutex<[Range<Int>]>([])
            ParallelFor.ranges(100) { range in ranges.withLock { $0.append(range) } }
            #expect(ranges.withLock { $0.map(\.count).sorted() } == [33, 33, 34])
        }
    }

    /// A loop inside a loop, and loops that several threads start at the same time, run and end.
    @Test func nestedAndConcurrentLoops() async {
        await #expect(processExitsWith: .success) {
            for threads in [2, 3, 7] {
                ParallelFor.configure(threads: threads)
                let nested = ThreadTests.visits(600) { visit in
                    ParallelFor.tasks(20) { outer in
                        ParallelFor.ranges(30) { for inner in $0 { visit(outer * 30 + inner) } }
                    }
                }
                #expect(nested.allSatisfy { $0 == 1 })
                let inTasks = ThreadTests.visits(600) { visit in
                    ParallelFor.ranges(20) { range in
                        for outer in range { ParallelFor.tasks(30) { visit(outer * 30 + $0) } }
                    }
                }
                #expect(inTasks.allSatisfy { $0 == 1 })
                for _ in 0..<50 {
                    let total = Atomic<Int>(0)
                    DispatchQueue.concurrentPerform(iterations: 8) { _ in
                        ParallelFor.tasks(100) { _ in total.wrappingAdd(1, ordering: .relaxed) }
                    }
                    #expect(total.load(ordering: .relaxed) == 800)
                }
            }
        }
    }

    /// Workers that have gone to sleep wake up for the next loop, many times over.
    @Test func workersWakeUp() async {
        await #expect(processExitsWith: .success) {
            ParallelFor.configure(threads: 2)
            for round in 0..<2_000 {
                if round % 100 == 0 { usleep(2_000) }
                let total = Atomic<Int>(0)
                ParallelFor.ranges(10) { total.wrappingAdd($0.count, ordering: .relaxed) }
                #expect(total.load(ordering: .relaxed) == 10)
            }
        }
    }

    /// The number of threads changes while other threads run loops: each loop still visits every index once, and ends.
    @Test func theNumberChangesUnderLoops() async {
        await #expect(processExitsWith: .success) {
            let isDone = Atomic(false)
            let changer = Thread {
                var threads = 1
                while !isDone.load(ordering: .relaxed) {
                    threads = threads % 3 + 1
                    ParallelFor.configure(threads: threads)
                }
            }
            changer.start()
            for round in 0..<3_000 {
                let once = [Int](repeating: 1, count: 10)
                #expect(
                    ThreadTests.visits(10) { visit in ParallelFor.ranges(10) { for index in $0 { visit(index) } } }
                        == once)
                if round % 10 == 0 {
                    #expect(ThreadTests.visits(10) { visit in ParallelFor.tasks(10) { visit($0) } } == once)
                }
            }
            isDone.store(true, ordering: .relaxed)
            ParallelFor.configure(threads: 1)
        }
    }

    @Test func zeroMeansAllProcessors() async {
        await #expect(processExitsWith: .success) {
            ParallelFor.configure(threads: 0)
            #expect(ParallelFor.threadCount == ParallelFor.availableProcessors)
        }
    }

    /// Rows, columns, heads or blocks are shared out, no sum is ever split: the same bits for any number of threads.
    @Test func kernelsGiveTheSameBits() async {
        await #expect(processExitsWith: .success) {
            var results: [[(name: String, bits: [UInt32])]] = []
            for threads in [1, 2, 3] {
                ParallelFor.configure(threads: threads)
                results.append(KernelResults.all().map { ($0.name, $0.values.map(\.bitPattern)) })
            }
            for (index, first) in results[0].enumerated() {
                #expect(results[1][index].bits == first.bits, "\(first.name) with 2 threads")
                #expect(results[2][index].bits == first.bits, "\(first.name) with 3 threads")
            }
        }
    }

    /// Products are cut over the threads: other shapes of the pieces may round differently, but the same number of
    /// threads gives the same bits, and every one the right numbers.
    @Test func matrixProducts() async {
        await #expect(processExitsWith: .success) {
            for threads in [1, 2, 3] {
                ParallelFor.configure(threads: threads)
                // Tall, wide, and more threads than pieces; all above the size that stays on one thread.
                for (m, k, n) in [(331, 33, 50), (50, 33, 331), (40, 100, 47), (130, 130, 130)] {
                    for choice in 0..<4 {
                        let (transposingA, transposingB) = (choice & 1 > 0, choice & 2 > 0)
                        let a = transposingA ? Grid.random(k, m, seed: 1) : Grid.random(m, k, seed: 1)
                        let b = transposingB ? Grid.random(n, k, seed: 2) : Grid.random(k, n, seed: 2)
                        let (c, again) = (Grid.random(m, n, seed: 3), Grid.random(m, n, seed: 3))
                        let product = Reference.product(
                            a.doubles, b.doubles, m: m, k: k, n: n, transposingA: transposingA,
                            transposingB: transposingB, scale: 0.5)
                        let expected = sum(c.doubles, product)
                        for target in [c, again] {
                            MatrixMultiply.run(
                                into: target.matrix, a.matrix, b.matrix, transposingA: transposingA,
                                transposingB: transposingB, scale: 0.5, adding: true)
                        }
                        #expect(relativeError(c.values, expected) < tolerance, "\(threads) threads, (\(m), \(k), \(n))")
                        #expect(c.values.map(\.bitPattern) == again.values.map(\.bitPattern))
                        #expect(c.isIntact)
                    }
                }
            }
        }
    }
}
