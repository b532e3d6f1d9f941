// Thin, checked wrappers of the system's file calls, used by all code that reads or writes files.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open file and its path for errors. Whoever opens it closes it.
package struct FileDescriptor {
    package let number: Int32
    package let path: String

    /// A file that was opened elsewhere.
    package init(number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    /// Opens `path`; descriptors are never inherited by child processes.
    package static func open(
        _ path: String, _ flags: Int32, failure: FileError.Operation = .open
    ) throws(FileError) -> FileDescriptor {
        let number = retrying { openFile(path, flags | O_CLOEXEC, 0o644) }
        guard number >= 0 else { throw FileError(failure, path) }
        return FileDescriptor(number: number, path: path)
    }

    /// Whether `path` is a file of bytes, links followed: reading anything else, such as a pipe that nobody writes to, may
    /// never end.
    package static func isRegular(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    package func status() throws(FileError) -> stat {
        var result = stat()
        guard fstat(number, &result) == 0 else { throw FileError(.examine, path) }
        return result
    }

    /// Fills `buffer` starting at `offset`; returns fewer bytes only at the end of the file.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
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

    /// Writes all of `bytes` starting at `offset`.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var total = 0
        while total < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[total...])
            let count = retrying { pwrite(number, rest.baseAddress, rest.count, off_t(offset + total)) }
            guard count > 0 else { throw FileError(.write, path, code: count == 0 ? EIO : errno) }
            total += count
        }
    }

    /// Passes the bytes of `range` to `body` in pieces, in order, each with its offset. Returns the byte count, which is
    /// smaller than requested only if the file ends early.
    @discardableResult
    package func forEachPiece<Failure: Error>(
        of range: Range<Int>, wrapping: (FileError) -> Failure,
        _ body: (_ offset: Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        // Large enough that the cost of a call does not matter, small enough for the processor's cache.
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

    /// Writes all of `bytes` starting at `offset`.
    package func write(_ bytes: [UInt8], at offset: Int = 0) throws(FileError) {
        try bytes.withUnsafeBufferPointer { buffer throws(FileError) in
            try write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

    /// Waits until all written bytes are on disk.
    package func synchronize() throws(FileError) {
        guard retrying({ fsync(number) }) == 0 else { throw FileError(.flush, path) }
    }

    package func close() { _ = closeFile(number) }

    /// Makes renames and removals in the folder at `path` survive a power loss. File systems that cannot do this for
    /// folders return EINVAL, which is ignored.
    package static func synchronizeFolder(_ path: String) throws(FileError) {
        let folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        defer { folder.close() }
        guard retrying({ fsync(folder.number) }) == 0 || errno == EINVAL else { throw FileError(.flush, path) }
    }

    /// Creates a folder unless it exists.
    package static func makeFolder(_ path: String) throws(FileError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw FileError(.createFolder, path) }
    }
}

/// The folder that contains `path`; "." for a bare name.
package func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Repeats a system call that was interrupted by a signal.
package func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
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
