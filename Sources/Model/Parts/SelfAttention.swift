// Attention's part of a block: queries, keys and values, and what the heads make of them, forward and backward.

import Kernels

/// What attention's forward writes and its backward reads.
package struct AttentionActivations {
    /// (N, (H + 2K)·D) queries, keys, values.
    package let qkv: Matrix
    /// (H, N).
    package let logSumExp: Matrix
    /// (N, H·D) the outputs of the heads, next to one another.
    package let output: Matrix
    /// nil where heads are not normalized.
    let headNorm: HeadNorm?

    init(_ attention: AttentionDescription, rowCount N: Int, _ allocator: inout ArenaAllocator) {
        qkv = allocator.matrix(N, attention.inputWidth)
        logSumExp = allocator.matrix(attention.headCount, N)
        output = allocator.matrix(N, attention.queryWidth)
        headNorm = HeadNorm(attention, rowCount: N, &allocator)
    }

    private init(_ other: AttentionActivations, first N: Int, output: Matrix) {
        qkv = other.qkv.rows(0..<N)
        logSumExp = other.logSumExp.columns(0..<N)
        self.output = output.rows(0..<N)
        headNorm = other.headNorm?.first(N)
    }

    /// The first N of the rows; with another output, where it is given.
    func first(_ N: Int, output: Matrix? = nil) -> AttentionActivations {
        AttentionActivations(self, first: N, output: output ?? self.output)
    }
}

/// What a position may look at.
enum AttentionScope {
    /// The positions of the same sequence in the batch, up to itself.
    case batch([Range<Int>])
    /// The positions in its sequence's cache, and those of its part of the batch up to itself.
    case cached([CachedRows])
}

extension AttentionDescription {
    /// Overwrites `a` with the heads' outputs for the normalized rows of input (N, C).
    func forward(_ a: AttentionActivations, of input: Matrix, _ p: BlockParameters, _ pass: Block.Context) {
        // 1. Queries, keys and values; where heads are normalized, each of them.
        p.attentionInput.forward(into: a.qkv, of: input, pass.dropout)
        a.headNorm?.forward(inPlace: rotated(a.qkv), p)
        // 2. Their positions.
        if let table = pass.rotary {
            Rotary.forward(inPlace: rotated(a.qkv), headWidth: headWidth, positions: pass.positions, table)
        }
        // 3. The heads.
        switch pass.scope {
        case .batch(let sequences):
            CausalAttention.forward(into: a.output, saving: a.logSumExp, of: a.qkv, shape(sequences, pass))
        case .cached(let parts):
            for part in parts {
                let qkv = a.qkv.rows(part.rows)
                CachedAttention.forward(
                    into: a.output.rows(part.rows), queries: qkv,
                    part.cache.append(keysAndValuesOf: qkv, block: pass.index), start: part.cache.count, scale: scale,
                    window: window)
            }
        }
    }

    /// Overwrites dInput (N, C), adds to the gradients of the input projection and of the heads' norms.
    ///
    /// - Parameters:
    ///   - dOutput: (N, H·D) of the heads' outputs.
    ///   - dQKV: (N, (H + 2K)·D), overwritten.
    ///   - input, a, p: as in forward.
    func backward(
        dInput: Matrix, _ gradient: BlockParameters, dOutput: Matrix, dQKV: Matrix, input: Matrix,
        _ a: AttentionActivations, _ p: BlockParameters, _ pass: Block.Context
    ) {
        guard case .batch(let sequences) = pass.scope else {
            preconditionFailure("generation has no backward pass")
        }
        // 3. The heads.
        Elementwise.zero(dQKV)
        CausalAttention.backward(
            dQKV: dQKV, dOutput: dOutput, output: a.output, logSumExp: a.logSumExp, qkv: a.qkv,
            shape(sequences, pass))
        // 2. Their positions.
        if let table = pass.rotary {
            Rotary.backward(inPlace: rotated(dQKV), headWidth: headWidth, positions: pass.positions, table)
        }
        // 1. Queries, keys and values.
        a.headNorm?.backward(inPlace: rotated(dQKV), gradient, p)
        p.attentionInput.backward(dInput, gradient.attentionInput, dQKV, input: input, pass.dropout)
    }

    /// The columns of queries and keys.
    private func rotated(_ qkv: Matrix) -> Matrix { qkv.columns(0..<(queryWidth + keyWidth)) }

    private func shape(_ sequences: [Range<Int>], _ pass: Block.Context) -> CausalAttention.Shape {
        CausalAttention.Shape(
            sequences: sequences, headCount: headCount, keyValueHeadCount: keyValueHeadCount, headWidth: headWidth,
            scale: scale, window: window,
            dropout: pass.dropout.map { ($0.rates.key(.attention(block: pass.index)), $0.identities) })
    }
}
