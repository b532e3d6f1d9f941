// The floating-point formats of weights, turned into float32; every value of theirs is one of float32's.

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

    /// bfloat16: the upper half of a float32.
    static func expandBrainFloats(
        _ bytes: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>
    ) {
        for index in destination.indices {
            let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            destination[index] = Float(bitPattern: UInt32(bits) << 16)
        }
    }

    /// One binary16 number. Written out because Swift's own `Float16` is missing on Intel Macs.
    package static func float(half bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x03FF)
        switch exponent {
        case 0:
            // Subnormal: fraction · 2⁻²⁴, exact in float32.
            let magnitude = Float(fraction) * Float(sign: .plus, exponent: -24, significand: 1)
            return Float(bitPattern: magnitude.bitPattern | sign)
        case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
