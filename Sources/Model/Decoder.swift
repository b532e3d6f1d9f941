// Generation's forward pass: only new positions are computed, older ones come from the key/value cache.

import Kernels

/// Reads tokens into a cache and gives the logits behind the last of them. Holds its own small activations, so that
/// several caches can take turns.
public final class Decoder {
    /// New positions that are worked on together when a prompt is read.
    private static let chunk = 256

    private let model: Transformer
    private let activations: Activations
    private let logits: FloatArena

    public init(_ model: Transformer) {
        self.model = model
        activations = Activations(
            model.config, rowCount: min(Decoder.chunk, model.config.contextLength), keepsAll: false)
        logits = FloatArena(count: model.config.vocabularySize)
    }

    /// Appends `tokens` to what the cache holds.
    ///
    /// - Parameter tokens: at least one; together with the cache at most the context length.
    /// - Returns: (V) logits of the token that follows; overwritten by the next call.
    public func advance(_ cache: KeyValueCache, by tokens: [Int32]) -> Vector {
        precondition(
            !tokens.isEmpty && cache.count + tokens.count <= cache.capacity,
            "\(tokens.count) tokens more for a cache with \(cache.count) of \(cache.capacity)")
        var last = 0
        for start in stride(from: 0, to: tokens.count, by: activations.rowCount) {
            let part = tokens[start..<min(start + activations.rowCount, tokens.count)]
            forward(Array(part), cache)
            last = part.count - 1
        }
        let (a, config) = (activations, model.config)
        let state = a.finalNorm.rows(last..<(last + 1))
        LayerNorm.forward(
            into: state, saving: a.finalNormSaved, of: a.output.rows(last..<(last + 1)),
            weight: model.parameters.finalNorm.weight, bias: model.parameters.finalNorm.bias,
            epsilon: config.layerNormEpsilon)
        VectorMatrix.multiplyTransposed(
            into: Matrix(logits, rows: 1, columns: config.vocabularySize), state, model.parameters.head)
        return Vector(logits, count: config.vocabularySize)
    }

    private func forward(_ tokens: [Int32], _ cache: KeyValueCache) {
        let (N, config) = (tokens.count, model.config)
        let positions = (0..<N).map { Int32(cache.count + $0) }
        Embedding.forward(
            into: activations.blocks[0].input.rows(0..<N), tokens: tokens, positions: positions,
            tokenTable: model.parameters.tokenEmbedding, positionTable: model.parameters.positionEmbedding)
        for index in config.blocks {
            let next = index + 1 < config.blockCount ? activations.blocks[index + 1].input : activations.output
            blockForward(
                into: next.rows(0..<N), activations.blocks[index].first(N), model.parameters.blocks[index],
                keys: cache.keys(block: index), values: cache.values(block: index), start: cache.count)
        }
        cache.count += N
    }

    /// `Block.forward` with the cache in attention's place, without dropout.
    private func blockForward(
        into output: Matrix, _ a: BlockActivations, _ p: BlockParameters, keys: Matrix, values: Matrix, start: Int
    ) {
        let (config, C) = (model.config, model.config.modelWidth)
        // 1. Attention over the normalised stream, keys and values going into the cache.
        LayerNorm.forward(
            into: a.norm1, saving: a.norm1Saved, of: a.input, weight: p.norm1.weight, bias: p.norm1.bias,
            epsilon: config.layerNormEpsilon)
        Linear.forward(into: a.qkv, of: a.norm1, weight: p.attentionInput.weight, bias: p.attentionInput.bias)
        for row in 0..<a.input.rows {
            keys.row(start + row).update(from: a.qkv.row(row) + C, count: C)
            values.row(start + row).update(from: a.qkv.row(row) + 2 * C, count: C)
        }
        CachedAttention.forward(
            into: a.attended, queries: a.qkv, keys: keys, values: values, start: start, headCount: config.headCount)
        // 2. Back into the stream.
        Linear.forward(into: a.middle, of: a.attended, weight: p.attentionOutput.weight, bias: p.attentionOutput.bias)
        Elementwise.add(to: a.middle, a.input)
        // 3. Feed-forward over the normalised stream.
        LayerNorm.forward(
            into: a.norm2, saving: a.norm2Saved, of: a.middle, weight: p.norm2.weight, bias: p.norm2.bias,
            epsilon: config.layerNormEpsilon)
        Linear.forward(into: a.hidden, of: a.norm2, weight: p.feedForwardInput.weight, bias: p.feedForwardInput.bias)
        GELU.forward(into: a.activated, of: a.hidden, exact: config.activation == .geluExact)
        // 4. Back into the stream.
        Linear.forward(
            into: output, of: a.activated, weight: p.feedForwardOutput.weight, bias: p.feedForwardOutput.bias)
        Elementwise.add(to: output, a.middle)
    }
}
