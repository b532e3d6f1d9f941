// A fast checksum that compares a file with former contents of memory.

/// Σ wordᵢ · (2i + 1) · K modulo 2⁶⁴ over little-endian 8-byte words. Linear in each byte, so pieces of any size can be
/// added in any order; every factor is odd, so a change of one word is always detected. Protects against faults of
/// disks and libraries, not against tampering, which the file's SHA-256 covers.
package struct Fingerprint: Equatable {
    private var sum: UInt64 = 0
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    /// The checksum of all of `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer) { add(bytes, at: 0) }

    /// Adds bytes at `offset` of the data.
    package mutating func add(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        var index = 0
        while index < bytes.count, (offset + index) % 8 != 0 {
            add(bytes[index], at: offset + index)
            index += 1
        }
        var number = UInt64((offset + index) / 8)
        var words: UInt64 = 0
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            words &+= word &* (2 &* number &+ 1)
            number += 1
            index += 8
        }
        sum &+= words &* Self.factor
        while index < bytes.count {
            add(bytes[index], at: offset + index)
            index += 1
        }
    }

    /// Adds the checksum of other bytes of the same data.
    mutating func add(_ other: Fingerprint) { sum &+= other.sum }

    private mutating func add(_ byte: UInt8, at offset: Int) {
        let word = UInt64(byte) << UInt64(8 * (offset % 8))
        sum &+= word &* (2 &* UInt64(offset / 8) &+ 1) &* Self.factor
    }
}
