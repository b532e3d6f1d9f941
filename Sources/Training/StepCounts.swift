// What is counted over the micro-batches of a step, here and on the other ranks.

import Evaluation

/// How many answers were right, and what a preference objective has measured.
struct StepCounts {
    var accuracy: StepAccuracy
    /// Of each micro-batch, so that sums over all are the same for every number of processes; empty where likelihood is
    /// learned.
    var preference: [PreferenceMeasure] = []

    /// For other processes.
    var numbers: [Double] { accuracy.counts + preference.flatMap(\.numbers) }

    /// Sets the counts to those of all processes.
    mutating func set(_ all: [[Double]]) {
        accuracy.set(all)
        preference = all.flatMap { numbers in
            stride(from: StepAccuracy.countCount, to: numbers.count, by: PreferenceMeasure.numberCount).map {
                PreferenceMeasure(Array(numbers[$0..<($0 + PreferenceMeasure.numberCount)]))
            }
        }
    }

    /// nil where likelihood is learned.
    var preferenceSum: PreferenceMeasure? { preference.isEmpty ? nil : preference.reduce(into: .init()) { $0 += $1 } }
}
