// Written data is read back unchanged, and equal content gives equal bytes.

import Checkpoint
import Foundation
import Testing

@Suite struct RoundTripTests {
    @Test func everyBitComesBack() throws {
        try withFolder { folder in
            let path = "\(folder)/step-000001.h5"
            let sample = Sample.small
            let receipt = try sample.write(to: path)
            let reader = try CheckpointReader(path: path)
            #expect(reader.hash == receipt.hash)
            #expect(reader.byteCount == receipt.byteCount)
            #expect(try CheckpointFile.verify(path) == receipt.hash)
            #expect(try bytes(of: path).count == receipt.byteCount)
            for array in sample.arrays {
                let found = try reader.values(array.name, shape: array.shape)
                #expect(found.map(\.bitPattern) == array.values.map(\.bitPattern))
            }
            for text in sample.texts { #expect(try reader.text(text.name) == text.bytes) }
            #expect(Set(reader.arrays.map(\.name)) == Set(sample.arrays.map(\.name)))
            #expect(reader.texts.sorted() == ["/config", "/state"])
            let info = try #require(reader.arrays.first { $0.name == "/model/wte.weight" })
            #expect(info == ArrayInfo(name: "/model/wte.weight", shape: [5, 3], elementType: .float32))
            #expect(info.count == 15)
            #expect(try names(in: folder) == ["step-000001.h5"])
        }
    }

    @Test func equalContentGivesEqualBytes() throws {
        try withFolder { folder in
            try Sample.small.write(to: "\(folder)/first.h5")
            // A second later, at another address in memory and with another name.
            Thread.sleep(forTimeInterval: 1.1)
            let ballast = [[UInt8]](repeating: [UInt8](repeating: 0xa5, count: 5000), count: 100)
            try Sample.small.write(to: "\(folder)/another name ü.h5")
            #expect(try bytes(of: "\(folder)/first.h5") == bytes(of: "\(folder)/another name ü.h5"))
            #expect(ballast.count == 100)
        }
    }

    @Test func anotherProcessWritesTheSameBytes() async throws {
        let folder = NSTemporaryDirectory() + "checkpoint-process-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        await #expect(processExitsWith: .success) { [folder = folder as String] in
            setenv("TZ", "Asia/Tokyo", 1)
            setenv("LC_ALL", "de_DE.UTF-8", 1)
            tzset()
            setlocale(LC_ALL, "")
            try Sample.small.write(to: "\(folder)/child.h5")
        }
        try Sample.small.write(to: "\(folder)/parent.h5")
        #expect(try bytes(of: "\(folder)/parent.h5") == bytes(of: "\(folder)/child.h5"))
    }

    @Test func anyDifferenceGivesAnotherHash() throws {
        try withFolder { folder in
            let first = try Sample.small.write(to: "\(folder)/a.h5")
            var other = Sample.small
            other.arrays[2].values[14].negate()
            #expect(try other.write(to: "\(folder)/a.h5").hash != first.hash)
        }
    }

    @Test func float16IsHalfAsLargeAndRounds() throws {
        try withFolder { folder in
            let values: [Float] = [0, -0.0, 1, -1, 0.1, 65504, 6e-8, 1 / 3, 3.14159, -2048.5]
            let sample = Sample(arrays: [("/model/w", [2, 5], values)], texts: [])
            try sample.write(to: "\(folder)/half.h5", .float16)
            let reader = try CheckpointReader(path: "\(folder)/half.h5")
            #expect(reader.arrays == [ArrayInfo(name: "/model/w", shape: [2, 5], elementType: .float16)])
            let found = try reader.values("/model/w", shape: [2, 5])
            #expect(found.map(\.bitPattern) == values.map { Float(Float16($0)).bitPattern })
        }
    }

    /// On disk and, if the system has one, on a memory file system, which may not support direct I/O.
    @Test(arguments: [NSTemporaryDirectory(), "/dev/shm/"].filter { FileManager.default.isWritableFile(atPath: $0) })
    func manyArraysAndLongOnesComeBack(parent: String) throws {
        try withFolder(in: parent) { folder in
            // Longer than one piece of the copy and of the read-back, with odd lengths.
            let long = (0..<2_300_001).map { Float($0) }
            let other = (0..<700_003).map { Float(-$0) }
            var sample = Sample(arrays: [("/model/long", [2_300_001], long)], texts: [])
            for index in 0..<300 {
                sample.arrays.append(
                    ("/model/h.\(index).attn.c_attn.weight", [2, 2], [Float](repeating: Float(index), count: 4)))
            }
            sample.arrays.append(("/model/other", [700_003], other))
            try sample.write(to: "\(folder)/a.h5")
            let reader = try CheckpointReader(path: "\(folder)/a.h5")
            #expect(reader.arrays.count == 302)
            let areEqual =
                try reader.values("/model/long", shape: [2_300_001]) == long
                && reader.values("/model/other", shape: [700_003]) == other
            #expect(areEqual)
            #expect(try reader.values("/model/h.299.attn.c_attn.weight", shape: [2, 2]) == [299, 299, 299, 299])
        }
    }

    @Test func theFileReadFromCanBeReplacedWhileOpen() throws {
        try withFolder { folder in
            let path = "\(folder)/base.h5"
            try Sample.small.write(to: path)
            let reader = try CheckpointReader(path: path)
            var changed = Sample.small
            changed.arrays[0].values[0] = 9
            try changed.write(to: path)
            #expect(try reader.values("/model/wte.weight", shape: [5, 3]) == Sample.small.arrays[0].values)
            #expect(try CheckpointReader(path: path).values("/model/wte.weight", shape: [5, 3])[0] == 9)
        }
    }

    @Test func wrongRequestsAreRefused() throws {
        try withFolder { folder in
            let path = "\(folder)/a.h5"
            try Sample.small.write(to: path)
            let reader = try CheckpointReader(path: path)
            let weight = "/model/wte.weight"
            #expect(throws: CheckpointError.missing(path: path, name: "/model/x")) {
                try reader.values("/model/x", shape: [1])
            }
            #expect(throws: CheckpointError.shapeDiffers(path: path, name: weight, expected: [3, 5], found: [5, 3])) {
                try reader.values(weight, shape: [3, 5])
            }
            #expect(
                throws: CheckpointError.elementTypeDiffers(
                    path: path, name: "/state", expected: "floats", found: "bytes")
            ) { try reader.values("/state", shape: [15]) }
            #expect(
                throws: CheckpointError.elementTypeDiffers(
                    path: path, name: weight, expected: "bytes", found: "float32")
            ) { try reader.text(weight) }
            #expect(throws: CheckpointError.textTooLong(path: path, name: "/config", found: 28, maximum: 27)) {
                try reader.text("/config", maximumBytes: 27)
            }
        }
    }
}
