// Writes checkpoints while training continues: only the next update waits until the arrays are out.

import Checkpoint
import Foundation
import Kernels

/// One checkpoint at a time, written by its own thread from the live arrays. Forward and backward passes only read
/// the weights and may run meanwhile; whoever is about to change them calls `waitForCopy` first.
package final class CheckpointSaver: @unchecked Sendable {
    /// A checkpoint that is on the disk.
    package struct Saved {
        package let step: Int
        package let path: String
        package let seconds: Double
    }

    package init() {}

    private let condition = NSCondition()
    private var isWriting = false
    private var isCopying = false
    private var failure: (any Error)?
    private var saved: Saved?

    /// Begins a checkpoint, after the last one has ended.
    ///
    /// - Parameters:
    ///   - content: the arrays stay unchanged until `waitForCopy` returns.
    ///   - keeping: arenas of these arrays that nobody else keeps alive.
    ///   - publish: runs when the file is there.
    /// - Throws: what went wrong with the last one.
    package func begin(
        step: Int, path: String, content: (arrays: [ArrayRecord], texts: [TextRecord]), keeping: [FloatArena] = [],
        publish: @escaping () throws -> Void
    ) throws {
        try waitForEnd()
        isWriting = true
        isCopying = true
        let job = Job(content: content, keeping: keeping, publish: publish)
        let thread = Thread { [self] in
            let start = monotonicSeconds()
            var error: (any Error)?
            do {
                try CheckpointFile.write(
                    to: path, arrays: job.content.arrays, texts: job.content.texts,
                    afterCopying: { change { isCopying = false } })
                withExtendedLifetime(job.keeping) {}
                try job.publish()
            } catch let problem {
                error = problem
            }
            let seconds = monotonicSeconds() - start
            change {
                failure = error
                saved = error == nil ? Saved(step: step, path: path, seconds: seconds) : nil
                isWriting = false
            }
        }
        thread.name = "checkpoint"
        thread.start()
    }

    /// Waits until the arrays may change.
    package func waitForCopy() {
        condition.lock()
        while isCopying { condition.wait() }
        condition.unlock()
    }

    /// Waits for the checkpoint that is being written, if any.
    ///
    /// - Throws: why it could not be written.
    package func waitForEnd() throws {
        condition.lock()
        defer { condition.unlock() }
        while isWriting { condition.wait() }
        guard let failure else { return }
        self.failure = nil
        throw failure
    }

    /// The checkpoint that has been finished since the last call, if any.
    ///
    /// - Throws: why it could not be written.
    package func takeSaved() throws -> Saved? {
        condition.lock()
        defer { condition.unlock() }
        guard !isWriting else { return nil }
        if let failure {
            self.failure = nil
            throw failure
        }
        defer { saved = nil }
        return saved
    }

    private func change(_ body: () -> Void) {
        condition.lock()
        body()
        condition.broadcast()
        condition.unlock()
    }

    /// Handed over to the thread; nobody else touches it.
    private struct Job: @unchecked Sendable {
        let content: (arrays: [ArrayRecord], texts: [TextRecord])
        let keeping: [FloatArena]
        let publish: () throws -> Void
    }
}
