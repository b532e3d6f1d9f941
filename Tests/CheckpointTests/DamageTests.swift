// A checkpoint that is damaged anywhere is rejected, with the defect named.

import Checkpoint
import Files
import Foundation
import Testing

@Suite struct DamageTests {
    /// The name of the error for a file.
    private func defect(_ path: String) -> String? {
        do throws(CheckpointError) {
            _ = try CheckpointReader(path: path)
            return "accepted"
        } catch {
            return Mirror(reflecting: error).children.first?.label
        }
    }

    @Test func everySingleBitCounts() throws {
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try Sample.small.write(to: path)
            let original = try bytes(of: path)
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            var accepted: [Int] = []
            for bit in 0..<(original.count * 8) {
                try flip(bit, of: original, in: file)
                if (try? CheckpointFile.verify(path)) != nil { accepted.append(bit) }
                try restore(bit, of: original, in: file)
            }
            #expect(accepted.isEmpty)
            #expect(try CheckpointFile.verify(path) == SHA256Digest.hex(of: Array(original[512...])))
        }
    }

    private func flip(_ bit: Int, of original: [UInt8], in file: FileHandle) throws {
        try file.seek(toOffset: UInt64(bit / 8))
        try file.write(contentsOf: Data([original[bit / 8] ^ (1 << (bit % 8))]))
    }

    private func restore(_ bit: Int, of original: [UInt8], in file: FileHandle) throws {
        try file.seek(toOffset: UInt64(bit / 8))
        try file.write(contentsOf: Data([original[bit / 8]]))
    }

    /// A change to a good file and the error that it must give.
    static let changes: [(name: String, expected: String, change: @Sendable ([UInt8]) -> [UInt8])] = [
        ("nothing", "accepted", { $0 }),
        ("empty", "sizeOutOfRange", { _ in [] }),
        ("one byte", "sizeOutOfRange", { Array($0.prefix(1)) }),
        ("the block alone", "sizeOutOfRange", { Array($0.prefix(512)) }),
        ("one byte less", "lengthDiffers", { $0.dropLast() }),
        ("one byte more", "lengthDiffers", { $0 + [0] }),
        ("half", "lengthDiffers", { Array($0.prefix($0.count / 2)) }),
        ("zeros", "notACheckpoint", { [UInt8](repeating: 0, count: $0.count) }),
        ("zeros after the block", "hashDiffers", { $0.prefix(512) + [UInt8](repeating: 0, count: $0.count - 512) }),
        ("a byte of the last page", "hashDiffers", { $0.dropLast() + [$0[$0.count - 1] ^ 1] }),
        ("a newer version", "newerVersion", { $0.prefix(8) + [2] + $0[9...] }),
        ("version 0", "damagedHeader", { $0.prefix(8) + [0] + $0[9...] }),
        ("padding", "damagedHeader", { $0.prefix(511) + [1] + $0[512...] }),
        ("huge length", "lengthDiffers", { $0.prefix(16) + [UInt8](repeating: 255, count: 8) + $0[24...] }),
        ("no block", "notACheckpoint", { Array($0[512...]) }),
        ("random bytes", "notACheckpoint", { $0.map { _ in UInt8.random(in: 1...255) } }),
    ]

    @Test(arguments: changes.indices)
    func isNamed(_ index: Int) throws {
        let (_, expected, change) = DamageTests.changes[index]
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try Sample.small.write(to: path)
            try put(change(try bytes(of: path)), at: path)
            #expect(defect(path) == expected)
        }
    }

    @Test func truncationAnywhereIsRefused() throws {
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try Sample.small.write(to: path)
            let original = try bytes(of: path)
            for length in stride(from: original.count - 1, through: 0, by: -61) {
                #expect(truncate(path, off_t(length)) == 0)
                #expect(["lengthDiffers", "sizeOutOfRange"].contains(defect(path)))
            }
        }
    }

    @Test(
        arguments: [
            ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], DetectedFormat.plainHDF5),
            (Array("PK\u{3}\u{4}".utf8), .pytorch), (Array("GGUF".utf8), .gguf),
            ([0x40, 0, 0, 0, 0, 0, 0, 0] + Array("{\"".utf8), .safetensors), (Array("hello".utf8), .unknown),
        ] as [([UInt8], DetectedFormat)])
    func otherFormatsAreRecognised(_ head: [UInt8], _ format: DetectedFormat) throws {
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try put(head + [UInt8](repeating: 7, count: 1000), at: path)
            #expect(throws: CheckpointError.notACheckpoint(path: path, format: format)) {
                try CheckpointReader(path: path)
            }
        }
    }

    @Test func onlyRegularFilesAreAccepted() throws {
        try withFolder { folder in
            #expect(throws: CheckpointError.notARegularFile(path: folder, kind: "a folder")) {
                try CheckpointReader(path: folder)
            }
            #expect(throws: CheckpointError.notARegularFile(path: "/dev/zero", kind: "a device")) {
                try CheckpointReader(path: "/dev/zero")
            }
            let pipe = "\(folder)/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(throws: CheckpointError.notARegularFile(path: pipe, kind: "a pipe")) {
                try CheckpointReader(path: pipe)
            }
            let loop = "\(folder)/loop"
            #expect(symlink(loop, loop) == 0)
            #expect(throws: CheckpointError.file(FileError(.open, loop, code: ELOOP))) {
                try CheckpointReader(path: loop)
            }
            let missing = "\(folder)/missing"
            #expect(throws: CheckpointError.file(FileError(.open, missing, code: ENOENT))) {
                try CheckpointReader(path: missing)
            }
        }
    }

    @Test func aCorrectHashDoesNotReplaceHDF5sChecks() throws {
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try put([UInt8](repeating: 0, count: 512) + [UInt8](repeating: 7, count: 100), at: path)
            try CheckpointFile.seal(path)
            #expect(throws: CheckpointError.notHDF5(path: path)) { try CheckpointReader(path: path) }

            let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
            try put([UInt8](repeating: 0, count: 512) + signature + [UInt8](repeating: 7, count: 100), at: path)
            try CheckpointFile.seal(path)
            #expect(defect(path) == "library")
        }
    }
}
