// What the process computes with, settled in one place.

/// Threads and OpenBLAS's kernel are the process's own. Every program calls this once before any product; results depend
/// on both in their last bits.
public enum Machine {
    /// Sets the number of threads and chooses OpenBLAS's kernel.
    ///
    /// - Parameters:
    ///   - threads: 0 for one a processor.
    ///   - kernel: the kernel set that a run was started with; nil for the fastest here.
    /// - Returns: the kernel in use; not the one asked for where the library has no such set.
    @discardableResult
    public static func prepare(threads: Int, kernel: String? = nil) -> String {
        ParallelFor.configure(threads: threads)
        return BLASKernel.choose(fixed: kernel)
    }
}
