// From the last hidden states to the loss: the product with the vocabulary, and cross-entropy, a few rows at a time.

import Kernels

/// Logits of an entire batch would be the largest array (N × V), so they are made, used and overwritten for at
/// most `chunk` rows at a time, and only for rows that carry loss.
final class LanguageHead {
    /// Rows worked on together: enough that the product runs at full speed.
    static let chunk = 512

    private let logits: FloatArena
    /// Rows that it works on together.
    let capacity: Int
    private let V: Int

    init(_ architecture: Architecture, rowCount: Int) {
        V = architecture.vocabularySize
        capacity = LanguageHead.rows(for: rowCount)
        logits = FloatArena(count: LanguageHead.floatCount(architecture, rowCount: rowCount))
    }

    /// Rows that are worked on together for a batch of N.
    static func rows(for N: Int) -> Int { max(1, min(N, chunk)) }

    /// Floats that the logits take.
    static func floatCount(_ architecture: Architecture, rowCount: Int) -> Int {
        rows(for: rowCount) * architecture.vocabularySize
    }

    /// The gradients that one call makes, and what it divides by.
    struct Gradient {
        /// (M, C), overwritten.
        let dHidden: Matrix
        /// (V, C), added to; nil for a frozen head.
        let dWeight: Matrix?
        /// The sum of the weights of the complete accumulated batch.
        let weightSum: Double
    }

    /// Computes the loss of every weighted row and, where asked, the gradients of Σ weight · loss / weightSum.
    ///
    /// - Parameters:
    ///   - rows: (N) results, those of rows with weight 0 untouched.
    ///   - weighted: M rows of the batch.
    ///   - hidden: (M, C), of those rows.
    ///   - parameters: the head's matrix.
    func run(
        into rows: inout [CrossEntropy.Row], weighted: [Int], hidden: Matrix, _ parameters: HeadParameters,
        batch: SequenceBatch, gradient: Gradient?
    ) {
        for start in stride(from: 0, to: weighted.count, by: capacity) {
            let part = start..<min(start + capacity, weighted.count)
            PartClock.measure(.head) {
                // 1. The logits.
                let (states, z) = (hidden.rows(part), Matrix(logits, rows: part.count, columns: V))
                parameters.forward(into: z, of: states)
                // 2. Softmax and loss; the logits become their own gradient.
                let targets = weighted[part].map { batch.targets[$0] }
                var results = [CrossEntropy.Row](repeating: .init(), count: part.count)
                if let gradient {
                    let factors = weighted[part].map { Float(Double(batch.weights[$0]) / gradient.weightSum) }
                    CrossEntropy.forwardBackward(into: &results, inPlace: z, targets: targets, factors: factors)
                    // 3. logits = states · Wᵀ: back to both.
                    parameters.backward(gradient.dHidden.rows(part), gradient.dWeight, z, states: states)
                } else {
                    CrossEntropy.forward(into: &results, logits: z, targets: targets)
                }
                for (row, result) in zip(weighted[part], results) { rows[row] = result }
            }
        }
    }
}
