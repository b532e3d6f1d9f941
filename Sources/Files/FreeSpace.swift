// How much more a disk can hold.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

package enum FreeSpace {
    /// Bytes that this user can still write to the disk of `folder`; nil where the file system does not say.
    package static func bytes(of folder: String) -> Int? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0, status.f_frsize > 0 else { return nil }
        let (bytes, overflows) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflows ? Int.max : Int(clamping: bytes)
    }
}
