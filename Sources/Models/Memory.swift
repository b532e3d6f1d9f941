// How much memory there is, and how much was taken.

import Foundation
import Kernels

package enum Memory {
    /// Bytes that the system could still give to this process, the limits of its control groups and of `ulimit -d` and
    /// `ulimit -v` included; nil where it does not say.
    package static var availableBytes: Int? {
        guard let free = kibibytes("MemAvailable", in: "/proc/meminfo") else { return nil }
        var available = free << 10
        if let left = ControlGroups().availableBytes { available = min(available, left) }
        if let left = limitedBytes { available = min(available, left) }
        return available
    }

    /// What the limits of `ulimit -d` and `ulimit -v` leave; nil where there are none.
    private static var limitedBytes: Int? {
        var left: Int?
        #if canImport(Glibc)
            for (resource, used) in [(RLIMIT_DATA, "VmData"), (RLIMIT_AS, "VmSize")] {
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
                if limit.rlim_cur < UInt64(Int.max), let used = kibibytes(used, in: "/proc/self/status") {
                    left = min(left ?? .max, max(0, Int(limit.rlim_cur) - used << 10))
                }
            }
        #endif
        return left
    }

    /// Throws where a limit leaves too little for the libraries of matrix products. OpenBLAS asks for large ranges of
    /// addresses, most of which it never uses; where it gets none, it asks again for ever. Call before any product.
    ///
    /// - Parameter threads: 0 for one for each processor.
    package static func checkLimits(threads: Int) throws(ModelError) {
        guard let left = limitedBytes else { return }
        let processors = ParallelFor.availableProcessors
        let count = threads > 0 ? min(threads, processors) : processors
        // Measured with OpenBLAS 0.3.21: 0.5 GB with one thread and 0.8 GB with two, in addition to what is mapped at
        // the start.
        let needed = (512 + 128 * count) << 20
        guard left >= needed else { throw .limitTooLow(needed: needed, available: left) }
    }

    /// The memory that this process holds; nil where the system does not say.
    package static var residentBytes: Int? { kibibytes("VmRSS", in: "/proc/self/status").map { $0 << 10 } }

    /// The most memory that this process has held so far.
    package static var peakBytes: Int {
        // `getrusage` would count the pages of whoever started this process as well.
        if let peak = kibibytes("VmHWM", in: "/proc/self/status") { return peak << 10 }
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss << 10
        #else
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss
        #endif
    }

    /// The number after a name, in one of the system's lists of `Name:   123 kB`.
    private static func kibibytes(_ name: String, in path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.dropFirst(name.count + 1).split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }
}
