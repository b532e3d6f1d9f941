// The sequences that one pass works on, concatenated: no padding anywhere.

import Kernels

/// N = Σ lengths rows of tokens. Sequences may have different lengths; attention and positions keep them separate, every
/// other layer sees N rows. A padding token has no place here, so none can leak into a loss.
package struct SequenceBatch: Sendable {
    /// (N) inputs.
    package private(set) var tokens: [Int32] = []
    /// (N) the token that each row is to predict.
    package private(set) var targets: [Int32] = []
    /// (N) how much each prediction counts in the loss; 0 for a prompt's.
    package private(set) var weights: [Float] = []
    /// (N) place inside the own sequence.
    package private(set) var positions: [Int32] = []
    /// (N) keys of the dropout masks.
    package private(set) var identities: [UInt64] = []
    /// The rows of each sequence.
    package private(set) var sequences: [Range<Int>] = []

    package init() {}

    /// Adds one sequence.
    ///
    /// - Parameters:
    ///   - tokens: T inputs, at most the context length.
    ///   - targets: T tokens to predict.
    ///   - weights: T weights, nil for 1 each.
    ///   - example: the sequence's number in the global batch, which keys its dropout masks.
    package mutating func append(
        tokens newTokens: some Collection<Int32>, targets newTargets: some Collection<Int32>,
        weights newWeights: [Float]? = nil, example: Int
    ) {
        let count = newTokens.count
        precondition(
            count > 0 && newTargets.count == count && (newWeights?.count ?? count) == count,
            "a sequence of \(count) tokens with \(newTargets.count) targets and \(newWeights?.count ?? count) weights")
        let start = tokens.count
        tokens.append(contentsOf: newTokens)
        targets.append(contentsOf: newTargets)
        weights.append(contentsOf: newWeights ?? [Float](repeating: 1, count: count))
        for position in 0..<count {
            positions.append(Int32(position))
            identities.append(DropoutKey.rowIdentity(example: example, position: position))
        }
        sequences.append(start..<(start + count))
    }

    /// N.
    package var rowCount: Int { tokens.count }

    /// The rows that carry loss, ascending.
    var rowsWithLoss: [Int] { weights.indices.filter { weights[$0] != 0 } }

    /// Σ weights.
    package var weightSum: Double { weights.reduce(0) { $0 + Double($1) } }
}

/// Pointers to a batch's arrays, valid while the batch is being worked on.
struct BatchPointers {
    let tokens: UnsafePointer<Int32>
    let positions: UnsafePointer<Int32>
    let identities: UnsafePointer<UInt64>
    let sequences: [Range<Int>]
    /// The rows that the last block finishes, and their identities; nil for all.
    let finished: (rows: [Int], identities: UnsafePointer<UInt64>)?
}

extension SequenceBatch {
    func withPointers(finishing finished: [Int], _ body: (BatchPointers) -> Void) {
        precondition(rowCount > 0, "an empty batch")
        let finishedIdentities = finished.map { identities[$0] }
        tokens.withUnsafeBufferPointer { tokens in
            positions.withUnsafeBufferPointer { positions in
                identities.withUnsafeBufferPointer { identities in
                    finishedIdentities.withUnsafeBufferPointer { some in
                        body(
                            BatchPointers(
                                tokens: tokens.baseAddress!, positions: positions.baseAddress!,
                                identities: identities.baseAddress!, sequences: sequences,
                                finished: finished.count < rowCount ? (finished, some.baseAddress!) : nil))
                    }
                }
            }
        }
    }
}
