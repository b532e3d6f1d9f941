// Thin, checked forms of the system's calls on files, used by everything that reads or writes here.

import CHDF5

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open file and the path to name in errors. Whoever opens it closes it.
package struct FileDescriptor {
    package let number: Int32
    package let path: String

    /// Opens `path`; descriptors are never inherited by child processes.
    package static func open(
        _ path: String, _ flags: Int32, failure: FileError.Operation = .open
    ) throws(FileError) -> FileDescriptor {
        let number = retrying { openFile(path, flags | O_CLOEXEC, 0o644) }
        guard number >= 0 else { throw FileError(failure, path) }
        return FileDescriptor(number: number, path: path)
    }

    func status() throws(FileError) -> stat {
        var result = stat()
        guard fstat(number, &result) == 0 else { throw FileError(.examine, path) }
        return result
    }

    /// Fills `buffer` from `offset` on; returns fewer bytes only at the end of the file.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        var total = 0
        while total < buffer.count {
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer[total...])
            let count = retrying { pread(number, space.baseAddress, space.count, off_t(offset + total)) }
            guard count >= 0 else { throw FileError(.read, path) }
            if count == 0 { break }
            total += count
        }
        return total
    }

    /// Writes all of `bytes` from `offset` on.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var total = 0
        while total < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[total...])
            let count = retrying { pwrite(number, rest.baseAddress, rest.count, off_t(offset + total)) }
            guard count > 0 else { throw FileError(.write, path, code: count == 0 ? EIO : errno) }
            total += count
        }
    }

    /// Hands the bytes of `range` to `body` in pieces, in order, each with its offset. Returns how many there were:
    /// fewer than asked for only where the file ends early.
    @discardableResult
    func forEachPiece<Failure: Error>(
        of range: Range<Int>, wrapping: (FileError) -> Failure,
        _ body: (_ offset: Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        // Large enough that a call costs nothing, small enough to stay in the processor's cache.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, range.upperBound - offset)])
            let count: Int
            do throws(FileError) { count = try read(at: offset, into: space) } catch { throw wrapping(error) }
            if count == 0 { break }
            try body(offset, UnsafeRawBufferPointer(rebasing: space[..<count]))
            offset += count
        }
        return offset - range.lowerBound
    }

    /// Writes all of `bytes` from `offset` on.
    package func write(_ bytes: [UInt8], at offset: Int = 0) throws(FileError) {
        try bytes.withUnsafeBufferPointer { buffer throws(FileError) in
            try write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

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

    /// Waits until everything written stands on the disk.
    func synchronize() throws(FileError) {
        guard retrying({ fsync(number) }) == 0 else { throw FileError(.flush, path) }
    }

    package func close() { _ = closeFile(number) }

    /// Makes renames and removals inside the folder at `path` last through a power cut. File systems that cannot do
    /// this for folders say EINVAL; there is nothing more to ask of them.
    static func synchronizeFolder(_ path: String) throws(FileError) {
        let folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        defer { folder.close() }
        guard retrying({ fsync(folder.number) }) == 0 || errno == EINVAL else { throw FileError(.flush, path) }
    }
}

/// The folder that `path` lies in; "." for a bare name.
func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Repeats a system call that a signal has interrupted.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

#if canImport(Glibc)
    private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { Glibc.open(path, flags, mode) }
    private func closeFile(_ number: Int32) -> Int32 { Glibc.close(number) }
#else
    private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { Darwin.open(path, flags, mode) }
    private func closeFile(_ number: Int32) -> Int32 { Darwin.close(number) }
#endif
