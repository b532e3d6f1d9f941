// The order of a sweep's trials, and how sure it is: paired differences against the best, row by row.

import Evaluation

/// How one trial ended.
package struct SweepRank: Sendable, Equatable {
    /// Its place in the grid.
    package var trial: Int
    /// The last rung that it has reached; nil where it failed before the first.
    package var rung: Int?
    /// Of the held-out rows at that rung; infinite where it failed.
    package var bitsPerByte: Double
    /// Against the best trial at the same rung.
    package var spread: PairedSpread?
    package var failure: String?
}

/// The difference of two models' bits per byte over the same rows, and its standard error over rows.
///
/// With a row's bits a and b and its bytes s: D = Σ(b - a) / Σs, and by linearisation of that ratio (Cochran 1977, Sampling
/// Techniques, section 2.11) its standard error is √(n / (n - 1) · Σ(b - a - D s)²) / Σs. It says how much D would change with
/// other rows, not with another seed.
package struct PairedSpread: Sendable, Equatable {
    package let difference: Double
    package let standardError: Double
    package let rows: Int

    /// nil where fewer than two rows have a result for both.
    package init?(_ first: [PairedBootstrap.Item?], _ second: [PairedBootstrap.Item?]) {
        let pairs = zip(first, second).compactMap { pair in pair.0.flatMap { one in pair.1.map { (one, $0) } } }
        let size = pairs.reduce(0.0) { $0 + $1.0.size }
        guard pairs.count > 1, size > 0 else { return nil }
        let mean = pairs.reduce(0.0) { $0 + $1.1.amount - $1.0.amount } / size
        let squares = pairs.reduce(0.0) { sum, pair in
            let rest = pair.1.amount - pair.0.amount - mean * pair.0.size
            return sum + rest * rest
        }
        let count = Double(pairs.count)
        (difference, rows) = (mean, pairs.count)
        standardError = (count / (count - 1) * squares).squareRoot() / size
    }
}

extension SweepRecord {
    /// All trials, the best first: by the rung that they have reached, then by the loss there.
    package var ranking: [SweepRank] {
        let ranks = trials.indices.map { trial -> SweepRank in
            let own = results.filter { $0.trial == trial }
            let failure = own.lazy.compactMap(\.failure).first
            guard let last = own.last(where: { $0.failure == nil }) else {
                return SweepRank(trial: trial, rung: nil, bitsPerByte: .infinity, spread: nil, failure: failure)
            }
            let best = order(at: last.rung).first.flatMap { self.result(trial: $0, rung: last.rung) }
            return SweepRank(
                trial: trial, rung: last.rung, bitsPerByte: last.bitsPerByte,
                spread: best.flatMap { PairedSpread($0.rows, last.rows) }, failure: failure)
        }
        return ranks.sorted { one, other in
            let (left, right) = (one.rung ?? -1, other.rung ?? -1)
            if left != right { return left > right }
            if (one.failure == nil) != (other.failure == nil) { return one.failure == nil }
            return (one.bitsPerByte, one.trial) < (other.bitsPerByte, other.trial)
        }
    }

    /// Trials with a result at a rung, the best first; of equal ones the first in the grid.
    package func order(at rung: Int) -> [Int] {
        results.filter { $0.rung == rung && $0.failure == nil }
            .sorted { ($0.bitsPerByte, $0.trial) < ($1.bitsPerByte, $1.trial) }.map(\.trial)
    }

    /// The trials that train to a rung: all, or the best of the rung before.
    package func contenders(at rung: Int) -> [Int] {
        rung == 0 ? Array(trials.indices) : order(at: rung - 1).prefix(rungs[rung].trials).sorted()
    }

    package func result(trial: Int, rung: Int) -> Result? {
        results.first { $0.trial == trial && $0.rung == rung }
    }
}
