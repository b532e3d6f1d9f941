// What the process computes with, settled in one place.

import Synchronization

/// Threads and OpenBLAS's kernel belong to the process, and results depend on both in their last bits. Every program
/// calls `prepare` before any product.
package enum Machine {
    private static let isSettled = Mutex(false)

    /// Sets the number of threads, and chooses OpenBLAS's kernel where that has not been done.
    ///
    /// - Parameters:
    ///   - threads: 0 for one for each processor.
    ///   - kernel: the kernel set that a run was started with; nil for the one in use, or the fastest here the first time.
    ///     Another one than that in use is exchanged, during which no thread may compute.
    /// - Returns: the kernel in use; not the one asked for where the library has no such set.
    @discardableResult
    package static func prepare(threads: Int, kernel: String? = nil) -> String {
        isSettled.withLock { isSettled in
            ParallelFor.configure(threads: threads)
            defer { isSettled = true }
            return isSettled && kernel == nil ? BLASKernel.name : BLASKernel.choose(fixed: kernel)
        }
    }

    /// `prepare` with one thread for each processor, unless the process has settled that already.
    package static func prepareIfNeeded() {
        if !isSettled.withLock({ $0 }) { prepare(threads: 0) }
    }
}
