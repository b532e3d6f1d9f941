// The floating-point formats of weights, converted to float32; all but float64's values are float32's.

/// Conversion of little-endian floats.
package enum FloatConversion {
    /// float32 as it is.
    ///
    /// Never inlined: Swift 6.3 on x86-64 compiles a `memmove` that is the last act of a throwing function to a jump
    /// that leaves the register of the thrown error undefined, so that the caller sees an error nobody threw.
    @inline(never)
    static func copySingles(_ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        UnsafeMutableRawBufferPointer(destination).copyMemory(from: bytes)
    }

    /// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
    static func expandHalves(_ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        for index in destination.indices {
            let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            destination[index] = float(half: bits)
        }
    }

    /// float64, rounded to the nearest float32; what is beyond its range becomes infinite.
    static func roundDoubles(_ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        for index in destination.indices {
            let bits = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
            destination[index] = Float(Double(bitPattern: bits))
        }
    }

    /// bfloat16: the upper half of a float32.
    static func expandBrainFloats(
        _ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
    ) {
        for index in destination.indices {
            let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            destination[index] = Float(bitPattern: UInt32(bits) << 16)
        }
    }

    /// One binary16 number. Written out because Swift's own `Float16` is missing on Intel Macs; without branches, so that
    /// the compiler makes a loop of it one over registers.
    @inline(__always)
    package static func float(half bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) &<< 16
        let magnitude = UInt32(bits & 0x7FFF) &<< 13
        // The exponents' biases differ by 112. Infinities and NaNs have the largest exponent on both sides.
        let bias: UInt32 = 112 << 23
        let normal = magnitude &+ (magnitude >= 0x1F << 23 ? 2 &* bias : bias)
        // A subnormal has no leading one: its fraction, read as that of a number from 2⁻¹⁴ on, is too large by 2⁻¹⁴.
        let one: UInt32 = 113 << 23
        let subnormal = (Float(bitPattern: magnitude | one) - Float(bitPattern: one)).bitPattern
        return Float(bitPattern: sign | (magnitude < 1 << 23 ? subnormal : normal))
    }
}
