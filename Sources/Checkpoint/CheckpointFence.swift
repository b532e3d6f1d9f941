// What looks at a checkpoint before HDF5 opens it in this process.

import Files
import Synchronization

/// HDF5 can crash on a file that was made to do harm, even on one whose hash is right: the hash is the file's own. A
/// program that can start itself a second time lets another process open the file first. Where this module is used as a
/// library, there is no such program, and the checks of `CheckpointReader` are all there is.
package enum CheckpointFence {
    /// Looks at an open file whose user block, length and hash are right, and throws where it must not be opened.
    package typealias Look = @Sendable (FileDescriptor) throws(CheckpointError) -> Void

    private static let look = Mutex<Look?>(nil)

    /// From now on every checkpoint is looked at first.
    package static func install(_ look: @escaping Look) { self.look.withLock { $0 = look } }

    static func check(_ file: FileDescriptor) throws(CheckpointError) {
        // Not under the lock: several threads may open checkpoints.
        if let look = look.withLock({ $0 }) { try look(file) }
    }
}

/// Why a process that looks at a checkpoint has not answered.
package enum FenceFailure: Equatable, Sendable {
    case notStarted(FileError)
    /// HDF5 crashed, or a limit was reached.
    case killed(signal: Int32)
    case tooSlow(seconds: Int)
    /// It ended with this code, or with this one and an answer that is none.
    case noAnswer(code: Int32)
}
