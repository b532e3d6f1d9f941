// A ZIP archive: its directory, read strictly.

import Files
import Foundation

/// A member of an archive, as the directory describes it.
package struct ArchiveMember: Equatable {
    package let name: String
    /// 0: stored, 8: deflated.
    package let method: Int
    /// CRC-32 of its bytes.
    package let checksum: UInt32
    package let storedBytes: Int
    package let byteCount: Int
    /// Where its own header is in the file.
    package let offset: Int
}

/// An archive that is open (PKWARE APPNOTE 6.3.10; section numbers below). Nothing of it is trusted: every place is
/// checked against the file, and what differs from the directory is a defect.
package final class Archive {
    /// More than any wheel has.
    package static let mostMembers = 65_536
    private static let mostDirectoryBytes = 16 << 20

    package let members: [ArchiveMember]
    let file: FileDescriptor
    /// Where the directory begins: members end before it.
    let directoryOffset: Int

    package init(path: String) throws(ArchiveFailure) {
        let file: FileDescriptor
        do throws(FileError) { file = try FileDescriptor.open(path, O_RDONLY) } catch { throw .file(error) }
        do throws(ArchiveFailure) {
            let end = try ArchiveEnd(file)
            let bytes = try Archive.read(file, end.directory, "the directory", limit: Archive.mostDirectoryBytes)
            members = try Archive.defects { () throws(ArchiveDefect) in
                try Archive.members(of: bytes, count: end.memberCount)
            }
            directoryOffset = end.directory.lowerBound
        } catch {
            file.close()
            throw error
        }
        self.file = file
    }

    deinit { file.close() }

    /// The member with this path.
    package func member(_ name: String) throws(ArchiveFailure) -> ArchiveMember {
        guard let found = members.first(where: { $0.name == name }) else { throw .defect(.noMember(name)) }
        return found
    }

    /// Reads a part of the file that must be complete.
    static func read(
        _ file: FileDescriptor, _ range: Range<Int>, _ part: String, limit: Int
    ) throws(ArchiveFailure) -> [UInt8] {
        guard range.count <= limit else { throw .defect(.outOfBounds(part)) }
        var bytes: [UInt8] = []
        try file.forEachPiece(of: range, wrapping: { ArchiveFailure.file($0) }) {
            (_, piece) throws(ArchiveFailure) in bytes += piece
        }
        guard bytes.count == range.count else { throw .defect(.outOfBounds(part)) }
        return bytes
    }

    static func defects<Result>(_ body: () throws(ArchiveDefect) -> Result) throws(ArchiveFailure) -> Result {
        do throws(ArchiveDefect) { return try body() } catch { throw .defect(error) }
    }

    /// The entries of the directory, 4.3.12.
    private static func members(of bytes: [UInt8], count: Int) throws(ArchiveDefect) -> [ArchiveMember] {
        guard count <= mostMembers else { throw .tooManyMembers(count) }
        var fields = ByteFields(bytes[...], "the directory")
        var (members, names): ([ArchiveMember], Set<String>) = ([], [])
        for _ in 0..<count {
            let member = try entry(&fields)
            guard names.insert(member.name).inserted else { throw .duplicateName(member.name) }
            members.append(member)
        }
        guard fields.remaining == 0 else { throw .outOfBounds("the directory") }
        return members
    }

    private static func entry(_ fields: inout ByteFields) throws(ArchiveDefect) -> ArchiveMember {
        guard try fields.word() == 0x0201_4b50 else { throw .badSignature("an entry of the directory") }
        try fields.skip(4)
        let (flags, method) = (try fields.short(), try fields.short())
        try fields.skip(4)
        let checksum = UInt32(try fields.word())
        var (stored, size) = (try fields.word(), try fields.word())
        let (nameBytes, extraBytes, commentBytes) = (try fields.short(), try fields.short(), try fields.short())
        let disk = try fields.short()
        try fields.skip(6)
        var offset = try fields.word()
        guard let name = String(validating: try fields.take(nameBytes), as: UTF8.self) else { throw .badName }
        let extra = try fields.take(extraBytes)
        try fields.skip(commentBytes)
        guard disk == 0 else { throw .severalDisks }
        guard flags & 0x41 == 0 else { throw .encrypted(name) }
        guard method == 0 || method == 8 else { throw .unknownMethod(name, method) }
        try readLongSizes(extra, &size, &stored, &offset)
        return ArchiveMember(
            name: name, method: method, checksum: checksum, storedBytes: stored, byteCount: size, offset: offset)
    }

    /// The extra field of ZIP64, 4.5.3: it has, in this order, those of the numbers that the entry marks with 2³² − 1.
    private static func readLongSizes(
        _ extra: ArraySlice<UInt8>, _ size: inout Int, _ stored: inout Int, _ offset: inout Int
    ) throws(ArchiveDefect) {
        let mark = 0xFFFF_FFFF
        guard size == mark || stored == mark || offset == mark else { return }
        var fields = ByteFields(extra, "the sizes of a large member")
        while fields.remaining >= 4 {
            let (kind, count) = (try fields.short(), try fields.short())
            let body = try fields.take(count)
            guard kind == 1 else { continue }
            var long = ByteFields(body, "the sizes of a large member")
            if size == mark { size = try long.long() }
            if stored == mark { stored = try long.long() }
            if offset == mark { offset = try long.long() }
            return
        }
        throw .outOfBounds("the sizes of a large member")
    }
}
