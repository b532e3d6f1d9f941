// Reserves disk space before writing.

import CHDF5
import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FileDescriptor {
    /// Reserves disk space for `byteCount` bytes without changing the file's length, so that a full disk is detected
    /// before anything is written. Does nothing if the file system cannot reserve space.
    func reserve(_ byteCount: Int) throws(FileError) {
        let status = retrying { luthier_reserve(number, off_t(byteCount)) }
        guard status == 0 || [EOPNOTSUPP, ENOSYS, EINVAL].contains(errno) else { throw FileError(.reserve, path) }
    }

    /// Releases the space reserved beyond the file's end.
    func releaseReserve() throws(FileError) {
        let length = try status().st_size
        guard retrying({ ftruncate(number, length) }) == 0 else { throw FileError(.write, path) }
    }
}
