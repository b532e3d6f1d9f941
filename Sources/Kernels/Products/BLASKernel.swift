// Which of OpenBLAS's hand-tuned kernels does the products: measured, because the library can guess wrong.

import COpenBLAS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// OpenBLAS carries a set of kernels for each processor family and picks one by name when it is loaded. A processor
/// that is newer than the library falls back to an old set: OpenBLAS 0.3.21 runs AVX2 on AMD's Zen 5, at half of the
/// speed that its own AVX-512 kernels reach there.
package enum BLASKernel {
    /// The kernel set in use, `Haswell` or `SkylakeX` say.
    package static var name: String { String(cString: openblas_get_corename()) }

    /// Sets that are worth trying on this processor, the library's own choice aside.
    private static var candidates: [String] {
        #if arch(x86_64)
            return [("avx512f", "SkylakeX"), ("avx2", "Haswell")].filter { supports($0.0) }.map { $0.1 }
        #else
            return []
        #endif
    }

    /// A challenger must be this much faster, so that noise never decides and a run can be repeated.
    private static let requiredGain = 1.15

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
        let own = name
        if let asked = fixed ?? getenv(environmentVariable).map({ String(cString: $0) }) {
            if asked != own { use(asked) }
            return name
        }
        let rates = measure()
        var best = rates[0]
        for candidate in rates.dropFirst() where candidate.flopsPerSecond > best.flopsPerSecond * requiredGain {
            best = candidate
        }
        if name != best.name { use(best.name) }
        return name
    }

    /// How fast each set is on one thread: the library's own choice first. Leaves the last one in use.
    package static func measure() -> [(name: String, flopsPerSecond: Double)] {
        let own = name
        var rates = [(own, flopsPerSecond())]
        for candidate in candidates where candidate != own {
            use(candidate)
            if name == candidate { rates.append((candidate, flopsPerSecond())) }
        }
        return rates
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
    private static func flopsPerSecond() -> Double {
        let side = 256
        let arena = FloatArena(count: 3 * side * side)
        for index in 0..<(2 * side * side) { arena.base[index] = Float(index % 7) - 3 }
        let a = Matrix(arena, rows: side, columns: side)
        let b = Matrix(arena, offset: side * side, rows: side, columns: side)
        let c = Matrix(arena, offset: 2 * side * side, rows: side, columns: side)
        var best = Double.infinity
        for _ in 0..<20 {
            let start = monotonicSeconds()
            MatrixMultiply.runOnThisThread(into: c, a, b)
            best = min(best, monotonicSeconds() - start)
        }
        return 2 * Double(side * side * side) / best
    }

    #if arch(x86_64)
        /// Whether the processor and the system support a feature, as the system lists them.
        private static func supports(_ feature: String) -> Bool {
            guard let file = fopen("/proc/cpuinfo", "r") else { return false }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 8192)
            while fgets(&line, Int32(line.count), file) != nil {
                if strncmp(line, "flags", 5) == 0 { return strstr(line, " \(feature) ") != nil }
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
