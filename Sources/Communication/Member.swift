// Where a rank runs, and on how many processors.

import Foundation

/// One of the processes that train together.
package struct Member: Sendable, Equatable {
    package let rank: Int
    package let host: String
    /// Differs between machines of one name; empty where the system gives none.
    package let boot: String
    package let processID: Int32
    /// The processors that the system lets it use, as the system lists them: `0-3,8`.
    package let processors: String
    package let processorCount: Int

    package init(
        rank: Int, host: String, boot: String = "", processID: Int32, processors: String, processorCount: Int
    ) {
        (self.rank, self.host, self.boot, self.processID) = (rank, host, boot, processID)
        (self.processors, self.processorCount) = (processors, processorCount)
    }

    /// This process.
    ///
    /// - Parameter processorCount: that it may use.
    package static func here(rank: Int, processorCount: Int) -> Member {
        // "Cpus_allowed_list:	0-3" (man 5 proc); other systems have no such file.
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        let list = line.map { String($0.dropFirst("Cpus_allowed_list:".count)).trimmingCharacters(in: .whitespaces) }
        let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return Member(
            rank: rank, host: ProcessInfo.processInfo.hostName,
            boot: boot.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? "", processID: getpid(),
            processors: list ?? "all", processorCount: processorCount)
    }

    /// Threads for this rank: its processors, divided among the ranks of the same host that have the same ones. A launcher
    /// that binds gives each rank its own processors.
    package func threads(among members: [Member]) -> Int {
        let sharing = members.count { isOnOneMachine(as: $0) && $0.processors == processors }
        return max(1, processorCount / max(1, sharing))
    }

    package func isOnOneMachine(as other: Member) -> Bool { host == other.host && boot == other.boot }

    /// `rank 1 on node7 (process 4711)`.
    package var description: String { "rank \(rank) on \(host) (process \(processID))" }

    private static let separator: Character = "\n"

    var bytes: [UInt8] {
        Array(
            [host, boot, "\(processID)", processors, "\(processorCount)"].joined(separator: "\(Member.separator)").utf8)
    }

    init?(rank: Int, bytes: [UInt8]) {
        let parts = String(decoding: bytes, as: UTF8.self)
            .split(separator: Member.separator, omittingEmptySubsequences: false)
        guard parts.count == 5, let processID = Int32(parts[2]), let count = Int(parts[4]) else { return nil }
        self.init(
            rank: rank, host: String(parts[0]), boot: String(parts[1]), processID: processID,
            processors: String(parts[3]), processorCount: count)
    }
}
