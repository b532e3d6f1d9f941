// A failed write leaves the old file unchanged, and no other file.

import Checkpoint
import Files
import Foundation
import Testing

/// Sets the size beyond which the system does not let a file of this process grow.
private func limitFileSize(to byteCount: Int?) {
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
    limits.rlim_cur = byteCount.map { rlim_t($0) } ?? limits.rlim_max
    #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0)
}

@Suite struct FailureTests {
    @Test func badContentIsRefusedBeforeAnythingIsWritten() throws {
        let nan = Float.nan
        let cases: [(Sample, ElementType, CheckpointError)] = [
            (Sample(arrays: [("model/a", [1], [1])], texts: []), .float32, .invalidName("model/a")),
            (Sample(arrays: [("/model/../a", [1], [1])], texts: []), .float32, .invalidName("/model/../a")),
            (Sample(arrays: [("/model/a b", [1], [1])], texts: []), .float32, .invalidName("/model/a b")),
            (Sample(arrays: [("/a/b/c/d/e/f", [1], [1])], texts: []), .float32, .invalidName("/a/b/c/d/e/f")),
            (Sample(arrays: [("/a", [1], [1]), ("/a", [1], [1])], texts: []), .float32, .duplicateName("/a")),
            (Sample(arrays: [("/a", [0], [])], texts: []), .float32, .empty(name: "/a")),
            (Sample(arrays: [("/a", [], [1])], texts: []), .float32, .empty(name: "/a")),
            (Sample(arrays: [], texts: [TextRecord(name: "/a", bytes: [])]), .float32, .empty(name: "/a")),
            (
                Sample(arrays: [("/a", [2, 2], [1, 2, 3])], texts: []), .float32,
                .shapeDoesNotMatchValues(name: "/a", shape: [2, 2], count: 3)
            ),
            (
                Sample(arrays: [("/a", [.max, 2], [1, 2])], texts: []), .float32,
                .shapeDoesNotMatchValues(name: "/a", shape: [.max, 2], count: 2)
            ),
            (
                Sample(arrays: [("/a", [3], [1, 70000, 1])], texts: []), .float16,
                .beyondFloat16(name: "/a", index: 1, value: 70000)
            ),
        ]
        try withFolder { folder in
            for (sample, type, error) in cases {
                #expect(throws: error) { try sample.write(to: "\(folder)/a.h5", type) }
            }
            #expect(throws: CheckpointError.self) {
                try Sample(arrays: [("/a", [1], [nan])], texts: []).write(to: "\(folder)/a.h5")
            }
            let left = try names(in: folder)
            #expect(left == [])
        }
    }

    /// Wherever the value is: in a vector, in the rest after the last vector, in a later piece.
    @Test(arguments: [0, 15, 16, 16_383, 16_384, 40_000, 40_010], [Float.nan, .infinity, -.infinity, .signalingNaN])
    func aNonFiniteValueIsNamed(_ index: Int, _ value: Float) throws {
        try withFolder { folder in
            var values = [Float](repeating: .greatestFiniteMagnitude, count: 40_011)
            values[index] = value
            let error = #expect(throws: CheckpointError.self) {
                try Sample(arrays: [("/model/w", [40_011], values)], texts: []).write(to: "\(folder)/a.h5")
            }
            guard case .nonFinite(nil, "/model/w", index, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func aFolderIsNotReplaced() throws {
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            #expect(throws: CheckpointError.notARegularFile(path: path, kind: "a folder")) {
                try Sample.small.write(to: path)
            }
            #expect(throws: FileError(.rename, path, code: EISDIR)) { try AtomicFile.write("x", to: path) }
            #expect(try names(in: folder) == ["a.h5"])
        }
    }

    @Test func aMissingFolderAndALongNameAreNamed() throws {
        try withFolder { folder in
            let missing = "\(folder)/no/a.h5"
            #expect(throws: CheckpointError.file(FileError(.create, missing, code: ENOENT))) {
                try Sample.small.write(to: missing)
            }
            let long = "\(folder)/" + String(repeating: "x", count: 255)
            #expect(throws: CheckpointError.file(FileError(.create, long, code: ENAMETOOLONG))) {
                try Sample.small.write(to: long)
            }
            let left = try names(in: folder)
            #expect(left == [])
        }
    }

    @Test func leftoversAreIgnoredAndCleared() throws {
        try withFolder { folder in
            let mine = "a.h5.tmp.\(getpid())"
            for name in [mine, "b.h5.tmp.1.2", "c.tmp.x", "d.tmp", "latest"] {
                try put([1], at: "\(folder)/\(name)")
            }
            try Sample.small.write(to: "\(folder)/a.h5")
            #expect(try CheckpointFile.verify("\(folder)/a.h5").count == 64)
            #expect(try CheckpointFile.removeLeftovers(in: folder) == [mine, "b.h5.tmp.1.2"])
            #expect(try names(in: folder) == ["a.h5", "c.tmp.x", "d.tmp", "latest"])
            #expect(throws: FileError(.list, "\(folder)/no", code: ENOENT)) {
                try CheckpointFile.removeLeftovers(in: "\(folder)/no")
            }
        }
    }

    @Test func aReadOnlyFolderIsRefused() async throws {
        await #expect(processExitsWith: .success) {
            try withFolder { folder in
                try Sample.small.write(to: "\(folder)/a.h5")
                let before = try bytes(of: "\(folder)/a.h5")
                chmod(folder, 0o555)
                let user = geteuid()
                // The superuser may write anywhere.
                if user == 0 { seteuid(65534) }
                #expect(throws: CheckpointError.file(FileError(.create, "\(folder)/a.h5", code: EACCES))) {
                    try Sample.small.write(to: "\(folder)/a.h5")
                }
                if user == 0 { seteuid(user) }
                chmod(folder, 0o755)
                #expect(try bytes(of: "\(folder)/a.h5") == before)
                #expect(try names(in: folder) == ["a.h5"])
            }
        }
    }

    /// A file size limit simulates a full disk: the system stops writing in the same way.
    @Test func aFullDiskLeavesTheOldFile() async throws {
        await #expect(processExitsWith: .success) {
            try withFolder { folder in
                let path = "\(folder)/a.h5"
                try Sample.small.write(to: path)
                let before = try bytes(of: path)
                var large = Sample.small
                large.arrays[0] = ("/model/wte.weight", [100_000], [Float](repeating: 1, count: 100_000))
                signal(SIGXFSZ, SIG_IGN)
                // At the first byte of HDF5's, inside its tables, inside the array, and inside the last table.
                for limit in [0, 100, 600, 2000, 5000, 50_000, 399_000, 400_000, 401_000] {
                    limitFileSize(to: limit)
                    let error = #expect(throws: CheckpointError.self) { try large.write(to: path) }
                    guard case .library(path, _, let detail)? = error else {
                        Issue.record("limit \(limit): \(String(describing: error))")
                        continue
                    }
                    #expect(detail.hasSuffix("file write failed: File too large"), "limit \(limit): \(detail)")
                    #expect(throws: FileError(.write, "\(folder)/latest", code: EFBIG)) {
                        try AtomicFile.write([UInt8](repeating: 1, count: limit + 1), to: "\(folder)/latest")
                    }
                    #expect(try bytes(of: path) == before)
                    #expect(try names(in: folder) == ["a.h5"])
                }
                limitFileSize(to: nil)
                try large.write(to: path)
                #expect(try CheckpointReader(path: path).values("/model/wte.weight", shape: [100_000]).count == 100_000)
            }
        }
    }

    /// A process killed at any moment of writing leaves the complete old file or the complete new file.
    @Test(arguments: [200, 1000, 3000, 7000, 15_000, 40_000])
    func aKillLeavesACompleteFile(_ microseconds: Int) async throws {
        let folder = NSTemporaryDirectory() + "checkpoint-kill-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/a.h5"
        try Sample.small.write(to: path)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, microseconds = microseconds as Int] in
            Thread.detachNewThread {
                usleep(UInt32(microseconds))
                kill(getpid(), SIGKILL)
            }
            var sample = Sample.small
            while true {
                sample.arrays[0].values[0] += 1
                try sample.write(to: path)
            }
        }
        let reader = try CheckpointReader(path: path)
        let values = try reader.values("/model/wte.weight", shape: [5, 3])
        #expect(Array(values.dropFirst()) == Array(Sample.small.arrays[0].values.dropFirst()))
        try CheckpointFile.removeLeftovers(in: folder)
        #expect(try names(in: folder) == ["a.h5"])
    }
}
