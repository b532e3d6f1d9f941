// Tells a sudden rise of the loss from its ordinary unrest.

import Foundation

/// What happens to a step whose loss is far above the recent ones.
package enum LossSpikePolicy: String, Sendable, CaseIterable {
    /// The step changes nothing, as one whose loss is not finite.
    case skip
    /// The step is taken, and a warning names its inputs.
    case warn
    case ignore
}

/// A loss far above the recent ones.
package struct LossSpike: Sendable, Equatable {
    package let loss: Double
    /// Of the recent losses.
    package let median: Double
    /// How many robust deviations the loss is above it.
    package let deviations: Double
}

/// The losses of the last steps.
package struct LossHistory: Sendable, Equatable {
    /// Steps that are looked back on, and how many of them are needed for a judgement.
    package static let (length, least) = (64, 16)

    /// The oldest first.
    package private(set) var losses: [Double]

    package init(_ losses: [Double] = []) { self.losses = losses.suffix(LossHistory.length) }

    /// Adds the loss of one more step, finite, in nats.
    package mutating func add(_ loss: Double) {
        losses.append(loss)
        if losses.count > LossHistory.length { losses.removeFirst() }
    }

    /// The spike that a loss is after these; nil where it is none, and where there are too few to say.
    ///
    /// A deviation is the largest of three numbers that are each the standard deviation of a normal distribution, or a
    /// small part of the median: 1.4826 × the median distance from the median, which a few spikes do not move; (the
    /// tenth largest of 100 − median) / 1.2816, because losses of small batches spread further upwards; 0.02 × median.
    package func spike(_ loss: Double, above limit: Double) -> LossSpike? {
        guard losses.count >= LossHistory.least else { return nil }
        let sorted = losses.sorted()
        let median = LossHistory.median(sorted)
        let distances = losses.map { abs($0 - median) }.sorted()
        let high = sorted[sorted.count * 9 / 10]
        let deviation = max(1.4826 * LossHistory.median(distances), (high - median) / 1.2816, 0.02 * abs(median), 1e-6)
        let found = LossSpike(loss: loss, median: median, deviations: (loss - median) / deviation)
        return found.deviations > limit ? found : nil
    }

    private static func median(_ sorted: [Double]) -> Double {
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
