// Which of OpenBLAS's hand-tuned kernels does the products: measured, because the library can guess wrong; and whether
// oneDNN does those that all threads share.

import COpenBLAS
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// OpenBLAS carries a set of kernels for each processor family and picks one by name when it is loaded. A processor
/// that is newer than the library falls back to an old set: OpenBLAS 0.3.21 runs AVX2 on AMD's Zen 5, at half of the
/// speed that its own AVX-512 kernels reach there.
package enum BLASKernel {
    /// The kernel set in use, `Haswell` or `SkylakeX` say, with `+oneDNN` where oneDNN does the products that all threads
    /// share.
    package static var name: String { loaded + (sharesWithOneDNN ? oneDNNSuffix : "") }

    /// OpenBLAS's kernel set alone.
    private static var loaded: String { String(cString: openblas_get_corename()) }

    private static let oneDNNSuffix = "+oneDNN"
    private static let isOneDNNShared = Atomic<Bool>(false)

    /// Whether oneDNN does the products that all threads share.
    static var sharesWithOneDNN: Bool { isOneDNNShared.load(ordering: .relaxed) }

    /// Sets that are worth trying on this processor, the library's own choice aside.
    private static var candidates: [String] {
        #if arch(x86_64)
            return [("avx512f", "SkylakeX"), ("avx2", "Haswell")].filter { processor("flags", has: $0.0) }.map { $0.1 }
        #else
            return []
        #endif
    }

    /// A challenger must be this much faster, so that noise never decides and a run can be repeated.
    private static let requiredGain = 1.15
    /// From here on one measurement is enough. Below, what else the machine does could have made the difference: a neighbour
    /// on the other thread of the same core takes half of its speed for seconds.
    private static let certainGain = 2.5

    /// Names a set that will be used without measuring. OpenBLAS's own `OPENBLAS_CORETYPE` only says which one is
    /// loaded first: it is often set for another machine or for other programs, and a wrong one halves the speed.
    package static let environmentVariable = "LUTHIER_BLAS_KERNEL"

    /// Takes the kernel set called `fixed` or named in the environment, or else the fastest by a short measurement.
    /// Call once, before any product.
    ///
    /// - Returns: the set in use afterwards; not the one asked for where the library has no such set.
    @discardableResult
    package static func choose(fixed: String? = nil) -> String {
        openblas_set_num_threads(1)
        if var asked = fixed ?? getenv(environmentVariable).map({ String(cString: $0) }) {
            isOneDNNShared.store(asked.hasSuffix(oneDNNSuffix), ordering: .relaxed)
            if asked.hasSuffix(oneDNNSuffix) { asked.removeLast(oneDNNSuffix.count) }
            if asked != loaded { use(asked) }
            return name
        }
        let rates = measure()
        var best = rates[0]
        for candidate in rates.dropFirst() where candidate.flopsPerSecond > best.flopsPerSecond * requiredGain {
            let isCertain = candidate.flopsPerSecond > best.flopsPerSecond * certainGain
            if isCertain || medianGain(of: candidate.name, over: best.name) > requiredGain { best = candidate }
        }
        if loaded != best.name { use(best.name) }
        isOneDNNShared.store(prefersOneDNN(best.name), ordering: .relaxed)
        return name
    }

    /// On Intel's processors with AVX-512 oneDNN is about a sixth faster in the products of a step; on AMD's it is
    /// not (Benchmarks/LOG.md). This is decided by name: the difference is smaller than what other programs do to a
    /// measurement of milliseconds, and every run on a machine must choose the same.
    private static func prefersOneDNN(_ set: String) -> Bool {
        #if arch(x86_64)
            return set == "SkylakeX" && processor("vendor_id", has: "GenuineIntel")
        #else
            return false
        #endif
    }

    /// How fast each set is on one thread: the library's own choice first. Leaves the last one in use.
    package static func measure() -> [(name: String, flopsPerSecond: Double)] {
        let own = loaded
        var rates = [(own, flopsPerSecond())]
        for candidate in candidates where candidate != own {
            use(candidate)
            if loaded == candidate { rates.append((candidate, flopsPerSecond())) }
        }
        return rates
    }

    /// How many times as fast one set is as another, by turns, so that both have the same neighbours: the median of nine
    /// pairs. Leaves one of them in use.
    private static func medianGain(of candidate: String, over other: String) -> Double {
        let gains = (0..<9).map { _ in
            use(other)
            let rate = flopsPerSecond(products: 5)
            use(candidate)
            return flopsPerSecond(products: 5) / rate
        }
        return gains.sorted()[gains.count / 2]
    }

    /// OpenBLAS's version and how it was built, in its own words.
    package static var library: String { String(cString: openblas_get_config()) }

    /// Loads another set. The two functions are exported by builds of OpenBLAS that carry several sets, but are in
    /// no header, hence the look-up by name; without them nothing changes.
    private static func use(_ kernel: String) {
        typealias Function = @convention(c) () -> Void
        guard let process = dlopen(nil, RTLD_NOW),
            let quit = dlsym(process, "gotoblas_dynamic_quit"), let start = dlsym(process, "gotoblas_dynamic_init")
        else { return }
        let previous = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
        setenv("OPENBLAS_CORETYPE", kernel, 1)
        unsafeBitCast(quit, to: Function.self)()
        unsafeBitCast(start, to: Function.self)()
        if let previous { setenv("OPENBLAS_CORETYPE", previous, 1) } else { unsetenv("OPENBLAS_CORETYPE") }
    }

    /// By the best of twenty products of 256 × 256 × 256, a few milliseconds in all: whatever else the machine does, one
    /// of them runs undisturbed.
    private static func flopsPerSecond(products: Int = 20) -> Double {
        let side = 256
        let arena = FloatArena(count: 3 * side * side)
        for index in 0..<(2 * side * side) { arena.base[index] = Float(index % 7) - 3 }
        let a = Matrix(arena, rows: side, columns: side)
        let b = Matrix(arena, offset: side * side, rows: side, columns: side)
        let c = Matrix(arena, offset: 2 * side * side, rows: side, columns: side)
        var best = Double.infinity
        for _ in 0..<products {
            let start = monotonicSeconds()
            MatrixMultiply.runOnThisThread(into: c, a, b)
            best = min(best, monotonicSeconds() - start)
        }
        return 2 * Double(side * side * side) / best
    }

    #if arch(x86_64)
        /// Whether the system's list of the processor's properties has a word in a line.
        private static func processor(_ key: String, has word: String) -> Bool {
            guard let file = fopen("/proc/cpuinfo", "r") else { return false }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 8192)
            while fgets(&line, Int32(line.count), file) != nil {
                guard strncmp(line, key, key.utf8.count) == 0 else { continue }
                let words = line.prefix { $0 != 0 }.split { $0 == 32 || $0 == 9 || $0 == 10 }
                return words.contains { $0.elementsEqual(word.utf8.map { CChar(bitPattern: $0) }) }
            }
            return false
        }
    #endif
}

/// Seconds of a clock that only ever goes forward; its zero means nothing.
package func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
