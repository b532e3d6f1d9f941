// Blocks of 32 numbers of five bits, the fifth bits in a word of their own: Q5_0 and Q5_1.

/// A scale d (float16), 4 bytes whose bit j is the fifth bit of element j, then 16 bytes as in Q4_0: elements are
/// d·(q − 16).
enum Q5_0Block: GGUFBlock {
    static var type: GGUFType { .q5_0 }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let (scale, numbers) = (block.half(0), fiveBits(high: block + 2, low: block.byteLanes(6)))
        values.setLanes(0, scale * FloatLanes(signed: numbers.0 &- 16))
        values.setLanes(16, scale * FloatLanes(signed: numbers.1 &- 16))
    }
}

/// A scale d and a minimum m (float16), then bits and bytes as in Q5_0: elements are d·q + m.
enum Q5_1Block: GGUFBlock {
    static var type: GGUFType { .q5_1 }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let (scale, minimum) = (block.half(0), block.half(2))
        let numbers = fiveBits(high: block + 4, low: block.byteLanes(8))
        values.setLanes(0, scale * FloatLanes(unsigned: numbers.0) + minimum)
        values.setLanes(16, scale * FloatLanes(unsigned: numbers.1) + minimum)
    }
}

/// The 32 numbers from 0 to 31 whose upper bits are in the 4 bytes at `high`, and the others in the halves of `low`.
@inline(__always)
private func fiveBits(high: UnsafeRawPointer, low: ByteLanes) -> (ByteLanes, ByteLanes) {
    /// 16 in the lanes whose bit is set in two bytes, the first byte for the first eight lanes.
    func sixteens(_ offset: Int) -> ByteLanes {
        let bytes = ByteLanes(
            lowHalf: SIMD8(repeating: high.load(fromByteOffset: offset, as: UInt8.self)),
            highHalf: SIMD8(repeating: high.load(fromByteOffset: offset + 1, as: UInt8.self)))
        let bits = ByteLanes(1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128)
        return ByteLanes.zero.replacing(with: 16, where: bytes & bits .== bits)
    }
    return (low & 15 | sixteens(0), low &>> 4 | sixteens(2))
}
