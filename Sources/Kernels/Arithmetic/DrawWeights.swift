// From logits to a draw: the weights of a vocabulary's tokens, and the token at a share of their sum.

/// Weights of tokens, one of which a draw takes. Sums are those of 1,024 weights at a time, so that a draw reads only one
/// such group in single steps.
package struct DrawWeights {
    /// As they are used: 0 for a token that must not be drawn.
    package let values: UnsafeMutableBufferPointer<Float>
    private static let group = 1_024

    /// Replaces logits, all of which are finite, by exp((logit - largest) / temperature).
    package init(replacing logits: UnsafeMutableBufferPointer<Float>, temperature: Double) {
        precondition(logits.count > 0 && temperature > 0, "weights of \(logits.count) logits at \(temperature)")
        values = logits
        guard let base = logits.baseAddress else { return }
        let maximum = Lanes(repeating: largest(base, count: logits.count))
        // A smaller temperature is none for a float. The largest logit's difference is 0 at any.
        let divisor = Lanes(repeating: max(Float(temperature), .leastNormalMagnitude))
        mapLanes(into: base, base, count: logits.count) { Elementary.exp(($0 - maximum) / divisor) }
    }

    /// The sum of all.
    package var total: Double { groups.reduce(0) { $0 + sum(of: $1) } }

    private var groups: some Sequence<Range<Int>> {
        stride(from: 0, to: values.count, by: Self.group).lazy.map { $0..<min($0 + Self.group, values.count) }
    }

    private func sum(of range: Range<Int>) -> Double {
        guard let base = values.baseAddress else { return 0 }
        return Double(sumLanes(base + range.lowerBound, count: range.count) { $0 })
    }

    /// The token with which the sum of the first ones exceeds this share of the sum of all.
    ///
    /// - Parameter share: in [0, 1).
    package func token(at share: Double) -> Int {
        var rest = share * total
        for range in groups {
            let sum = sum(of: range)
            guard rest < sum else {
                rest -= sum
                continue
            }
            for index in range {
                rest -= Double(values[index])
                if rest < 0 { return index }
            }
            // Sums in another order may have left a little over.
            if let last = range.last(where: { values[$0] > 0 }) { return last }
        }
        return values.lastIndex { $0 > 0 } ?? 0
    }
}
