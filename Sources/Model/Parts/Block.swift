// One transformer block, forward and backward: x + attention(norm(x)), then x + feed-forward(norm(x)), or both at once.

import Kernels

/// A block with its norms in front (Radford et al. 2019, §2.3), where described also with norms of the layers' results
/// (Team Gemma 2024, §2) or with both layers in parallel (Wang & Komatsuzaki 2021). Backward is forward read from below:
/// each line of one has its line in the other, with the same number.
package enum Block {
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
        // 4. Back into the stream.
        p.feedForwardOutput.forward(
            into: a.feedForwardOutputNorm?.input ?? output, of: a.feedForward.activated, pass.dropout)
        a.feedForwardOutputNorm?.forward(into: output, p.feedForwardOutputNorm)
        pass.dropout?.apply(to: output, .feedForwardOutput(block: pass.index))
        Elementwise.add(to: output, a.middle)
    }

    /// All of `a` again from `a.input`, with the same bits: forward without the block's output, which is the next block's
    /// input. Its last product is skipped too, unless a norm of its result needs it.
    ///
    /// - Parameter scratch: (N, C), overwritten where there is such a norm.
    static func recompute(_ a: BlockActivations, _ p: BlockParameters, _ pass: Context, scratch: Matrix) {
        attend(a, p, pass)
        activate(a, p, pass)
        if let norm = a.feedForwardOutputNorm {
            p.feedForwardOutput.forward(into: norm.input, of: a.feedForward.activated, pass.dropout)
            norm.forward(into: scratch, p.feedForwardOutputNorm)
        }
    }

    /// From the heads' outputs to the feed-forward layer's activation.
    private static func activate(_ a: BlockActivations, _ p: BlockParameters, _ pass: Context) {
        let block = pass.description
        // 2. Back towards the stream.
        p.attentionOutput.forward(
            into: a.attentionOutputNorm?.input ?? a.middle, of: a.attention.output, pass.dropout)
        a.attentionOutputNorm?.forward(into: a.middle, p.attentionOutputNorm)
        pass.dropout?.apply(to: a.middle, .attentionOutput(block: pass.index))
        // 3. `middle` becomes the stream, which is normalized for the feed-forward layer; in parallel, its input is.
        if block.isParallel {
            block.feedForwardNorm.forward(a.feedForwardNorm, of: a.input, p.feedForwardNorm)
            Elementwise.add(to: a.middle, a.input)
        } else {
            block.feedForwardNorm.forwardAddingResidual(
                a.feedForwardNorm, inPlace: a.middle, adding: a.input, p.feedForwardNorm)
        }
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
        let dFeedForward = branch(of: s, pass, .feedForwardOutput(block: pass.index), a.feedForwardOutputNorm) {
            $0.backward(inPlace: $1, g.feedForwardOutputNorm, p.feedForwardOutputNorm)
        }
        // 3. feed-forward(norm(middle)), in parallel feed-forward(norm(input)).
        block.feedForward.backward(
            dInput: s.dNorm, g, dOutput: dFeedForward, dActivated: s.dActivated, input: a.feedForwardNorm.output,
            a.feedForward, p, pass)
        // The gradient of `middle` is complete before the norm's part in parallel, and after it otherwise.
        if block.isParallel { backwardOfAttentionOutput(s, g, a, p, pass) }
        block.feedForwardNorm.backward(
            dInput: s.dResidual, g.feedForwardNorm, dOutput: s.dNorm, input: block.isParallel ? a.input : a.middle,
            a.feedForwardNorm, p.feedForwardNorm)
        if !block.isParallel { backwardOfAttentionOutput(s, g, a, p, pass) }
    }

    /// `s.dAttended` becomes the gradient of the heads' outputs.
    private static func backwardOfAttentionOutput(
        _ s: BackwardScratch.Views, _ g: BlockParameters, _ a: BlockActivations, _ p: BlockParameters, _ pass: Context
    ) {
        // 2. middle = input + drop(attended · W).
        let dAttention = branch(of: s, pass, .attentionOutput(block: pass.index), a.attentionOutputNorm) {
            $0.backward(inPlace: $1, g.attentionOutputNorm, p.attentionOutputNorm)
        }
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

    /// The gradient of a layer's result: the stream's, after the branch's dropout mask and its norm where it has them.
    private static func branch(
        of s: BackwardScratch.Views, _ pass: Context, _ site: TrainingDropout.Site, _ norm: ResultNorm?,
        backward: (ResultNorm, Matrix) -> Void
    ) -> Matrix {
        let dropout = pass.dropout.flatMap { $0.rates.residual > 0 ? $0 : nil }
        guard dropout != nil || norm != nil else { return s.dResidual }
        s.dBranch.base.update(from: s.dResidual.base, count: s.dResidual.rows * s.dResidual.columns)
        dropout?.apply(to: s.dBranch, site)
        if let norm { backward(norm, s.dBranch) }
        return s.dBranch
    }
}
