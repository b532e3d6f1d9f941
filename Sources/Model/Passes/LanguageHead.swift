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
    private let softCap: Float?

    init(_ architecture: Architecture, rowCount: Int) {
        (V, softCap) = (architecture.vocabularySize, architecture.head.softCap)
        capacity = LanguageHead.rows(for: rowCount)
        logits = FloatArena(count: LanguageHead.floatCount(architecture, rowCount: rowCount))
    }

    /// Rows that are worked on together for a batch of N.
    static func rows(for N: Int) -> Int { max(1, min(N, chunk)) }

    /// Floats that the logits take; twice as many where they are capped, as backward needs both.
    static func floatCount(_ architecture: Architecture, rowCount: Int) -> Int {
        rows(for: rowCount) * architecture.vocabularySize * (architecture.head.softCap == nil ? 1 : 2)
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
                let (states, plain) = (hidden.rows(part), Matrix(logits, rows: part.count, columns: V))
                parameters.forward(into: plain, of: states)
                var z = plain
                if let softCap {
                    z = Matrix(logits, offset: capacity * V, rows: part.count, columns: V)
                    SoftCap.forward(into: z, of: plain, cap: softCap)
                }
                // 2. Softmax and loss; the logits become their own gradient.
                let targets = weighted[part].map { batch.targets[$0] }
                var results = [CrossEntropy.Row](repeating: .init(), count: part.count)
                if let gradient {
                    let factors = weighted[part].map { Float(Double(batch.weights[$0]) / gradient.weightSum) }
                    CrossEntropy.forwardBackward(into: &results, inPlace: z, targets: targets, factors: factors)
                    if let softCap { SoftCap.backward(inPlace: z, input: plain, cap: softCap) }
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

extension HeadDescription {
    /// logits (N, V) of states (N, C), overwritten: for passes that have no backward.
    func forward(into logits: Matrix, of states: Matrix, _ parameters: HeadParameters) {
        parameters.forward(into: logits, of: states)
        if let softCap { SoftCap.forward(inPlace: logits, cap: softCap) }
    }
}
