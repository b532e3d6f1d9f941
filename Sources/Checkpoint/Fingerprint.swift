// A quick sum over bytes that tells whether a file holds what memory held, after memory has changed.

/// Σ wordᵢ · (2i + 1) · K modulo 2⁶⁴ over the bytes as little-endian words of eight. Linear in each byte, so that pieces
/// may be added in any cut and order; every factor is odd, so that a change of one word is always seen. Against faults
/// of disks and libraries, not against malice: the file's SHA-256 is for that.
package struct Fingerprint: Equatable {
    private var sum: UInt64 = 0
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    /// The sum over all of `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer) { add(bytes, at: 0) }

    /// Adds bytes that stand at `offset` of the whole.
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

    /// Adds the sum over other bytes of the same whole.
    mutating func add(_ other: Fingerprint) { sum &+= other.sum }

    private mutating func add(_ byte: UInt8, at offset: Int) {
        let word = UInt64(byte) << UInt64(8 * (offset % 8))
        sum &+= word &* (2 &* UInt64(offset / 8) &+ 1) &* Self.factor
    }
}
