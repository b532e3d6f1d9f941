// Direct I/O for large files: bypasses the page cache, so no memory is filled with data that nobody reads.

import CHDF5
import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A second descriptor of an open file, for aligned blocks only. Allocating pages for 1.5 GB takes more time than writing
/// them to disk (`Benchmarks/LOG.md`), and it takes that time from the cores that are training.
///
/// Direct writes and writes through the page cache must not touch the same block.
struct DirectFile {
    /// Addresses, offsets and lengths must be multiples of this; sufficient for sectors of 512 or 4096 bytes.
    static let blockBytes = 4096

    let descriptor: FileDescriptor

    /// Nil if the file system does not support direct I/O; some open the file but then reject every read.
    init?(path: String) {
        let number = luthier_open_direct(path)
        guard number >= 0 else { return nil }
        descriptor = FileDescriptor(number: number, path: path)
        let probe = Self.makeBuffer(byteCount: Self.blockBytes)
        defer { probe.deallocate() }
        guard retrying({ pread(number, probe.baseAddress, probe.count, 0) }) >= 0 else {
            descriptor.close()
            return nil
        }
    }

    func close() { descriptor.close() }

    /// The complete blocks within `range`; empty if there are none.
    static func blocks(within range: Range<Int>) -> Range<Int> {
        let start = (range.lowerBound + blockBytes - 1) / blockBytes * blockBytes
        return start..<max(start, range.upperBound / blockBytes * blockBytes)
    }

    /// Allocates memory aligned for direct reads and writes.
    static func makeBuffer(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        precondition(byteCount % blockBytes == 0, "a buffer of \(byteCount) bytes is not a multiple of the block size")
        return .allocate(byteCount: byteCount, alignment: blockBytes)
    }

    /// Like `FileDescriptor.forEachPiece`, but reads directly from disk if possible.
    static func forEachPiece<Failure: Error>(
        of file: FileDescriptor, _ range: Range<Int>, wrapping: (FileError) -> Failure,
        _ body: (_ offset: Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        guard let direct = DirectFile(path: file.path) else {
            return try file.forEachPiece(of: range, wrapping: wrapping, body)
        }
        defer { direct.close() }
        return try direct.forEachPiece(of: range, wrapping: wrapping, body)
    }

    private func forEachPiece<Failure: Error>(
        of range: Range<Int>, wrapping: (FileError) -> Failure,
        _ body: (_ offset: Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        let buffer = Self.makeBuffer(byteCount: 1 << 20)
        defer { buffer.deallocate() }
        var start = range.lowerBound / Self.blockBytes * Self.blockBytes
        var end = range.lowerBound
        while end < range.upperBound {
            let count = retrying { pread(descriptor.number, buffer.baseAddress, buffer.count, off_t(start)) }
            guard count >= 0 else { throw wrapping(FileError(.read, descriptor.path)) }
            guard start + count > end else { break }
            let wanted = end..<min(start + count, range.upperBound)
            let part = buffer[(wanted.lowerBound - start)..<(wanted.upperBound - start)]
            try body(wanted.lowerBound, UnsafeRawBufferPointer(rebasing: part))
            end = wanted.upperBound
            // A short read means the end of the file; the next offset would not be aligned.
            if count < buffer.count { break }
            start += count
        }
        return end - range.lowerBound
    }
}
