// Settles what the process computes with, before tests run side by side.

import Foundation
import Kernels

/// A run chooses its BLAS kernel by measuring, which exchanges the kernel under every other test's feet.
package enum QuietMachine {
    /// Fixes the kernel that is loaded already, for this process and those that it starts: equal bytes are promised for
    /// equal kernels. Tests that prepare a run ask for this first, and for one thread.
    package static let kernel: String = {
        setenv(BLASKernel.environmentVariable, BLASKernel.name, 1)
        return Machine.prepare(threads: 1)
    }()
}
