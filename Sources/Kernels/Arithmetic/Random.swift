// Random numbers that are a function of their key: no state to save, no order to keep.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A bijection of 64-bit words in which every input bit moves every output bit: one step of SplitMix64
/// (Steele, Lea & Flood 2014).
@inline(__always)
package func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}

/// SplitMix64: 64 random bits a call, the same everywhere for the same seed.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// A generator for one purpose among many under one seed.
    package init(seed: UInt64, stream: UInt64) { state = mix(mix(seed) ^ stream) }

    package mutating func next() -> UInt64 {
        let value = mix(state)
        state &+= 0x9E37_79B9_7F4A_7C15
        return value
    }

    /// Uniform in 0 ..< 1, a multiple of 2⁻⁵³.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Two independent numbers from N(0, 1) (Box & Muller 1958).
    package mutating func normalPair() -> (Double, Double) {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        let angle = 2 * Double.pi * uniform()
        return (radius * cos(angle), radius * sin(angle))
    }

    /// Uniform in 0 ..< bound, without bias (Lemire 2019).
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a random number below \(bound)")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// A permutation of `0..<count` (Fisher & Yates).
    package mutating func permutation(_ count: Int) -> [Int32] {
        var order = [Int32](0..<Int32(count))
        for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, below(index + 1)) }
        return order
    }
}
