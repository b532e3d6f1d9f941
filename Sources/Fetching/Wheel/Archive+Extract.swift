// Reads one member of a ZIP archive in pieces; size and checksum are verified.

import CZlib
import Files
import Foundation

extension Archive {
    /// Passes the bytes of a member to `receive` in pieces, in order. The caller must not use them for anything final
    /// until this returns: only then is their checksum known to be right.
    package func extract(
        _ member: ArchiveMember, to receive: (UnsafeRawBufferPointer) throws(FetchError) -> Void
    ) throws(ArchiveFailure) {
        let range = try storedRange(of: member)
        var sink = MemberSink(member)
        if member.method == 0 {
            try file.forEachPiece(of: range, wrapping: { ArchiveFailure.file($0) }) {
                (_, piece) throws(ArchiveFailure) in try sink.take(piece, receive)
            }
        } else {
            try inflate(range, member, &sink, receive)
        }
        try sink.finish()
    }

    /// Where the member's bytes are: after its own header (4.3.7), which must agree with the directory.
    private func storedRange(of member: ArchiveMember) throws(ArchiveFailure) -> Range<Int> {
        let headerBytes = 30
        guard member.offset <= directoryOffset - headerBytes else { throw .defect(.outOfBounds(member.name)) }
        let header = try Archive.read(
            file, member.offset..<member.offset + headerBytes, member.name, limit: headerBytes)
        let (nameBytes, extraBytes) = try Archive.defects { () throws(ArchiveDefect) in
            var fields = ByteFields(header[...], "the header of \(member.name)")
            guard try fields.word() == 0x0403_4b50 else { throw .badSignature("the header of \(member.name)") }
            try fields.skip(2)
            let flags = try fields.short()
            guard try fields.short() == member.method, flags & 0x41 == 0 else { throw .headersDiffer(member.name) }
            try fields.skip(16)
            return (try fields.short(), try fields.short())
        }
        let start = member.offset + headerBytes
        guard start + nameBytes <= directoryOffset else { throw .defect(.outOfBounds(member.name)) }
        let name = try Archive.read(file, start..<start + nameBytes, member.name, limit: 1 << 16)
        guard name.elementsEqual(member.name.utf8) else { throw .defect(.headersDiffer(member.name)) }
        let first = start + nameBytes + extraBytes
        guard first <= directoryOffset, member.storedBytes <= directoryOffset - first else {
            throw .defect(.outOfBounds(member.name))
        }
        return first..<first + member.storedBytes
    }

    private func inflate(
        _ range: Range<Int>, _ member: ArchiveMember, _ sink: inout MemberSink,
        _ receive: (UnsafeRawBufferPointer) throws(FetchError) -> Void
    ) throws(ArchiveFailure) {
        let inflater = Inflater()
        var isOver = false
        try file.forEachPiece(of: range, wrapping: { ArchiveFailure.file($0) }) {
            (_, piece) throws(ArchiveFailure) in
            guard !isOver else { throw .defect(.brokenDeflate(member.name, reason: "bytes follow its end")) }
            inflater.give(piece)
            while true {
                let (output, status) = inflater.next()
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                    throw .defect(.brokenDeflate(member.name, reason: inflater.reason))
                }
                try sink.take(output, receive)
                isOver = status == Z_STREAM_END
                if isOver || (inflater.needsInput && output.isEmpty) || status == Z_BUF_ERROR { break }
            }
            guard !isOver || inflater.needsInput else {
                throw .defect(.brokenDeflate(member.name, reason: "bytes follow its end"))
            }
        }
        guard isOver else { throw .defect(.brokenDeflate(member.name, reason: "its end is missing")) }
    }
}

/// Counts and sums what a member gives, and passes it on.
private struct MemberSink {
    private let member: ArchiveMember
    private var byteCount = 0
    private var checksum: UInt = 0

    init(_ member: ArchiveMember) { self.member = member }

    mutating func take(
        _ piece: UnsafeRawBufferPointer, _ receive: (UnsafeRawBufferPointer) throws(FetchError) -> Void
    ) throws(ArchiveFailure) {
        guard !piece.isEmpty else { return }
        byteCount += piece.count
        // A few kilobytes can decompress to gigabytes.
        guard byteCount <= member.byteCount else {
            throw .defect(.wrongSize(member.name, expected: member.byteCount, found: byteCount))
        }
        checksum = crc32(checksum, piece.bindMemory(to: UInt8.self).baseAddress, UInt32(piece.count))
        do throws(FetchError) { try receive(piece) } catch { throw .receiver(error) }
    }

    func finish() throws(ArchiveFailure) {
        guard byteCount == member.byteCount else {
            throw .defect(.wrongSize(member.name, expected: member.byteCount, found: byteCount))
        }
        guard UInt32(truncatingIfNeeded: checksum) == member.checksum else {
            throw .defect(.wrongChecksum(member.name))
        }
    }
}

/// zlib's decompressor of raw deflate streams.
private final class Inflater {
    /// zlib keeps this address.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)

    init() {
        stream.initialize(to: z_stream())
        // A negative number of bits: no header of zlib's, no checksum of zlib's.
        let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory for a decompressor")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        output.deallocate()
    }

    var needsInput: Bool { stream.pointee.avail_in == 0 }

    var reason: String { stream.pointee.msg.map { String(cString: $0) } ?? "the stream is damaged" }

    /// The next input. It must stay valid until all of it is used.
    func give(_ piece: UnsafeRawBufferPointer) {
        stream.pointee.next_in = UnsafeMutablePointer(mutating: piece.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(piece.count)
    }

    /// The next output, valid until the next call, and zlib's status.
    func next() -> (UnsafeRawBufferPointer, Int32) {
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        // Qualified: this module has a function of the same name.
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        return (UnsafeRawBufferPointer(rebasing: output[..<(output.count - Int(stream.pointee.avail_out))]), status)
    }
}
