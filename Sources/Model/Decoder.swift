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
            into: Matrix(logits, rows: 1, columns: config.vocabularySize), state, model.parameters.head.weight)
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
            Block.forward(
                into: next.rows(0..<N), activations.blocks[index].first(N), model.parameters.blocks[index],
                Block.Context(config, index: index, cache: cache))
        }
        cache.count += N
    }
}
