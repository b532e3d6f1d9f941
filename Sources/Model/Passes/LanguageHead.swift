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

    /// The gradients that one call makes, and what each row counts in them.
    struct Gradient {
        /// (M, C), overwritten.
        let dHidden: Matrix
        /// (V, C), added to; nil for a frozen head.
        let dWeight: Matrix?
        let factors: RowFactors
    }

    /// Computes the loss of every weighted row and, where asked, the gradients of Σ factor · loss.
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
        let parts = stride(from: 0, to: weighted.count, by: capacity).map { start in
            Part(range: start..<min(start + capacity, weighted.count), weighted, hidden, batch)
        }
        guard let gradient else {
            for part in parts {
                PartClock.measure(.head) { losses(of: part, of: compute(part, parameters).logits, into: &rows) }
            }
            return
        }
        let factors: [Float]
        // The logits of a single part are still there when its factors are known.
        var kept: (plain: Matrix, logits: Matrix)?
        switch gradient.factors {
        case .weights(let sum): factors = weighted.map { Float(Double(batch.weights[$0]) / sum) }
        case .objective(let weigh):
            for part in parts {
                PartClock.measure(.head) {
                    let made = compute(part, parameters)
                    losses(of: part, of: made.logits, into: &rows)
                    kept = parts.count == 1 ? made : nil
                }
            }
            let all = weigh(rows)
            factors = weighted.map { all[$0] }
        }
        for part in parts {
            PartClock.measure(.head) {
                let (plain, z) = kept ?? compute(part, parameters)
                var results = [CrossEntropy.Row](repeating: .init(), count: part.rows.count)
                // The logits become their own gradient.
                CrossEntropy.forwardBackward(
                    into: &results, inPlace: z, targets: part.targets, factors: Array(factors[part.range]))
                if let softCap { SoftCap.backward(inPlace: z, input: plain, cap: softCap) }
                // logits = states · Wᵀ: back to both.
                parameters.backward(gradient.dHidden.rows(part.range), gradient.dWeight, z, states: part.states)
                for (row, result) in zip(part.rows, results) { rows[row] = result }
            }
        }
    }

    /// Rows that are worked on together.
    private struct Part {
        let range: Range<Int>
        let rows: ArraySlice<Int>
        let states: Matrix
        let targets: [Int32]

        init(range: Range<Int>, _ weighted: [Int], _ hidden: Matrix, _ batch: SequenceBatch) {
            (self.range, rows, states) = (range, weighted[range], hidden.rows(range))
            targets = weighted[range].map { batch.targets[$0] }
        }
    }

    /// The logits of a part, and what they were before they were capped.
    private func compute(_ part: Part, _ parameters: HeadParameters) -> (plain: Matrix, logits: Matrix) {
        let plain = Matrix(logits, rows: part.range.count, columns: V)
        parameters.forward(into: plain, of: part.states)
        guard let softCap else { return (plain, plain) }
        let capped = Matrix(logits, offset: capacity * V, rows: part.range.count, columns: V)
        SoftCap.forward(into: capped, of: plain, cap: softCap)
        return (plain, capped)
    }

    private func losses(of part: Part, of logits: Matrix, into rows: inout [CrossEntropy.Row]) {
        var results = [CrossEntropy.Row](repeating: .init(), count: part.range.count)
        CrossEntropy.forward(into: &results, logits: logits, targets: part.targets)
        for (row, result) in zip(part.rows, results) { rows[row] = result }
    }
}

/// What the loss of each row counts in a gradient.
package enum RowFactors {
    /// Its weight in the batch, divided by the sum of the weights of the complete accumulated batch.
    case weights(sum: Double)
    /// What an objective over complete answers makes of the losses of all rows, (N) each, once they are known.
    case objective(([CrossEntropy.Row]) -> [Float])
}

extension HeadDescription {
    /// logits (N, V) of states (N, C), overwritten: for passes that have no backward.
    func forward(into logits: Matrix, of states: Matrix, _ parameters: HeadParameters) {
        parameters.forward(into: logits, of: states)
        if let softCap { SoftCap.forward(inPlace: logits, cap: softCap) }
    }
}
