// Free space, checked before a download begins; and the hash of a text.

import Checkpoint
import Foundation

enum DiskSpace {
    /// Throws if the disk of a folder has less free space than is needed.
    static func check(_ folder: String, needed: Int) throws(FetchError) {
        var status = statvfs()
        // A file system that does not say is tried.
        guard statvfs(folder, &status) == 0, status.f_frsize > 0 else { return }
        let (bytes, overflows) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        let available = overflows ? Int.max : Int(clamping: bytes)
        guard needed <= available else { throw .noSpace(path: folder, needed: needed, available: available) }
    }
}

/// SHA-256 of a text's UTF-8, in hexadecimal.
func hexadecimalHash(of text: String) -> String { SHA256Digest.hex(of: Array(text.utf8)) }
