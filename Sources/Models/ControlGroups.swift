// The memory limits of Linux control groups, in which containers and batch systems run their processes.

import Foundation

/// The control groups of this process, of version 1 or 2 (kernel.org, Documentation/admin-guide/cgroup-v1/memory.rst and
/// cgroup-v2.rst). A limit of any group above its own holds too.
package struct ControlGroups {
    private let membership: String
    private let root: String

    /// - Parameters:
    ///   - membership: the file that names the groups, one per line: number, controllers, path.
    ///   - root: where the groups are mounted.
    package init(membership: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup") {
        (self.membership, self.root) = (membership, root)
    }

    /// The least that any of the groups has left; nil where none has a limit.
    package var availableBytes: Int? {
        let lines = (try? String(contentsOfFile: membership, encoding: .utf8))?.split(separator: "\n") ?? []
        var left: [Int] = []
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[1].isEmpty {
                left += folders(of: parts[2], below: root).compactMap {
                    free(limit: $0 + "/memory.max", used: $0 + "/memory.current")
                }
            } else if parts[1].split(separator: ",").contains("memory") {
                left += folders(of: parts[2], below: root + "/memory").compactMap {
                    free(limit: $0 + "/memory.limit_in_bytes", used: $0 + "/memory.usage_in_bytes")
                }
            }
        }
        return left.min()
    }

    /// The folder of the group and of each above it. Inside of a container, the path may be that of the host: then only the
    /// mounted root is there.
    private func folders(of path: Substring, below root: String) -> [String] {
        var names = path.split(separator: "/")
        var folders = [root]
        while !names.isEmpty {
            folders.append(root + "/" + names.joined(separator: "/"))
            names.removeLast()
        }
        return folders
    }

    private func free(limit: String, used: String) -> Int? {
        // Version 2 says "max", version 1 a number close to 2⁶³, where there is no limit.
        guard let limit = number(in: limit), limit < Int.max / 2, let used = number(in: used) else { return nil }
        return max(0, limit - used)
    }

    private func number(in path: String) -> Int? {
        (try? String(contentsOfFile: path, encoding: .utf8)).flatMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
