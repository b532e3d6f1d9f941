// The record at the end of a ZIP archive, which says where the directory is.

import Files
import Foundation

struct ArchiveEnd {
    let directory: Range<Int>
    let memberCount: Int

    /// Bytes of the record without its comment, 4.3.16.
    private static let bytes = 22
    private static let longestComment = 0xFFFF
    /// Bytes of ZIP64's locator and of its record, 4.3.15 and 4.3.14.
    private static let (locatorBytes, longBytes) = (20, 56)

    init(_ file: FileDescriptor) throws(ArchiveFailure) {
        let length: Int
        do throws(FileError) { length = Int(try file.status().st_size) } catch { throw .file(error) }
        let first = max(0, length - ArchiveEnd.bytes - ArchiveEnd.longestComment)
        let tail = try Archive.read(file, first..<length, "the end", limit: 1 << 17)
        guard let place = ArchiveEnd.place(in: tail) else { throw .defect(.notAnArchive) }
        var limit = first + place
        var (count, size, offset) = try Archive.defects { () throws(ArchiveDefect) in
            try ArchiveEnd.short(tail[place...])
        }
        if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
            (count, size, offset, limit) = try ArchiveEnd.long(file, before: limit)
        }
        guard offset <= limit, size <= limit - offset else { throw .defect(.outOfBounds("the directory")) }
        (directory, memberCount) = (offset..<offset + size, count)
    }

    /// The last place whose comment ends with the file.
    private static func place(in tail: [UInt8]) -> Int? {
        var place = tail.count - bytes
        while place >= 0 {
            if tail[place] == 0x50, tail[place + 1] == 0x4b, tail[place + 2] == 5, tail[place + 3] == 6,
                place + bytes + Int(tail[place + 20]) + Int(tail[place + 21]) << 8 == tail.count
            {
                return place
            }
            place -= 1
        }
        return nil
    }

    private static func short(_ record: ArraySlice<UInt8>) throws(ArchiveDefect) -> (Int, Int, Int) {
        var fields = ByteFields(record, "the end")
        try fields.skip(4)
        let (disk, directoryDisk) = (try fields.short(), try fields.short())
        let (here, count) = (try fields.short(), try fields.short())
        guard disk == directoryDisk, disk == 0 || disk == 0xFFFF, here == count else { throw .severalDisks }
        return (count, try fields.word(), try fields.word())
    }

    /// The record of ZIP64, which the locator right before the end names. Returns count, size, offset, and the place
    /// that the directory must end before.
    private static func long(
        _ file: FileDescriptor, before end: Int
    ) throws(ArchiveFailure) -> (Int, Int, Int, Int) {
        guard end >= locatorBytes + longBytes else { throw .defect(.outOfBounds("the long end")) }
        let locator = try Archive.read(file, end - locatorBytes..<end, "the locator", limit: locatorBytes)
        let offset = try Archive.defects { () throws(ArchiveDefect) in
            var fields = ByteFields(locator[...], "the locator")
            guard try fields.word() == 0x0706_4b50 else { throw .badSignature("the locator") }
            guard try fields.word() == 0 else { throw .severalDisks }
            return try fields.long()
        }
        guard offset <= end - locatorBytes - longBytes else { throw .defect(.outOfBounds("the long end")) }
        let record = try Archive.read(file, offset..<offset + longBytes, "the long end", limit: longBytes)
        return try Archive.defects { () throws(ArchiveDefect) in
            var fields = ByteFields(record[...], "the long end")
            guard try fields.word() == 0x0606_4b50 else { throw .badSignature("the long end") }
            try fields.skip(12)
            guard try fields.word() == 0, try fields.word() == 0 else { throw .severalDisks }
            let (here, count) = (try fields.long(), try fields.long())
            guard here == count else { throw .severalDisks }
            return (count, try fields.long(), try fields.long(), offset)
        }
    }
}
