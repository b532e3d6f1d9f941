// Writes ZIP archives for the tests, valid or with wrong numbers.

import CZlib
import Foundation

/// A member to write.
struct TestMember {
    var name: String
    var content: [UInt8]
    var isDeflated = true
    /// Sizes and offset in the fields of ZIP64.
    var isLong = false
    var flags = 0
    var method: Int?
    /// What the directory says, where that is not the truth.
    var checksum: UInt32?
    var byteCount: Int?
    /// The name in the member's own header.
    var headerName: String?
}

enum ArchiveWriter {
    /// An archive of these members.
    ///
    /// - Parameter isLong: whether it ends with ZIP64's records.
    static func archive(_ members: [TestMember], isLong: Bool = false, comment: String = "") -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for member in members {
            let stored = member.isDeflated ? deflated(member.content) : member.content
            let offset = file.count
            file += header(member, stored)
            file += stored
            directory += entry(member, stored, offset)
        }
        let start = file.count
        file += directory
        if isLong {
            let record = file.count
            file += number(0x0606_4b50, 4) + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8)
            file += number(members.count, 8) + number(members.count, 8) + number(directory.count, 8) + number(start, 8)
            file += number(0x0706_4b50, 4) + number(0, 4) + number(record, 8) + number(1, 4)
        }
        let (count, size, place) =
            isLong ? (0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF) : (members.count, directory.count, start)
        file += number(0x0605_4b50, 4) + number(0, 4) + number(count, 2) + number(count, 2) + number(size, 4)
        return file + number(place, 4) + number(comment.utf8.count, 2) + Array(comment.utf8)
    }

    private static func method(_ member: TestMember) -> Int { member.method ?? (member.isDeflated ? 8 : 0) }

    private static func header(_ member: TestMember, _ stored: [UInt8]) -> [UInt8] {
        let name = Array((member.headerName ?? member.name).utf8)
        let extra =
            member.isLong
            ? number(1, 2) + number(16, 2) + number(member.content.count, 8) + number(stored.count, 8) : []
        var bytes = number(0x0403_4b50, 4) + number(45, 2) + number(member.flags, 2) + number(method(member), 2)
        bytes += number(0, 4) + number(Int(member.checksum ?? checksum(member.content)), 4)
        bytes += number(member.isLong ? 0xFFFF_FFFF : stored.count, 4)
        bytes += number(member.isLong ? 0xFFFF_FFFF : member.content.count, 4)
        return bytes + number(name.count, 2) + number(extra.count, 2) + name + extra
    }

    private static func entry(_ member: TestMember, _ stored: [UInt8], _ offset: Int) -> [UInt8] {
        let (name, size) = (Array(member.name.utf8), member.byteCount ?? member.content.count)
        let long = number(size, 8) + number(stored.count, 8) + number(offset, 8)
        // Another extra field comes before that of ZIP64.
        let extra = member.isLong ? number(0x5455, 2) + number(1, 2) + [3] + number(1, 2) + number(24, 2) + long : []
        var bytes = number(0x0201_4b50, 4) + number(45, 2) + number(45, 2) + number(member.flags, 2)
        bytes += number(method(member), 2) + number(0, 4)
        bytes += number(Int(member.checksum ?? checksum(member.content)), 4)
        bytes += number(member.isLong ? 0xFFFF_FFFF : stored.count, 4) + number(member.isLong ? 0xFFFF_FFFF : size, 4)
        bytes += number(name.count, 2) + number(extra.count, 2) + number(0, 2) + number(0, 2) + number(0, 6)
        return bytes + number(member.isLong ? 0xFFFF_FFFF : offset, 4) + name + extra
    }

    static func checksum(_ bytes: [UInt8]) -> UInt32 { UInt32(crc32(0, bytes, UInt32(bytes.count))) }

    /// A raw deflate stream.
    static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 100 + 64)
        let size = Int32(MemoryLayout<z_stream>.size)
        precondition(deflateInit2_(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK)
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
                (stream.next_out, stream.avail_out) = (target.baseAddress, UInt32(target.count))
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
                return target.count - Int(stream.avail_out)
            }
        }
        deflateEnd(&stream)
        return Array(output[..<count])
    }

    private static func number(_ value: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
