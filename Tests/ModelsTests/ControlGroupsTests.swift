// The memory limits of control groups, from folders like those of the system.

import Foundation
import Models
import TestSupport
import Testing

@Suite struct ControlGroupsTests {
    /// Writes files below a temporary folder and asks how much is left.
    private func available(_ membership: String, _ files: [String: String]) throws -> Int? {
        try withTemporaryFolder { place in
            for (name, text) in files {
                let folder = (place.path + "/" + name as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try place.write(text, as: name)
            }
            try place.write(membership, as: "membership")
            return ControlGroups(membership: place.path + "/membership", root: place.path).availableBytes
        }
    }

    @Test func version2() throws {
        let files = ["a/b/memory.max": "1000\n", "a/b/memory.current": "400\n"]
        #expect(try available("0::/a/b\n", files) == 600)
        #expect(try available("0::/a\n", files) == nil)
    }

    @Test func version1() throws {
        let files = [
            "memory/job/memory.limit_in_bytes": "209715200\n", "memory/job/memory.usage_in_bytes": "9715200\n",
        ]
        #expect(try available("9:cpu,cpuacct:/job\n4:memory:/job\n0::/\n", files) == 200_000_000)
        #expect(try available("9:cpu,cpuacct:/job\n", files) == nil)
    }

    @Test func theTightestGroupCounts() throws {
        let files = [
            "a/memory.max": "500", "a/memory.current": "450", "a/b/memory.max": "1000", "a/b/memory.current": "400",
        ]
        #expect(try available("0::/a/b\n", files) == 50)
    }

    @Test func thePathOfTheHostInsideOfAContainer() throws {
        let files = ["memory.max": "1000", "memory.current": "100"]
        #expect(try available("0::/../../some/container\n", files) == 900)
    }

    @Test func noLimit() throws {
        #expect(try available("0::/a\n", ["a/memory.max": "max\n", "a/memory.current": "400\n"]) == nil)
        let files = [
            "memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/memory.usage_in_bytes": "5\n",
        ]
        #expect(try available("4:memory:/\n", files) == nil)
        #expect(ControlGroups(membership: "/nowhere", root: "/nowhere").availableBytes == nil)
    }

    @Test func moreThanTheLimitIsUsed() throws {
        #expect(try available("0::/a\n", ["a/memory.max": "10", "a/memory.current": "400"]) == 0)
    }
}
