// How fast this machine could multiply and add at the very most: the yardstick of every product.

/// Multiply–adds on registers alone, no memory touched.
package enum MachinePeak {
    /// FLOP per second of all threads of `ParallelFor` together, the best of many short runs: it takes the system some
    /// hundredths of a second to spread the threads over the cores.
    package static func flopsPerSecond() -> Double {
        let (rounds, seconds) = (2_000_000, 0.15)
        // Twelve chains of sixteen lanes, two operations a multiply–add.
        let work = Double(rounds * 12 * laneCount * 2 * ParallelFor.threadCount)
        let sink = FloatArena(count: 16 * max(ParallelFor.threadCount, 1))
        let end = monotonicSeconds() + seconds
        var best = 0.0
        repeat {
            let start = monotonicSeconds()
            ParallelFor.ranges(ParallelFor.threadCount) { threads in
                for thread in threads { sink.base[16 * thread] = chains(rounds) }
            }
            best = max(best, work / (monotonicSeconds() - start))
        } while monotonicSeconds() < end
        return best
    }

    /// Bytes per second that all threads together read from memory, the best of several passes over a block larger than
    /// any cache.
    package static func bytesPerSecond() -> Double {
        let count = 64 << 20
        let block = FloatArena(count: count)
        block.base.update(repeating: 1, count: count)
        var best = 0.0
        for _ in 0..<6 {
            let sink = FloatArena(count: 16 * max(ParallelFor.threadCount, 1))
            let start = monotonicSeconds()
            ParallelFor.ranges(ParallelFor.threadCount) { threads in
                for thread in threads {
                    let part = count / ParallelFor.threadCount
                    sink.base[16 * thread] = sumLanes(block.base + thread * part, count: part) { $0 }
                }
            }
            best = max(best, Double(4 * count) / (monotonicSeconds() - start))
        }
        return best
    }

    /// Twelve independent chains keep both units busy over the latency of one multiply–add.
    @inline(never)
    private static func chains(_ rounds: Int) -> Float {
        let factor = Lanes(repeating: 0.999_999)
        let term = Lanes(repeating: 1e-6)
        var (a, b, c, d) = (term, term + 1, term + 2, term + 3)
        var (e, f, g, h) = (term + 4, term + 5, term + 6, term + 7)
        var (i, j, k, l) = (term + 8, term + 9, term + 10, term + 11)
        for _ in 0..<rounds {
            a = term.addingProduct(a, factor)
            b = term.addingProduct(b, factor)
            c = term.addingProduct(c, factor)
            d = term.addingProduct(d, factor)
            e = term.addingProduct(e, factor)
            f = term.addingProduct(f, factor)
            g = term.addingProduct(g, factor)
            h = term.addingProduct(h, factor)
            i = term.addingProduct(i, factor)
            j = term.addingProduct(j, factor)
            k = term.addingProduct(k, factor)
            l = term.addingProduct(l, factor)
        }
        return ((a + b) + (c + d) + (e + f) + (g + h) + (i + j) + (k + l)).sum()
    }
}
