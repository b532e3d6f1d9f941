// One transformer block, forward and backward: x + attention(norm(x)), then x + feed-forward(norm(x)).

import Kernels

/// A pre-LayerNorm block of GPT-2 (Radford et al. 2019, §2.3). Backward is forward read from below: each line of one
/// has its line in the other, numbered alike.
public enum Block {
    /// What both directions need beside arrays of numbers.
    struct Context {
        let config: ModelConfig
        let index: Int
        let attention: Attention
        /// The rates and the rows' identities, in training.
        private(set) var dropout: (rates: TrainingDropout, identities: UnsafePointer<UInt64>)?

        /// A pass over whole sequences.
        init(_ config: ModelConfig, index: Int, batch: Batch, dropout: TrainingDropout?) {
            self.config = config
            self.index = index
            self.dropout = dropout.map { ($0, batch.identities) }
            attention = .causal(
                CausalAttention.Shape(
                    sequences: batch.sequences, headCount: config.headCount, headWidth: config.headWidth,
                    scale: config.attentionScale(block: index), window: config.attentionWindow(block: index),
                    dropout: dropout.map { ($0.key(.attention(block: index)), batch.identities) }))
        }

        /// A pass over new positions of sequences whose earlier ones stand in caches.
        init(_ config: ModelConfig, index: Int, cached parts: [CachedRows]) {
            self.config = config
            self.index = index
            dropout = nil
            attention = .cached(parts)
        }

        /// The same for rows that are only some of the batch, which still have its masks.
        func withRows(_ identities: UnsafePointer<UInt64>) -> Context {
            var context = self
            context.dropout?.identities = identities
            return context
        }

        /// Applies the mask of `site` in place, in training.
        func drop(_ matrix: Matrix, _ site: TrainingDropout.Site) {
            guard let dropout else { return }
            dropout.rates.key(site).apply(to: matrix, identities: dropout.identities)
        }

        /// Fills `a.attended` from `a.qkv`.
        func attend(_ a: BlockActivations) {
            switch attention {
            case .causal(let shape):
                CausalAttention.forward(into: a.attended, saving: a.logSumExp, of: a.qkv, shape)
            case .cached(let parts):
                for part in parts {
                    let qkv = a.qkv.rows(part.rows)
                    CachedAttention.forward(
                        into: a.attended.rows(part.rows), queries: qkv,
                        part.cache.append(keysAndValuesOf: qkv, block: index), start: part.cache.count,
                        scale: config.attentionScale(block: index), window: config.attentionWindow(block: index))
                }
            }
        }

        /// The mask on the input of a linear layer's adapter, in training.
        func adapterMask(_ layer: Int) -> LinearAdapter.Mask? {
            guard let dropout, dropout.rates.adapter > 0 else { return nil }
            return (dropout.rates.key(.adapter(block: index, layer: layer)), dropout.identities)
        }

        var dropsResidual: Bool { (dropout?.rates.residual ?? 0) > 0 }
    }

    /// What a position may look at.
    enum Attention {
        /// The positions of its own sequence in the batch, up to itself, or the last of them.
        case causal(CausalAttention.Shape)
        /// The positions in its sequence's cache, and those of its part of the batch up to itself.
        case cached([CachedRows])
    }

    /// - Parameters:
    ///   - output: (N, C), overwritten.
    ///   - a: the block's activations; `a.input` is read, the others are overwritten.
    ///   - p: the block's weights.
    static func forward(into output: Matrix, _ a: BlockActivations, _ p: BlockParameters, _ context: Context) {
        attend(a, p, context)
        finish(into: output, a, p, context)
    }

    /// The part in which positions look at one another.
    static func attend(_ a: BlockActivations, _ p: BlockParameters, _ context: Context) {
        // 1. Attention over the normalised stream.
        LayerNorm.forward(
            into: a.norm1, saving: a.norm1Saved, of: a.input, weight: p.norm1.weight, bias: p.norm1.bias,
            epsilon: context.config.layerNormEpsilon)
        p.attentionInput.forward(into: a.qkv, of: a.norm1, context.adapterMask(0))
        context.attend(a)
    }

    /// The rest, each position by itself; so those that nobody reads afterwards can be left out.
    static func finish(into output: Matrix, _ a: BlockActivations, _ p: BlockParameters, _ context: Context) {
        let (config, block) = (context.config, context.index)
        // 2. Back into the stream, which the next line completes.
        p.attentionOutput.forward(into: a.middle, of: a.attended, context.adapterMask(1))
        context.drop(a.middle, .attentionOutput(block: block))
        // 3. Feed-forward over the normalised stream.
        LayerNorm.forward(
            into: a.norm2, saving: a.norm2Saved, of: a.middle, adding: a.input, weight: p.norm2.weight,
            bias: p.norm2.bias, epsilon: config.layerNormEpsilon)
        p.feedForwardInput.forward(into: a.hidden, of: a.norm2, addsBias: false, context.adapterMask(2))
        GELU.forward(
            into: a.activated, of: a.hidden, adding: p.feedForwardInput.bias, exact: config.activation == .geluExact)
        // 4. Back into the stream.
        p.feedForwardOutput.forward(into: output, of: a.activated, context.adapterMask(3))
        context.drop(output, .feedForwardOutput(block: block))
        Elementwise.add(to: output, a.middle)
    }

    /// - Parameters:
    ///   - scratch: `dResidual` holds dOutput and becomes dInput; the rest is overwritten.
    ///   - gradients: the block's gradients, added to.
    ///   - a, p: as forward left them.
    static func backward(
        _ scratch: BackwardScratch, gradients: BlockParameters, _ a: BlockActivations, _ p: BlockParameters,
        _ context: Context
    ) {
        backwardOfFinish(scratch, gradients: gradients, a, p, context)
        backwardOfAttend(scratch, gradients: gradients, a, p, context)
    }

    /// `scratch.dResidual` becomes that of `a.input` as far as it went past the attention, `scratch.dAttended` that of
    /// `a.attended`.
    static func backwardOfFinish(
        _ scratch: BackwardScratch, gradients g: BlockParameters, _ a: BlockActivations, _ p: BlockParameters,
        _ context: Context
    ) {
        let (N, block) = (0..<a.middle.rows, context.index)
        let (dResidual, dNorm, dBranch) = (scratch.dResidual.rows(N), scratch.dNorm.rows(N), scratch.dBranch.rows(N))
        let (dHidden, dAttended) = (scratch.dHidden.rows(N), scratch.dAttended.rows(N))
        // 4. output = middle + drop(activated · W): the stream's own gradient passes on as it is. The activation is not
        //    kept.
        GELU.forward(into: a.activated, of: a.hidden, exact: context.config.activation == .geluExact)
        let dFeedForward = branch(of: dResidual, into: dBranch, context, .feedForwardOutput(block: block))
        p.feedForwardOutput.backward(
            dHidden, g.feedForwardOutput, dFeedForward, input: a.activated, context.adapterMask(3))
        // 3. activated = gelu(norm2 · W).
        GELU.backward(inPlace: dHidden, input: a.hidden, exact: context.config.activation == .geluExact)
        p.feedForwardInput.backward(dNorm, g.feedForwardInput, dHidden, input: a.norm2, context.adapterMask(2))
        LayerNorm.backward(
            dInput: dResidual, dWeight: g.norm2.weight.ifAny, dBias: g.norm2.bias, dOutput: dNorm, input: a.middle,
            weight: p.norm2.weight, saved: a.norm2Saved)
        // 2. middle = input + drop(attended · W).
        let dAttention = branch(of: dResidual, into: dBranch, context, .attentionOutput(block: block))
        p.attentionOutput.backward(
            dAttended, g.attentionOutput, dAttention, input: a.attended, context.adapterMask(1))
    }

    /// Adds to `scratch.dResidual` what came through the attention, from `scratch.dAttended`.
    static func backwardOfAttend(
        _ scratch: BackwardScratch, gradients g: BlockParameters, _ a: BlockActivations, _ p: BlockParameters,
        _ context: Context
    ) {
        let N = 0..<a.input.rows
        let (dResidual, dNorm) = (scratch.dResidual.rows(N), scratch.dNorm.rows(N))
        let (dAttended, dQKV) = (scratch.dAttended.rows(N), scratch.dQKV.rows(N))
        // 1. attended = attention(norm1 · W).
        guard case .causal(let shape) = context.attention else {
            preconditionFailure("the backward pass of a decoder, which has none")
        }
        Elementwise.zero(dQKV)
        CausalAttention.backward(
            dQKV: dQKV, dOutput: dAttended, output: a.attended, logSumExp: a.logSumExp, qkv: a.qkv, shape)
        p.attentionInput.backward(dNorm, g.attentionInput, dQKV, input: a.norm1, context.adapterMask(0))
        LayerNorm.backward(
            dInput: dResidual, dWeight: g.norm1.weight.ifAny, dBias: g.norm1.bias, dOutput: dNorm, input: a.input,
            weight: p.norm1.weight, saved: a.norm1Saved)
    }

    /// The gradient of a residual branch's output: the stream's, behind the branch's dropout mask where it has one.
    private static func branch(
        of dResidual: Matrix, into dBranch: Matrix, _ context: Context, _ site: TrainingDropout.Site
    ) -> Matrix {
        guard context.dropsResidual else { return dResidual }
        dBranch.base.update(from: dResidual.base, count: dResidual.rows * dResidual.columns)
        context.drop(dBranch, site)
        return dBranch
    }
}
