// Generation's forward pass: only new positions are computed, older ones come from the key/value cache.

import Kernels

/// Reads tokens into caches and gives the logits that follow them. Holds its own small activations, so that several caches
/// can take turns or be worked on together.
package final class Decoder {
    /// New positions that are worked on together when a prompt is read.
    private static let chunk = 256

    /// The most tokens that `advanceTogether` takes.
    package static let mostTokens = VectorMatrix.mostRows

    private let model: Transformer
    private let parameters: ModelParameters
    private let activations: Activations
    private let logits: FloatArena

    /// - Parameter format: of a copy of the weights for passes with few tokens; nil for none. Prompts are read with the
    ///   weights themselves.
    package init(_ model: Transformer, format: WeightFormat? = nil) {
        self.model = model
        parameters = format.map { model.parameters.compacted($0) } ?? model.parameters
        activations = Activations(
            model.architecture,
            rowCount: max(Decoder.mostTokens, min(Decoder.chunk, model.architecture.contextLength)), keeping: .nothing)
        logits = FloatArena(count: Decoder.mostTokens * model.architecture.vocabularySize)
    }

    /// Appends `tokens` to what the cache holds.
    ///
    /// - Parameter tokens: at least one; together with the cache at most the context length.
    /// - Returns: (V) logits of the token that follows; overwritten by the next call.
    package func advance(_ cache: KeyValueCache, by tokens: [Int32]) -> Vector {
        var last = 0
        for start in stride(from: 0, to: tokens.count, by: activations.rowCount) {
            let part = Array(tokens[start..<min(start + activations.rowCount, tokens.count)])
            forward([(cache, part)])
            last = part.count - 1
        }
        let row = head(last..<(last + 1)).row(0)
        return Vector(row, count: model.architecture.vocabularySize)
    }

    /// Appends tokens to several caches, or several tokens to one, in a single pass: the weights are read once for all.
    /// Gives each token the same logits, to the last bit, as a separate pass would.
    ///
    /// - Parameter parts: no cache twice; at most `mostTokens` tokens in all.
    /// - Returns: (n, V), the logits after each token in order; overwritten by the next call.
    package func advanceTogether(_ parts: [(cache: KeyValueCache, tokens: [Int32])]) -> Matrix {
        let count = parts.reduce(0) { $0 + $1.tokens.count }
        precondition(count <= Decoder.mostTokens, "\(count) tokens in one pass of at most \(Decoder.mostTokens)")
        forward(parts)
        return head(0..<count)
    }

    /// The logits of some rows of the last pass.
    private func head(_ rows: Range<Int>) -> Matrix {
        let (a, architecture) = (activations, model.architecture)
        let states = a.finalNorm.first(rows.count)
        architecture.finalNorm.forward(states, of: a.output.rows(rows), parameters.finalNorm)
        let result = Matrix(logits, rows: rows.count, columns: architecture.vocabularySize)
        architecture.head.forward(into: result, of: states.output, parameters.head)
        return result
    }

    private func forward(_ parts: [(cache: KeyValueCache, tokens: [Int32])]) {
        var (tokens, positions, cached) = ([Int32](), [Int32](), [CachedRows]())
        for (cache, own) in parts {
            precondition(
                !own.isEmpty && cache.count + own.count <= cache.capacity,
                "\(own.count) tokens more for a cache with \(cache.count) of \(cache.capacity)")
            cached.append(CachedRows(cache: cache, rows: tokens.count..<(tokens.count + own.count)))
            positions += own.indices.map { Int32(cache.count + $0) }
            tokens += own
        }
        let (N, architecture) = (tokens.count, model.architecture)
        architecture.embedding.forward(
            into: activations.blocks[0].input.rows(0..<N), tokens: tokens, positions: positions, parameters)
        let longest = parts.reduce(0) { max($0, $1.cache.count + $1.tokens.count) }
        positions.withUnsafeBufferPointer { positions in
            for index in architecture.blocks.indices {
                let isLast = index + 1 == architecture.blockCount
                let next = isLast ? activations.output : activations.blocks[index + 1].input
                Block.forward(
                    into: next.rows(0..<N), activations.blocks[index].first(N), parameters.blocks[index],
                    model.context(index, cached, positions: positions.baseAddress!, below: longest))
            }
        }
        for part in cached { part.cache.count += part.rows.count }
    }
}
