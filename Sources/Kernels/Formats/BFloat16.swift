// Numbers of half the size: the upper sixteen bits of a float, which keep its range and eight bits of its precision.

/// A row-major matrix of bfloat16 in memory that somebody else owns; valid for as long as the owner is.
struct BFloat16Matrix: @unchecked Sendable {
    let base: UnsafeMutablePointer<UInt16>
    let rows: Int
    let columns: Int
}

enum BFloat16 {
    /// Rounds every element to the nearest bfloat16, ties to even: the rounding of the processor's own instruction.
    ///
    /// - Parameters:
    ///   - output: (N, C), overwritten.
    ///   - input: (N, C). A NaN stays one.
    static func round(into output: BFloat16Matrix, of input: Matrix) {
        precondition(
            output.rows == input.rows && output.columns == input.columns,
            "rounding \(input.shape) into (\(output.rows), \(output.columns))")
        ParallelFor.ranges(input.rows) { rows in
            for row in rows { round(into: output.base + row * output.columns, input.row(row), count: input.columns) }
        }
    }

    /// The same for `count` numbers in a row.
    @inline(__always)
    static func round(
        into output: UnsafeMutablePointer<UInt16>, _ input: UnsafeMutablePointer<Float>, count: Int
    ) {
        var index = 0
        while index + laneCount <= count {
            let bits = roundedBits((input + index).lanes())
            UnsafeMutableRawPointer(output + index).storeBytes(of: bits, as: SIMD16<UInt16>.self)
            index += laneCount
        }
        if index < count {
            let bits = roundedBits((input + index).lanes(first: count - index, filler: 0))
            for lane in 0..<(count - index) { output[index + lane] = bits[lane] }
        }
    }

    /// The bits of one number, rounded.
    static func bits(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        return value.isNaN ? 0x7FC0 : (bits &+ (0x7FFF + (bits >> 16) & 1)) >> 16
    }

    @inline(__always)
    private static func roundedBits(_ value: Lanes) -> SIMD16<UInt16> {
        let bits = unsafeBitCast(value, to: SIMD16<UInt32>.self)
        let odd = (bits &>> 16) & SIMD16(repeating: 1)
        let rounded = (bits &+ (odd &+ SIMD16(repeating: 0x7FFF))) &>> 16
        // Rounding up the bits of a NaN could carry into its sign and leave a zero.
        let quiet = rounded.replacing(with: SIMD16(repeating: 0x7FC0), where: value .!= value)
        return SIMD16<UInt16>(truncatingIfNeeded: quiet)
    }
}
