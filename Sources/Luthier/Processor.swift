// What the process computes with: settled once, before the first product.

internal import Kernels

/// The processor's share of the work, common to all models of the process.
public enum Processor {
    /// Uses one thread for each processor and the fastest kernel, unless that was settled before.
    static func prepare() { Machine.prepareIfNeeded() }

    /// Sets how many threads compute. Results depend on the number in their last bits only.
    ///
    /// Call it while no model computes. A run of ``FineTuning`` sets the number again, to its key `training.threads`.
    ///
    /// - Parameter count: 0 for one thread for each processor.
    public static func useThreads(_ count: Int) {
        prepare()
        Machine.prepare(threads: max(0, count))
    }

    /// How many threads compute.
    public static var threadCount: Int {
        prepare()
        return ParallelFor.threadCount
    }
}
