// float32 converted to the shorter formats of weights, to the nearest, ties to even.

extension FloatConversion {
    /// bfloat16: the upper half of a float32, rounded. NaN stays NaN.
    package static func brainFloat(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // The rounding of a NaN might carry into its sign.
        guard !value.isNaN else { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }

    /// IEEE 754 binary16; beyond its range infinity. Written out because Swift's own `Float16` is missing on Intel Macs.
    package static func half(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = abs(value)
        // 65520 is halfway between the largest number and what would follow it.
        guard magnitude < 65_520 else { return sign | 0x7C00 }
        guard magnitude >= Float(sign: .plus, exponent: -14, significand: 1) else {
            // Subnormal: multiples of 2⁻²⁴. The product is exact, and so is the rounding.
            let steps = (magnitude * Float(sign: .plus, exponent: 24, significand: 1)).rounded(.toNearestOrEven)
            return sign | UInt16(steps)
        }
        let bits = magnitude.bitPattern
        let rounded = bits &+ 0x0FFF &+ ((bits >> 13) & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded &- (112 << 23)) >> 13)
    }
}
