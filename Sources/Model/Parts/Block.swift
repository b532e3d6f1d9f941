// One transformer block, forward and backward: x + attention(norm(x)), then x + feed-forward(norm(x)).

import Kernels

/// A block with its norms in front (Radford et al. 2019, §2.3). Backward is forward read from below: each line of one
/// has its line in the other, with the same number.
public enum Block {
    /// What both directions need in addition to arrays of numbers.
    struct Context {
        let description: BlockDescription
        /// The block's number, counted from 0.
        let index: Int
        let scope: AttentionScope
        /// (N) places of the rows in their sequences.
        let positions: UnsafePointer<Int32>
        /// Of the block's rotary positions; nil where it has none.
        let rotary: RotaryTable?
        /// nil outside training.
        let dropout: PassDropout?

        /// The same for rows that are only some of the batch, which still have its masks.
        func withRows(_ identities: UnsafePointer<UInt64>) -> Context {
            let own = dropout.map { PassDropout(rates: $0.rates, identities: identities) }
            return Context(
                description: description, index: index, scope: scope, positions: positions, rotary: rotary,
                dropout: own)
        }
    }

    /// - Parameters:
    ///   - output: (N, C), overwritten.
    ///   - a: the block's activations; `a.input` is read, the others are overwritten.
    ///   - p: the block's weights.
    static func forward(into output: Matrix, _ a: BlockActivations, _ p: BlockParameters, _ pass: Context) {
        attend(a, p, pass)
        finish(into: output, a, p, pass)
    }

    /// The part in which positions look at one another.
    static func attend(_ a: BlockActivations, _ p: BlockParameters, _ pass: Context) {
        let block = pass.description
        // 1. Attention over the normalized stream.
        block.attentionNorm.forward(a.attentionNorm, of: a.input, p.attentionNorm)
        block.attention.forward(a.attention, of: a.attentionNorm.output, p, pass)
    }

    /// The rest, each position by itself; so those that nobody reads afterwards can be skipped.
    static func finish(into output: Matrix, _ a: BlockActivations, _ p: BlockParameters, _ pass: Context) {
        activate(a, p, pass)
        p.feedForwardOutput.forward(into: output, of: a.feedForward.activated, pass.dropout)
        // 4. Back into the stream.
        pass.dropout?.apply(to: output, .feedForwardOutput(block: pass.index))
        Elementwise.add(to: output, a.middle)
    }

    /// All of `a` again from `a.input`, with the same bits: forward without the last product, whose result is the next
    /// block's input.
    static func recompute(_ a: BlockActivations, _ p: BlockParameters, _ pass: Context) {
        attend(a, p, pass)
        activate(a, p, pass)
    }

    /// From the heads' outputs to the feed-forward layer's activation.
    private static func activate(_ a: BlockActivations, _ p: BlockParameters, _ pass: Context) {
        let block = pass.description
        // 2. Back towards the stream.
        p.attentionOutput.forward(into: a.middle, of: a.attention.output, pass.dropout)
        pass.dropout?.apply(to: a.middle, .attentionOutput(block: pass.index))
        // 3. `middle` becomes the stream, which is normalized for the feed-forward layer.
        block.feedForwardNorm.forwardAddingResidual(
            a.feedForwardNorm, inPlace: a.middle, adding: a.input, p.feedForwardNorm)
        block.feedForward.forward(a.feedForward, of: a.feedForwardNorm.output, p, pass)
    }

    /// - Parameters:
    ///   - scratch: `dResidual` holds dOutput and becomes dInput; the rest is overwritten.
    ///   - gradients: the block's gradients, added to.
    ///   - a, p: as forward left them.
    static func backward(
        _ scratch: BackwardScratch, gradients: BlockParameters, _ a: BlockActivations, _ p: BlockParameters,
        _ pass: Context
    ) {
        backwardOfFinish(scratch, gradients: gradients, a, p, pass)
        backwardOfAttend(scratch, gradients: gradients, a, p, pass)
    }

    /// `scratch.dResidual` becomes that of `a.input` as far as it bypassed the attention, `scratch.dAttended` that of
    /// the heads' outputs.
    static func backwardOfFinish(
        _ scratch: BackwardScratch, gradients g: BlockParameters, _ a: BlockActivations, _ p: BlockParameters,
        _ pass: Context
    ) {
        let (block, s) = (pass.description, scratch.first(a.middle.rows))
        // 4. output = middle + drop(feed-forward): the stream's own gradient passes on as it is.
        let dFeedForward = branch(of: s.dResidual, into: s.dBranch, pass, .feedForwardOutput(block: pass.index))
        // 3. feed-forward(norm(middle)).
        block.feedForward.backward(
            dInput: s.dNorm, g, dOutput: dFeedForward, dActivated: s.dActivated, input: a.feedForwardNorm.output,
            a.feedForward, p, pass)
        block.feedForwardNorm.backward(
            dInput: s.dResidual, g.feedForwardNorm, dOutput: s.dNorm, input: a.middle, a.feedForwardNorm,
            p.feedForwardNorm)
        // 2. middle = input + drop(attended · W).
        let dAttention = branch(of: s.dResidual, into: s.dBranch, pass, .attentionOutput(block: pass.index))
        p.attentionOutput.backward(
            s.dAttended, g.attentionOutput, dAttention, input: a.attention.output, pass.dropout)
    }

    /// Adds to `scratch.dResidual` what came through the attention, from `scratch.dAttended`.
    static func backwardOfAttend(
        _ scratch: BackwardScratch, gradients g: BlockParameters, _ a: BlockActivations, _ p: BlockParameters,
        _ pass: Context
    ) {
        let (block, s) = (pass.description, scratch.first(a.input.rows))
        // 1. attention(norm(input)).
        block.attention.backward(
            dInput: s.dNorm, g, dOutput: s.dAttended, dQKV: s.dQKV, input: a.attentionNorm.output, a.attention, p,
            pass)
        block.attentionNorm.backward(
            dInput: s.dResidual, g.attentionNorm, dOutput: s.dNorm, input: a.input, a.attentionNorm, p.attentionNorm)
    }

    /// The gradient of a residual branch's output: the stream's, after the branch's dropout mask where it has one.
    private static func branch(
        of dResidual: Matrix, into dBranch: Matrix, _ pass: Context, _ site: TrainingDropout.Site
    ) -> Matrix {
        guard let dropout = pass.dropout, dropout.rates.residual > 0 else { return dResidual }
        dBranch.base.update(from: dResidual.base, count: dResidual.rows * dResidual.columns)
        dropout.apply(to: dBranch, site)
        return dBranch
    }
}
