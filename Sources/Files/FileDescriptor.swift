// Thin, checked forms of the system's calls on files, used by everything that reads or writes here.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open file and the path to name in errors. Whoever opens it closes it.
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

    package func status() throws(FileError) -> stat {
        var result = stat()
        guard fstat(number, &result) == 0 else { throw FileError(.examine, path) }
        return result
    }

    /// Fills `buffer` from `offset` on; returns fewer bytes only at the end of the file.
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

    /// Writes all of `bytes` from `offset` on.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
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
    package func forEachPiece<Failure: Error>(
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

    /// Waits until everything written stands on the disk.
    package func synchronize() throws(FileError) {
        guard retrying({ fsync(number) }) == 0 else { throw FileError(.flush, path) }
    }

    package func close() { _ = closeFile(number) }

    /// Makes renames and removals inside the folder at `path` last through a power cut. File systems that cannot do
    /// this for folders say EINVAL; there is nothing more to ask of them.
    package static func synchronizeFolder(_ path: String) throws(FileError) {
        let folder = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        defer { folder.close() }
        guard retrying({ fsync(folder.number) }) == 0 || errno == EINVAL else { throw FileError(.flush, path) }
    }

    /// Makes a folder; one that is there already will do.
    package static func makeFolder(_ path: String) throws(FileError) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw FileError(.createFolder, path) }
    }
}

/// The folder that `path` lies in; "." for a bare name.
package func parentFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Repeats a system call that a signal has interrupted.
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
