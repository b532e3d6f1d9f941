// Room on the disk for what is about to be written.

import CHDF5
import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FileDescriptor {
    /// Asks the system for room for `byteCount` bytes without changing the file's length, so that a full disk shows
    /// before anything is written. Where the file system cannot promise room, this does nothing.
    func reserve(_ byteCount: Int) throws(FileError) {
        let status = retrying { luthier_reserve(number, off_t(byteCount)) }
        guard status == 0 || [EOPNOTSUPP, ENOSYS, EINVAL].contains(errno) else { throw FileError(.reserve, path) }
    }

    /// Gives back what was reserved beyond the file's end.
    func releaseReserve() throws(FileError) {
        let length = try status().st_size
        guard retrying({ ftruncate(number, length) }) == 0 else { throw FileError(.write, path) }
    }
}
