// Blocks of 256 numbers in eight groups of 32 that have scales of their own: Q4_K and Q5_K.

/// d and dmin (float16), 12 bytes with the groups' scales S and minima M of six bits, then 128 bytes: of each 32 of them
/// the low halves are one group and the high halves the next. Elements are (d·S)·q − dmin·M.
enum Q4_KBlock: GGUFBlock {
    static var type: GGUFType { .q4_k }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let groups = GroupScales(block)
        for pair in 0..<4 {
            for half in 0..<2 {
                let (bytes, place) = (block.byteLanes(16 + 32 * pair + 16 * half), 64 * pair + 16 * half)
                values.setLanes(place, groups.values(2 * pair, bytes & 15))
                values.setLanes(place + 32, groups.values(2 * pair + 1, bytes &>> 4))
            }
        }
    }
}

/// As Q4_K, with 32 bytes before the last 128: bit g of byte l is the fifth bit of element l of group g.
enum Q5_KBlock: GGUFBlock {
    static var type: GGUFType { .q5_k }

    @inline(__always)
    static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
        let groups = GroupScales(block)
        for half in 0..<2 {
            var fifths = block.byteLanes(16 + 16 * half)
            for pair in 0..<4 {
                let (bytes, place) = (block.byteLanes(48 + 32 * pair + 16 * half), 64 * pair + 16 * half)
                values.setLanes(place, groups.values(2 * pair, bytes & 15 | (fifths & 1) &<< 4))
                values.setLanes(place + 32, groups.values(2 * pair + 1, bytes &>> 4 | (fifths & 2) &<< 3))
                fifths = fifths &>> 2
            }
        }
    }
}

/// The scales and minima of the eight groups of a block.
private struct GroupScales {
    private let scales: SIMD8<Float>
    private let minima: SIMD8<Float>

    /// Of the block's first 16 bytes. Bytes 4 to 7 have the scales of the first four groups in six bits, 8 to 11 their
    /// minima; 12 to 15 have four bits each of scale and minimum of the last four groups, whose two upper bits are those
    /// that the other bytes have left.
    @inline(__always)
    init(_ block: UnsafeRawPointer) {
        let first = block.loadUnaligned(fromByteOffset: 4, as: SIMD4<UInt8>.self)
        let second = block.loadUnaligned(fromByteOffset: 8, as: SIMD4<UInt8>.self)
        let third = block.loadUnaligned(fromByteOffset: 12, as: SIMD4<UInt8>.self)
        let scales = SIMD8(lowHalf: first & 63, highHalf: third & 15 | (first &>> 6) &<< 4)
        let minima = SIMD8(lowHalf: second & 63, highHalf: third &>> 4 | (second &>> 6) &<< 4)
        self.scales = block.half(0) * GroupScales.floats(scales)
        self.minima = block.half(2) * GroupScales.floats(minima)
    }

    /// Elements of a group. All products are exact, with up to 11 + 6 + 5 of a float's 24 bits; the difference is
    /// rounded once.
    @inline(__always)
    func values(_ group: Int, _ numbers: ByteLanes) -> FloatLanes {
        scales[group] * FloatLanes(unsigned: numbers) - minima[group]
    }

    @inline(__always)
    private static func floats(_ bytes: SIMD8<UInt8>) -> SIMD8<Float> {
        var result = SIMD8<Float>()
        for lane in 0..<8 { result[lane] = Float(Int32(bytes[lane])) }
        return result
    }
}
