// The feed-forward part of a block, forward and backward, of the kind that its description names.

import Kernels

/// What the feed-forward layer's forward writes and its backward reads.
package struct FeedForwardActivations {
    /// (N, F) before the activation, or (N, 2F) where it is gated: gate and up.
    package let hidden: Matrix
    /// (N, F) after it: one memory for all blocks, since backward computes it again in less time than reading it takes.
    package let activated: Matrix

    /// - Parameter activated: (N, F), shared by all blocks.
    init(
        _ feedForward: FeedForwardDescription, rowCount N: Int, activated: Matrix, _ allocator: inout ArenaAllocator
    ) {
        hidden = allocator.matrix(N, feedForward.inputWidth)
        self.activated = activated
    }

    private init(hidden: Matrix, activated: Matrix) { (self.hidden, self.activated) = (hidden, activated) }

    /// The first N of the rows.
    func first(_ N: Int) -> FeedForwardActivations {
        FeedForwardActivations(hidden: hidden.rows(0..<N), activated: activated.rows(0..<N))
    }
}

extension FeedForwardDescription {
    /// Overwrites `a` with in(input) and its activation, which the output projection reads; input (N, C).
    func forward(_ a: FeedForwardActivations, of input: Matrix, _ p: BlockParameters, _ pass: Block.Context) {
        switch kind {
        case .plain(let activation):
            let exact = activation == .geluExact
            p.feedForwardInput.forward(into: a.hidden, of: input, addsBias: false, pass.dropout)
            if let bias = p.feedForwardInput.bias {
                GELU.forwardAddingBias(into: a.activated, inPlace: a.hidden, adding: bias, exact: exact)
            } else {
                GELU.forward(into: a.activated, of: a.hidden, exact: exact)
            }
        case .gated(let activation):
            p.feedForwardInput.forward(into: a.hidden, of: input, pass.dropout)
            GatedActivation.forward(into: a.activated, of: a.hidden, activation.gate)
        }
    }

    /// Overwrites dInput (N, C), adds to the gradients of both projections.
    ///
    /// - Parameters:
    ///   - dOutput: (N, C).
    ///   - dActivated: (N, F), overwritten.
    ///   - input, a, p: as in forward. A gated layer's `a.hidden` is overwritten by its own gradient.
    func backward(
        dInput: Matrix, _ gradient: BlockParameters, dOutput: Matrix, dActivated: Matrix, input: Matrix,
        _ a: FeedForwardActivations, _ p: BlockParameters, _ pass: Block.Context
    ) {
        switch kind {
        case .plain(let activation):
            let exact = activation == .geluExact
            // The activation is not kept.
            GELU.forward(into: a.activated, of: a.hidden, exact: exact)
            p.feedForwardOutput.backward(
                dActivated, gradient.feedForwardOutput, dOutput, input: a.activated, pass.dropout)
            GELU.backward(inPlace: dActivated, input: a.hidden, exact: exact)
            p.feedForwardInput.backward(dInput, gradient.feedForwardInput, dActivated, input: input, pass.dropout)
        case .gated(let activation):
            GatedActivation.forward(into: a.activated, of: a.hidden, activation.gate)
            p.feedForwardOutput.backward(
                dActivated, gradient.feedForwardOutput, dOutput, input: a.activated, pass.dropout)
            GatedActivation.backward(inPlace: a.hidden, dOutput: dActivated, activation.gate)
            p.feedForwardInput.backward(dInput, gradient.feedForwardInput, a.hidden, input: input, pass.dropout)
        }
    }
}

extension Activation {
    /// As a gate; an architecture with another one is not valid.
    fileprivate var gate: GatedActivation.Gate {
        switch self {
        case .silu: .silu
        case .geluTanh: .geluTanh
        case .geluExact: preconditionFailure("a gate of gelu-exact")
        }
    }
}
