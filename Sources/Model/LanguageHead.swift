// From the last hidden states to the loss: the product with the vocabulary, and cross-entropy, a few rows at a time.

import Kernels

/// Logits of a whole batch would be the largest array of all (N × V), so they are made, used and overwritten for at
/// most `chunk` rows at a time, and only for rows that carry loss.
final class LanguageHead {
    /// Rows worked on together: enough that the product runs at full speed.
    static let chunk = 512

    private let logits: FloatArena
    private let gathered: FloatArena
    private let dGathered: FloatArena
    private let capacity: Int
    private let V: Int
    private let C: Int

    init(_ config: ModelConfig, rowCount: Int) {
        (V, C) = (config.vocabularySize, config.modelWidth)
        capacity = max(1, min(rowCount, LanguageHead.chunk))
        logits = FloatArena(count: capacity * V)
        gathered = FloatArena(count: capacity * C)
        dGathered = FloatArena(count: capacity * C)
    }

    /// The gradients that one call adds to, and what it divides by.
    struct Gradient {
        /// (N, C).
        let dHidden: Matrix
        /// (V, C).
        let dWeight: Matrix
        /// The sum of the weights of the whole accumulated batch.
        let weightSum: Double
    }

    /// Computes every weighted row's loss and, where asked, the gradients of Σ weight · loss / weightSum.
    ///
    /// - Parameters:
    ///   - rows: (N) results, those of rows with weight 0 untouched.
    ///   - hidden: (N, C).
    ///   - parameters: the head's matrix.
    func run(
        into rows: inout [CrossEntropy.Row], hidden: Matrix, _ parameters: HeadParameters, batch: SequenceBatch,
        gradient: Gradient?
    ) {
        let weighted = (0..<batch.rowCount).filter { batch.weights[$0] != 0 }
        for start in stride(from: 0, to: weighted.count, by: capacity) {
            let chosen = Array(weighted[start..<min(start + capacity, weighted.count)])
            PartClock.measure(.head) {
                run(chosen, into: &rows, hidden: hidden, parameters, batch: batch, gradient: gradient)
            }
        }
    }

    private func run(
        _ chosen: [Int], into rows: inout [CrossEntropy.Row], hidden: Matrix, _ parameters: HeadParameters,
        batch: SequenceBatch, gradient: Gradient?
    ) {
        let count = chosen.count
        // 1. The chosen rows side by side, and their logits.
        let states = Matrix(gathered, rows: count, columns: C)
        Elementwise.gather(into: states, rows: chosen, of: hidden)
        let z = Matrix(logits, rows: count, columns: V)
        parameters.forward(into: z, of: states)
        // 2. Softmax and loss; the logits become their own gradient.
        let targets = chosen.map { batch.targets[$0] }
        var results = [CrossEntropy.Row](repeating: .init(), count: count)
        if let gradient {
            let factors = chosen.map { Float(Double(batch.weights[$0]) / gradient.weightSum) }
            CrossEntropy.forwardBackward(into: &results, inPlace: z, targets: targets, factors: factors)
        } else {
            CrossEntropy.forward(into: &results, logits: z, targets: targets)
        }
        for (index, row) in chosen.enumerated() { rows[row] = results[index] }
        guard let gradient else { return }
        // 3. logits = states · Wᵀ: back to both.
        let dStates = Matrix(dGathered, rows: count, columns: C)
        parameters.backward(dStates, gradient.dWeight, z, states: states)
        Elementwise.scatterAdd(to: gradient.dHidden, rows: chosen, dStates)
    }
}
