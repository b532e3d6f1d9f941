// Little-endian numbers of a record in memory, with checked places.

/// Bytes of a record that are read in order. A place beyond the end is a defect, never a trap.
struct ByteFields {
    let bytes: ArraySlice<UInt8>
    /// Names the record in messages.
    let part: String
    private var place: Int

    init(_ bytes: ArraySlice<UInt8>, _ part: String) {
        (self.bytes, self.part, place) = (bytes, part, bytes.startIndex)
    }

    /// How many bytes are left.
    var remaining: Int { bytes.endIndex - place }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(ArchiveDefect) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .outOfBounds(part) }
        defer { place += count }
        return bytes[place..<place + count]
    }

    mutating func skip(_ count: Int) throws(ArchiveDefect) { _ = try take(count) }

    /// A number of two bytes.
    mutating func short() throws(ArchiveDefect) -> Int { Int(try number(2)) }

    /// A number of four bytes.
    mutating func word() throws(ArchiveDefect) -> Int { Int(try number(4)) }

    /// A number of eight bytes; one that no `Int` holds is a defect.
    mutating func long() throws(ArchiveDefect) -> Int {
        guard let value = Int(exactly: try number(8)) else { throw .outOfBounds(part) }
        return value
    }

    private mutating func number(_ count: Int) throws(ArchiveDefect) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
