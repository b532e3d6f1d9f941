// Softmax cross-entropy over logits, with the gradient taking the logits' place.

package enum CrossEntropy {
    /// What is known of one row after the softmax.
    package struct Row: Sendable {
        /// -log p(target), in nats.
        package var loss: Double = 0
        /// Whether no other token had a larger logit than the target.
        package var isCorrect = false

        package init(loss: Double = 0, isCorrect: Bool = false) {
            self.loss = loss
            self.isCorrect = isCorrect
        }
    }

    /// Computes -log softmax(logits)[target] for every row, without changing the logits.
    ///
    /// - Parameters:
    ///   - rows: N results, overwritten.
    ///   - logits: (N, V).
    ///   - targets: N token ids below V.
    package static func forward(
        into rows: UnsafeMutablePointer<Row>, logits: Matrix, targets: UnsafePointer<Int32>
    ) {
        ParallelFor.ranges(logits.rows) { range in
            for row in range {
                rows[row] = measure(logits.row(row), count: logits.columns, target: Int(targets[row])).row
            }
        }
    }

    /// The same, and replaces the logits by the gradient of Σ factor · loss:
    /// dLogits = factor · (softmax(logits) - onehot(target)).
    ///
    /// - Parameter factors: N factors, a row's weight over the sum of all weights.
    package static func forwardBackward(
        into rows: UnsafeMutablePointer<Row>, inPlace logits: Matrix, targets: UnsafePointer<Int32>,
        factors: UnsafePointer<Float>
    ) {
        let V = logits.columns
        ParallelFor.ranges(logits.rows) { range in
            for row in range {
                let z = logits.row(row)
                let (result, logSumExp) = measure(z, count: V, target: Int(targets[row]))
                rows[row] = result
                let (shift, factor) = (Lanes(repeating: logSumExp), Lanes(repeating: factors[row]))
                mapLanes(into: z, z, count: V) { Elementary.exp($0 - shift) * factor }
                z[Int(targets[row])] -= factors[row]
            }
        }
    }

    /// One row's loss, and the log of its softmax's denominator.
    @inline(__always)
    private static func measure(_ z: UnsafeMutablePointer<Float>, count: Int, target: Int) -> (
        row: Row, logSumExp: Float
    ) {
        precondition(target >= 0 && target < count, "target \(target) in a vocabulary of \(count)")
        let maximum = largest(z, count: count)
        let shift = Lanes(repeating: maximum)
        // The filler of an incomplete group must add nothing: e^-∞ = 0.
        let sum = sumLanes(z, count: count, filler: -.infinity) { Elementary.exp($0 - shift) }
        let logSum = logarithm(Double(sum))
        let loss = logSum - (Double(z[target]) - Double(maximum))
        return (Row(loss: loss, isCorrect: z[target] >= maximum), Float(Double(maximum) + logSum))
    }
}
