// The normalization of each head of queries and keys, forward and backward.

import Kernels

/// An RMSNorm over the D elements of a head, before it is rotated: one weight for all query heads, one for all key heads
/// (Henry et al. 2020, with RMSNorm).
struct HeadNorm {
    private let attention: AttentionDescription
    private let description: NormDescription
    /// (N, (H + K)·D) queries and keys as they were before. Kept, since the output is rotated in place, and a weight near
    /// zero would leave too little of it to compute the input from.
    private let input: Matrix
    /// (N·H) and (N·K), the scale of each head.
    private let queryScales: Vector
    private let keyScales: Vector

    /// nil where heads are not normalized.
    init?(_ attention: AttentionDescription, rowCount N: Int, _ allocator: inout ArenaAllocator) {
        guard let norm = attention.headNorm else { return nil }
        (self.attention, description) = (attention, norm)
        input = allocator.matrix(N, attention.queryWidth + attention.keyWidth)
        queryScales = allocator.vector(N * attention.headCount)
        keyScales = allocator.vector(N * attention.keyValueHeadCount)
    }

    private init(_ other: HeadNorm, first N: Int) {
        (attention, description, input) = (other.attention, other.description, other.input.rows(0..<N))
        queryScales = Vector(other.queryScales.base, count: N * attention.headCount)
        keyScales = Vector(other.keyScales.base, count: N * attention.keyValueHeadCount)
    }

    /// The first N of the rows.
    func first(_ N: Int) -> HeadNorm { HeadNorm(self, first: N) }

    /// Normalizes the heads of queries and keys (N, (H + K)·D) in place.
    func forward(inPlace heads: Matrix, _ p: BlockParameters) {
        Elementwise.copy(into: input, of: heads)
        for (columns, scales, own) in parts(p) {
            RMSNorm.forward(
                into: heads.columns(columns), saving: scales, of: input.columns(columns), weight: own.weight,
                addsOne: description.addsOne, epsilon: description.epsilon)
        }
    }

    /// Replaces the gradient of the normalized heads (N, (H + K)·D) by that of the heads as they were, and adds to the
    /// gradients of both weights.
    func backward(inPlace dHeads: Matrix, _ gradient: BlockParameters, _ p: BlockParameters) {
        for ((columns, scales, own), (_, _, g)) in zip(parts(p), parts(gradient)) {
            RMSNorm.backward(
                inPlace: dHeads.columns(columns), dWeight: g.weight.ifAny, input: input.columns(columns),
                weight: own.weight, addsOne: description.addsOne, saved: scales)
        }
    }

    /// Queries and keys: their columns, scales and parameters.
    private func parts(_ p: BlockParameters) -> [(Range<Int>, Vector, NormParameters)] {
        let columns = attention.inputColumns
        return [(columns[0], queryScales, p.queryNorm), (columns[1], keyScales, p.keyNorm)]
    }
}
