// Writing all of some bytes, however the system divides them.

import Foundation

/// Writes all bytes at the place where a file is.
///
/// - Returns: the system's number of what went wrong, or 0.
func writeCompletely(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes
    while !rest.isEmpty {
        let count = write(descriptor, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : ENOSPC }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
    return 0
}
