// One class against the rest: precision and recall at each threshold, and the areas under both usual curves.

/// What happens when every row whose score reaches a threshold counts as positive.
package struct BinaryCurve: Sendable, Equatable {
    /// One threshold.
    package struct Point: Sendable, Equatable {
        package var threshold: Double
        package var precision: Double
        package var recall: Double
        /// Share of the negative rows that count as positive.
        package var falsePositiveRate: Double

        package var f1: Double { precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0 }
    }

    /// From the highest threshold to the lowest, one for each distinct score.
    package let points: [Point]
    /// The probability that a positive row has a higher score than a negative one, equal scores counting half; nil
    /// without rows of both kinds.
    package let areaUnderROC: Double?
    /// Σ (recall − recall before) · precision (average precision); nil without positive rows.
    package let areaUnderPrecisionRecall: Double?

    /// - Parameters: one score and one truth for each row.
    package init(scores: [Double], isPositive: [Bool]) {
        precondition(scores.count == isPositive.count, "\(scores.count) scores, \(isPositive.count) truths")
        let positives = isPositive.count { $0 }
        let negatives = isPositive.count - positives
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var points: [Point] = []
        var (truePositives, falsePositives, roc, average) = (0, 0, 0.0, 0.0)
        var index = 0
        while index < order.count {
            let threshold = scores[order[index]]
            let before = (truePositives, falsePositives)
            while index < order.count, scores[order[index]] == threshold {
                if isPositive[order[index]] { truePositives += 1 } else { falsePositives += 1 }
                index += 1
            }
            // Trapezoids: pairs with equal scores count half.
            roc += Double(falsePositives - before.1) * Double(truePositives + before.0) / 2
            let precision = Double(truePositives) / Double(truePositives + falsePositives)
            let recall = positives > 0 ? Double(truePositives) / Double(positives) : 0
            if positives > 0 { average += Double(truePositives - before.0) / Double(positives) * precision }
            points.append(
                Point(
                    threshold: threshold, precision: precision, recall: recall,
                    falsePositiveRate: negatives > 0 ? Double(falsePositives) / Double(negatives) : 0))
        }
        self.points = points
        areaUnderROC = positives > 0 && negatives > 0 ? roc / (Double(positives) * Double(negatives)) : nil
        areaUnderPrecisionRecall = positives > 0 ? average : nil
    }

    /// The threshold with the best F1; of equals the highest.
    package var best: Point? { points.max { $0.f1 < $1.f1 || ($0.f1 == $1.f1 && $0.threshold < $1.threshold) } }
}
