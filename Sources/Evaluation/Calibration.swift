// Whether a model is as often right as it is certain.

/// Rows grouped by how certain the model was (Guo et al., 2017).
package struct Calibration: Sendable, Equatable {
    /// Rows of one range of certainty.
    package struct Bin: Sendable, Equatable {
        package var rows: Int
        package var meanConfidence: Double
        package var accuracy: Double
    }

    package static let binCount = 10

    /// Of the ranges (0, 0.1], (0.1, 0.2] … (0.9, 1]; empty ones have zeros.
    package let bins: [Bin]
    /// ECE: Σ rows / all rows · |accuracy − mean confidence|.
    package let expectedError: Double

    /// - Parameters: one certainty in 0 … 1 and one truth for each row.
    package init(confidences: [Double], isRight: [Bool]) {
        precondition(confidences.count == isRight.count, "\(confidences.count) rows, \(isRight.count) truths")
        var sums = [(rows: Int, confidence: Double, right: Int)](repeating: (0, 0, 0), count: Calibration.binCount)
        for (confidence, right) in zip(confidences, isRight) {
            let scaled = (confidence * Double(Calibration.binCount)).rounded(.up)
            let bin = min(Calibration.binCount - 1, max(0, Int(scaled) - 1))
            sums[bin].rows += 1
            sums[bin].confidence += confidence
            sums[bin].right += right ? 1 : 0
        }
        bins = sums.map { sum in
            sum.rows == 0
                ? Bin(rows: 0, meanConfidence: 0, accuracy: 0)
                : Bin(
                    rows: sum.rows, meanConfidence: sum.confidence / Double(sum.rows),
                    accuracy: Double(sum.right) / Double(sum.rows))
        }
        expectedError =
            confidences.isEmpty
            ? 0
            : bins.reduce(0) { $0 + Double($1.rows) * abs($1.accuracy - $1.meanConfidence) } / Double(confidences.count)
    }
}
