// Checkpoints that are written while training continues.

import Checkpoint
import Foundation
import TestSupport
import Testing
import Training

@Suite struct CheckpointSaverTests {
    /// Arrays that change as soon as they may: the file must hold what they were.
    @Test func whatIsWrittenIsWhatWasThere() throws {
        let folder = try TemporaryFolder()
        let (saver, count) = (CheckpointSaver(), 3_000_000)
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
        defer { values.deallocate() }
        for round in 0..<3 {
            for index in 0..<count { values[index] = Float(index + round) }
            let path = folder.path + "/\(round).h5"
            let record = ArrayRecord(name: "/model/a", shape: [count], values: UnsafeBufferPointer(values))
            var isPublished = false
            try saver.begin(step: round, path: path, content: ([record], [])) { isPublished = true }
            saver.waitForCopy()
            for index in 0..<count { values[index] = -1 }
            try saver.waitForEnd()
            #expect(isPublished)
            #expect(try saver.takeSaved()?.path == path)
            #expect(try saver.takeSaved() == nil)

            let read = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            defer { read.deallocate() }
            try CheckpointReader(path: path).read("/model/a", shape: [count], into: read)
            #expect((0..<count).allSatisfy { read[$0] == Float($0 + round) })
        }
    }

    @Test func aFailureReachesTheTrainer() throws {
        let folder = try TemporaryFolder()
        let saver = CheckpointSaver()
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4)
        values.initialize(repeating: 1)
        defer { values.deallocate() }
        let record = ArrayRecord(name: "/model/a", shape: [4], values: UnsafeBufferPointer(values))
        try saver.begin(step: 1, path: folder.path + "/none/1.h5", content: ([record], [])) {}
        // Nobody waits for ever for a copy that is not made.
        saver.waitForCopy()
        #expect(throws: CheckpointError.self) { try saver.waitForEnd() }
        // It is told once, and the next checkpoint is written.
        try saver.begin(step: 2, path: folder.path + "/2.h5", content: ([record], [])) {}
        try saver.waitForEnd()
        #expect(try saver.takeSaved()?.step == 2)
    }
}
