// Two runs compared byte for byte: what differs is named, what may differ is not.

import Checkpoint
import Foundation
import Models
import Reports
import TestSupport
import Testing

@Suite struct RunComparisonTests {
    private static let metrics = (1...4).map { #"{"step":\#($0),"loss":\#($0).5}"# }.joined(separator: "\n") + "\n"

    /// Two equal runs with two checkpoints.
    private static func runs(in place: TemporaryFolder) throws -> (RunFolder, RunFolder) {
        let folders = ["straight", "killed"].map { RunFolder(path: place.path + "/" + $0) }
        for folder in folders {
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
            try place.write(metrics, as: folder.name + "/metrics.jsonl")
            try place.write("step-000004.h5\n", as: folder.name + "/latest")
            for step in [2, 4] { try write([1, 2, 3, 4], "step \(step)\nseed 1\n", to: folder.checkpoint(step: step)) }
        }
        return (folders[0], folders[1])
    }

    private static func write(_ values: [Float], _ state: String, to path: String) throws {
        try values.withUnsafeBufferPointer { buffer in
            _ = try CheckpointFile.write(
                to: path,
                arrays: ["/model/wte.weight", "/optimizer/firstMoment/wte.weight"].map {
                    ArrayRecord(name: $0, shape: [2, 2], values: buffer)
                }, texts: [TextRecord(name: "/state", bytes: Array(state.utf8))])
        }
    }

    @Test func equalRunsAreEqual() throws {
        try withTemporaryFolder { place in
            let (first, second) = try Self.runs(in: place)
            let comparison = try RunComparison(first, second)
            #expect(comparison.differences == [])
            #expect(comparison.checkpointSteps == [2, 4] && comparison.fileCount == 4)
            // One run has deleted an old checkpoint, the other was killed before it could.
            try FileManager.default.removeItem(atPath: first.checkpoint(step: 2))
            #expect(try RunComparison(first, second).differences == [])
        }
    }

    @Test func theLineThatDiffersIsNamed() throws {
        try withTemporaryFolder { place in
            let (first, second) = try Self.runs(in: place)
            let changed = Self.metrics.replacingOccurrences(of: "3.5", with: "3.25")
            try place.write(changed, as: "killed/metrics.jsonl")
            let differences = try RunComparison(first, second).differences
            #expect(
                differences == [
                    .line(
                        file: "metrics.jsonl", text: nil, number: 3, first: #"{"step":3,"loss":3.5}"#,
                        second: #"{"step":3,"loss":3.25}"#)
                ])
            try FileManager.default.removeItem(atPath: place.path + "/killed/metrics.jsonl")
            #expect(
                try RunComparison(first, second).differences == [.missing(file: "metrics.jsonl", in: second.path)])
        }
    }

    @Test func theValueThatDiffersIsNamed() throws {
        try withTemporaryFolder { place in
            let (first, second) = try Self.runs(in: place)
            // The least possible difference, and -0 in the place of nothing: 0 would be equal to it.
            try Self.write([1, 2, Float(3).nextUp, 4], "step 4\nseed 1\n", to: second.checkpoint(step: 4))
            #expect(
                try RunComparison(first, second).differences == [
                    .value(
                        file: "step-000004.h5", array: "/model/wte.weight", index: 2, first: 3, second: Float(3).nextUp)
                ])
            try Self.write([0, 2, 3, 4], "step 4\nseed 1\n", to: first.checkpoint(step: 4))
            try Self.write([-0.0, 2, 3, 4], "step 4\nseed 1\n", to: second.checkpoint(step: 4))
            let zero = try RunComparison(first, second).differences
            #expect(zero.count == 1 && "\(zero)".contains("0x80000000"), "\(zero)")
        }
    }

    @Test func theStateThatDiffersIsNamed() throws {
        try withTemporaryFolder { place in
            let (first, second) = try Self.runs(in: place)
            try Self.write([1, 2, 3, 4], "step 4\nseed 2\n", to: second.checkpoint(step: 4))
            #expect(
                try RunComparison(first, second).differences == [
                    .line(file: "step-000004.h5", text: "/state", number: 2, first: "seed 1", second: "seed 2")
                ])
            try FileManager.default.removeItem(atPath: second.checkpoint(step: 4))
            try place.write("step-000002.h5\n", as: "killed/latest")
            #expect(
                try RunComparison(first, second).differences == [
                    .missing(file: "step-000004.h5", in: second.path),
                    .byte(
                        file: "latest", offset: 10, first: UInt8(ascii: "4"), second: UInt8(ascii: "2")),
                ])
        }
    }
}
