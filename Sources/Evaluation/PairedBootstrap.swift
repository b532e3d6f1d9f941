// How sure a difference between two models is: both measured on the same rows, which are then drawn again and again.

import Kernels

/// The difference of two ratios over the same rows, with the middle 95 % of what other draws of rows would give (the
/// percentile bootstrap of Efron and Tibshirani, 1993, chapter 13, with pairs kept together).
package struct PairedBootstrap: Sendable, Equatable {
    /// What one row adds to a model's figure, Σ amount / Σ size.
    package struct Item: Sendable, Equatable {
        package var amount: Double
        package var size: Double

        package init(amount: Double, size: Double) {
            self.amount = amount
            self.size = size
        }
    }

    package let first: Double
    package let second: Double
    /// Of `second - first`.
    package let low: Double
    package let high: Double
    package let rows: Int

    package var difference: Double { second - first }
    /// Whether the rows do not tell which of the two is larger.
    package var includesZero: Bool { low <= 0 && high >= 0 }

    /// - Parameters:
    ///   - first, second: one item for each row, the same rows in the same order.
    ///   - draws: how often rows are drawn with replacement.
    package init(_ first: [Item], _ second: [Item], draws: Int = 2000, seed: UInt64 = 1) {
        precondition(first.count == second.count, "\(first.count) and \(second.count) rows")
        func ratio(_ items: [Item]) -> Double {
            items.reduce(0) { $0 + $1.amount } / max(items.reduce(0) { $0 + $1.size }, 1e-300)
        }
        (self.first, self.second, rows) = (ratio(first), ratio(second), first.count)
        guard !first.isEmpty, draws > 0 else {
            (low, high) = (0, 0)
            return
        }
        var generator = SplitMix64(seed: seed, stream: 0xB007)
        var differences: [Double] = []
        for _ in 0..<draws {
            var sums = (0.0, 0.0, 0.0, 0.0)
            for _ in first.indices {
                let row = generator.below(first.count)
                sums.0 += first[row].amount
                sums.1 += first[row].size
                sums.2 += second[row].amount
                sums.3 += second[row].size
            }
            differences.append(sums.2 / max(sums.3, 1e-300) - sums.0 / max(sums.1, 1e-300))
        }
        differences.sort()
        low = differences[Int(Double(draws - 1) * 0.025)]
        high = differences[Int((Double(draws - 1) * 0.975).rounded(.up))]
    }
}
