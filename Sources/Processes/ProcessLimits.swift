// Limits that a process sets for itself before it does something risky.

import Foundation

/// What a process may use.
package struct ProcessLimits {
    /// Bytes of addresses in addition to those that it has.
    package var addressBytes: Int
    /// Seconds of a processor's time; a signal says that they are used up (SIGXCPU).
    package var processorSeconds: Int

    package init(addressBytes: Int, processorSeconds: Int) {
        self.addressBytes = addressBytes
        self.processorSeconds = processorSeconds
    }

    /// Sets these limits for this process for good, and that it writes no files and leaves no image of its memory.
    ///
    /// - Throws: the name of a limit that could not be set.
    package func apply() throws(ProcessLimitError) {
        try ProcessLimits.set(RLIMIT_CORE, 0, name: "core")
        try ProcessLimits.set(RLIMIT_FSIZE, 0, name: "file size")
        // The signal comes at the first number, an end without one at the second.
        try ProcessLimits.set(RLIMIT_CPU, processorSeconds, last: processorSeconds + 2, name: "processor time")
        if let used = ProcessLimits.addressesUsed {
            try ProcessLimits.set(RLIMIT_AS, used + addressBytes, name: "address space")
        }
    }

    /// Bytes of this process's addresses; nil where the system does not say.
    private static var addressesUsed: Int? {
        guard let text = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
        let pages = String(decoding: text, as: UTF8.self).split(separator: " ").first.flatMap { Int($0) }
        return pages.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
    }

    #if canImport(Glibc)
        private typealias Resource = __rlimit_resource
        private static func kind(_ resource: Resource) -> __rlimit_resource_t { __rlimit_resource_t(resource.rawValue) }
    #else
        private typealias Resource = Int32
        private static func kind(_ resource: Resource) -> Int32 { resource }
    #endif

    /// Lowers a limit; one that is lower already stays.
    private static func set(
        _ resource: Resource, _ value: Int, last: Int? = nil, name: String
    ) throws(ProcessLimitError) {
        var limit = rlimit()
        getrlimit(kind(resource), &limit)
        limit.rlim_max = min(limit.rlim_max, rlim_t(last ?? value))
        limit.rlim_cur = min(limit.rlim_max, min(limit.rlim_cur, rlim_t(value)))
        guard setrlimit(kind(resource), &limit) == 0 else { throw ProcessLimitError(name: name, code: errno) }
    }
}

/// A limit that could not be set.
package struct ProcessLimitError: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let code: Int32

    package var description: String { "the limit of the \(name) cannot be set: \(String(cString: strerror(code)))" }
}
