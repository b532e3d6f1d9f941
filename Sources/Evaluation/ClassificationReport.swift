// Classification metrics, each a pure function of right labels and given probabilities.

/// One row's right label and what the model thought of each.
package struct ClassifiedRow: Sendable, Equatable {
    /// The right label's place in the list of labels; nil if it is not in the list.
    package var right: Int?
    /// A probability for each label; they add up to one.
    package var probabilities: [Double]
    /// Where the row is in its file, for the list of wrong ones.
    package var path: String
    package var line: Int

    package init(right: Int?, probabilities: [Double], path: String = "", line: Int = 0) {
        self.right = right
        self.probabilities = probabilities
        self.path = path
        self.line = line
    }

    /// The most likely label; the first of equally likely ones.
    package var given: Int {
        probabilities.indices.max {
            probabilities[$0] < probabilities[$1] || (probabilities[$0] == probabilities[$1] && $0 > $1)
        } ?? 0
    }
}

/// Metrics over many rows. Where one would divide by zero it is 0, as in scikit-learn.
package struct ClassificationReport: Sendable, Equatable {
    /// The metrics of one class.
    package struct ClassMetrics: Sendable, Equatable {
        package var label: String
        package var precision: Double
        package var recall: Double
        /// Rows of this class.
        package var support: Int

        /// (1 + β²) · precision · recall / (β² · precision + recall).
        package func f(_ beta: Double = 1) -> Double {
            let weighted = beta * beta * precision + recall
            return weighted > 0 ? (1 + beta * beta) * precision * recall / weighted : 0
        }
    }

    package let labels: [String]
    package let rows: [ClassifiedRow]
    /// `confusion[right][given]`, over rows whose label is known.
    package let confusion: [[Int]]
    /// Rows whose right label is not in the list: always wrong, and of no class.
    package let unknown: Int

    package init(labels: [String], rows: [ClassifiedRow]) {
        precondition(rows.allSatisfy { $0.probabilities.count == labels.count }, "one probability for each label")
        var confusion = [[Int]](repeating: [Int](repeating: 0, count: labels.count), count: labels.count)
        for row in rows { if let right = row.right { confusion[right][row.given] += 1 } }
        (self.labels, self.rows, self.confusion) = (labels, rows, confusion)
        unknown = rows.count { $0.right == nil }
    }

    package var accuracy: Double {
        let right = labels.indices.reduce(0) { $0 + confusion[$1][$1] }
        return rows.isEmpty ? 0 : Double(right) / Double(rows.count)
    }

    /// Metrics of each class, in the order of the labels.
    package var classes: [ClassMetrics] {
        labels.indices.map { label in
            let right = Double(confusion[label][label])
            let given = Double(confusion.reduce(0) { $0 + $1[label] })
            let support = confusion[label].reduce(0, +)
            return ClassMetrics(
                label: labels[label], precision: given > 0 ? right / given : 0,
                recall: support > 0 ? right / Double(support) : 0, support: support)
        }
    }

    /// The mean over the classes that occur in the rows or were given, each with the same weight.
    package func macroF(_ beta: Double = 1) -> Double {
        let occurring = labels.indices.filter { label in
            confusion[label].contains { $0 > 0 } || confusion.contains { $0[label] > 0 }
        }
        let metrics = classes
        return occurring.isEmpty ? 0 : occurring.reduce(0) { $0 + metrics[$1].f(beta) } / Double(occurring.count)
    }

    /// The mean over the classes, each counting as often as it occurs.
    package func weightedF(_ beta: Double = 1) -> Double {
        let metrics = classes
        let support = metrics.reduce(0) { $0 + $1.support }
        return support > 0 ? metrics.reduce(0) { $0 + $1.f(beta) * Double($1.support) } / Double(support) : 0
    }

    /// The rows that were given another label than theirs, the most certain mistakes first.
    package var wrong: [ClassifiedRow] {
        rows.filter { $0.right != $0.given }.sorted {
            let (left, right) = ($0.probabilities[$0.given], $1.probabilities[$1.given])
            return left != right ? left > right : ($0.path, $0.line) < ($1.path, $1.line)
        }
    }

    /// How certain and how right the model is, for two classes and a threshold: `positive` is the positive class.
    package func curve(positive: Int) -> BinaryCurve {
        BinaryCurve(
            scores: rows.map { $0.probabilities[positive] }, isPositive: rows.map { $0.right == positive })
    }

    package var calibration: Calibration {
        Calibration(
            confidences: rows.map { $0.probabilities[$0.given] }, isRight: rows.map { $0.right == $0.given })
    }
}
