// Large files past the page cache: the disk takes the bytes as they are, and no memory is filled with what nobody reads.

import CHDF5
import Files

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A second way into a file that is open already, for whole aligned blocks. Pages for 1.5 GB cost the system more time
/// than the disk takes to write them (`Benchmarks/LOG.md`), and it takes that time from the cores that are training.
///
/// Blocks that are written here and bytes that are written through the page cache must not share a block.
struct DirectFile {
    /// Addresses, offsets and lengths must be multiples of this: ample for disks with sectors of 512 or 4096 bytes.
    static let blockBytes = 4096

    let descriptor: FileDescriptor

    /// Nil where the file system has no such way in; some open a file so and then take no block of it.
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

    /// The whole blocks within `range`; empty where there is none.
    static func blocks(within range: Range<Int>) -> Range<Int> {
        let start = (range.lowerBound + blockBytes - 1) / blockBytes * blockBytes
        return start..<max(start, range.upperBound / blockBytes * blockBytes)
    }

    /// Memory that may be read into and written from.
    static func makeBuffer(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        precondition(byteCount % blockBytes == 0, "a buffer of \(byteCount) bytes, no whole blocks")
        return .allocate(byteCount: byteCount, alignment: blockBytes)
    }

    /// As `FileDescriptor.forEachPiece` for an open file; the bytes come from the disk itself where they can.
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
            // Only the file's end cuts a read short, and beyond it no offset is a block's.
            if count < buffer.count { break }
            start += count
        }
        return end - range.lowerBound
    }
}
