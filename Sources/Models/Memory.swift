// How much memory there is, and how much was taken.

import Foundation

package enum Memory {
    /// Bytes that the system could still give to this process, the limits of its control groups and of `ulimit -d` and
    /// `ulimit -v` included; nil where it does not say.
    package static var availableBytes: Int? {
        guard let free = kibibytes("MemAvailable", in: "/proc/meminfo") else { return nil }
        var available = free << 10
        if let left = ControlGroups().availableBytes { available = min(available, left) }
        #if canImport(Glibc)
            for (resource, used) in [(RLIMIT_DATA, "VmData"), (RLIMIT_AS, "VmSize")] {
                var limit = rlimit()
                getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
                if limit.rlim_cur < UInt64(Int.max), let used = kibibytes(used, in: "/proc/self/status") {
                    available = min(available, max(0, Int(limit.rlim_cur) - used << 10))
                }
            }
        #endif
        return available
    }

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
