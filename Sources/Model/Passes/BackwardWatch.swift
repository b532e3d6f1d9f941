// What somebody who adds up gradients of several processes wants to know while a backward pass runs.

import Kernels

/// How far a backward pass has come, in order.
package enum BackwardStage: Sendable, Hashable, Comparable {
    /// The head and the final norm. The gradient of the table of tokens lacks only what the embeddings add.
    case head
    /// A block; the last one comes first.
    case block(Int)
    /// Everything.
    case embeddings

    package static func < (one: BackwardStage, other: BackwardStage) -> Bool { one.number < other.number }

    private var number: Int {
        switch self {
        case .head: .min
        case .block(let index): -index
        case .embeddings: .max
        }
    }
}

/// Told by `TrainingPass.accumulateGradients` what is complete.
package struct BackwardWatch {
    /// Called after each stage, whose gradients are not added to any more.
    package let completed: (BackwardStage) -> Void
    /// Takes the gradients of the embeddings (N, C) and their N tokens, which are then not added to the table of tokens; nil
    /// where they are.
    package let tokenRows: ((_ tokens: UnsafeBufferPointer<Int32>, _ gradient: Matrix) -> Void)?

    package init(
        completed: @escaping (BackwardStage) -> Void,
        tokenRows: ((_ tokens: UnsafeBufferPointer<Int32>, _ gradient: Matrix) -> Void)? = nil
    ) {
        (self.completed, self.tokenRows) = (completed, tokenRows)
    }
}
