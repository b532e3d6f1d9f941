// Dropout whose masks are a function of an element's place, so that nothing has to be stored or replayed.

/// Which elements are dropped follows from (seed, step, example, position, site, element) alone. The example is the
/// one's number in the global batch and the position the one inside the example, so cutting a batch into micro-batches
/// or packing examples into rows changes no mask, and backward computes again what forward used.
package struct DropoutKey: Sendable {
    /// The share of elements that are set to zero; the others are divided by 1 - rate.
    package let rate: Float
    private let key: UInt64

    /// - Parameters:
    ///   - rate: in 0 ..< 1.
    ///   - site: where in the model: embeddings, or layer and place inside it.
    package init(rate: Float, seed: UInt64, step: UInt64, site: UInt64) {
        precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate)")
        self.rate = rate
        key = mix(mix(mix(seed) ^ step) ^ site)
    }

    /// The part of the key that belongs to one row: `example` and `position`.
    package static func rowIdentity(example: Int, position: Int) -> UInt64 {
        mix(mix(UInt64(example)) ^ UInt64(position))
    }

    /// Scales or zeroes the `count` elements of one row.
    ///
    /// - Parameters:
    ///   - identity: of the row, from `rowIdentity`.
    ///   - channel: distinguishes rows of one identity, such as a position's attention heads.
    func apply(to row: UnsafeMutablePointer<Float>, count: Int, identity: UInt64, channel: UInt64 = 0) {
        let rowKey = mix(key ^ mix(identity ^ (channel &* 0x9E37_79B9_7F4A_7C15)))
        let (low, high) = (UInt32(truncatingIfNeeded: rowKey), UInt32(truncatingIfNeeded: rowKey >> 32))
        let threshold = UInt32(min(Double(rate) * 4_294_967_296, 4_294_967_295))
        let scale = 1 / (1 - rate)
        for index in 0..<count {
            // Plain integer arithmetic on one element, which the compiler turns into sixteen at a time.
            let bits = scramble(scramble(UInt32(truncatingIfNeeded: index) ^ low) &+ high)
            row[index] = bits >= threshold ? row[index] * scale : 0
        }
    }

    /// Applies the mask to (N, C) in place, to an output on the way forward or to its gradient on the way back.
    ///
    /// - Parameter identities: N row identities.
    package func apply(to matrix: Matrix, identities: UnsafePointer<UInt64>) {
        guard rate > 0 else { return }
        ParallelFor.ranges(matrix.rows, for: .residual) { rows in
            for row in rows { apply(to: matrix.row(row), count: matrix.columns, identity: identities[row]) }
        }
    }
}

/// A bijection of 32-bit words in which every input bit moves every output bit: two rounds of multiply and xor-shift with the constants of C. Wellons' "lowbias32" search.
@inline(__always)
private func scramble(_ value: UInt32) -> UInt32 {
    var x = value
    x ^= x >> 16
    x = x &* 0x7FEB_352D
    x ^= x >> 15
    x = x &* 0x846C_A68B
    x ^= x >> 16
    return x
}
