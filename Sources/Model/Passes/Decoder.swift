// Generation's forward pass: only new positions are computed, older ones come from the key/value cache.

import Kernels

/// Reads tokens into caches and gives the logits that follow them. Holds its own small activations, so that several caches
/// can take turns or be worked on together. Not for use from two threads at a time.
package final class Decoder {
    /// New positions that are worked on together when a prompt is read.
    package static let usualChunk = 256

    /// The most tokens that `advanceTogether` takes.
    package static let mostTokens = VectorMatrix.mostRows

    private let model: Transformer
    private let parameters: ModelParameters
    private let activations: Activations
    private let logits: FloatArena

    /// - Parameters:
    ///   - format: of a copy of the weights, with which all is computed; nil for none.
    ///   - chunk: positions of a prompt that are worked on together.
    package init(_ model: Transformer, format: WeightFormat? = nil, chunk: Int = Decoder.usualChunk) {
        self.model = model
        parameters = (format.map { model.parameters.compacted($0) } ?? model.parameters).keepingRowsIndependent()
        activations = Activations(
            model.architecture, rowCount: Decoder.rowCount(model.architecture, chunk), keeping: .nothing)
        logits = FloatArena(count: Decoder.mostTokens * model.architecture.vocabularySize)
    }

    /// A decoder of a model that is another one's with adapters: weights, their compact copy and working memory are the
    /// other's and exist once. The two must not compute at the same time, and each overwrites the other's logits.
    package init(_ model: Transformer, sharing other: Decoder) {
        guard let adapters = model.adapters else { preconditionFailure("a model without adapters shares a decoder") }
        precondition(
            model.weights === other.model.weights && model.frozenBase === other.model.frozenBase
                && model.layout == other.model.layout, "adapters on other weights than the decoder's")
        self.model = model
        parameters = other.parameters.adapted(adapters).keepingRowsIndependent()
        (activations, logits) = (other.activations, other.logits)
    }

    private static func rowCount(_ architecture: Architecture, _ chunk: Int) -> Int {
        max(mostTokens, min(chunk, architecture.contextLength))
    }

    /// Bytes that a decoder takes in addition to the model: its working memory, and the copy of the weights.
    package static func byteCount(
        _ architecture: Architecture, format: WeightFormat?, chunk: Int = Decoder.usualChunk
    ) -> Int {
        let working = Activations.floatCount(
            architecture, rowCount: rowCount(architecture, chunk), keeping: .nothing)
        let copy = format.map { ModelParameters.compactBytes(architecture, $0) } ?? 0
        return 4 * (working + mostTokens * architecture.vocabularySize) + copy
    }

    /// Appends `tokens` to what the cache holds.
    ///
    /// - Parameter tokens: at least one; together with the cache at most its capacity.
    /// - Returns: (V) logits of the token that follows; overwritten by the next call.
    package func advance(_ cache: KeyValueCache, by tokens: [Int32]) -> Vector {
        var last = 0
        for start in stride(from: 0, to: tokens.count, by: activations.rowCount) {
            let part = Array(tokens[start..<min(start + activations.rowCount, tokens.count)])
            forward([(cache, part)])
            last = part.count - 1
        }
        return logits(ofRows: last..<(last + 1)).vector(0)
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
        return logits(ofRows: 0..<count)
    }

    /// Appends tokens of prompts, at most a chunk of them in all, in one pass. What follows them is computed only where
    /// `logits(ofRows:)` or `states(ofRows:)` asks for it.
    ///
    /// - Parameter parts: no cache twice.
    package func read(_ parts: [(cache: KeyValueCache, tokens: [Int32])]) { forward(parts) }

    /// Whether no row of a pass depends, to the last bit, on how many others there are: where a copy of the weights
    /// computes all of it.
    package var keepsRowsIndependent: Bool {
        parameters.mostCompactRows >= activations.rowCount && model.adapters == nil
    }

    /// The logits after some rows of the last pass, at most `mostTokens`: each the same, to the last bit, however many are
    /// asked for.
    ///
    /// - Returns: (n, V); overwritten by the next call.
    package func logits(ofRows rows: Range<Int>) -> Matrix {
        precondition(rows.count <= Decoder.mostTokens, "the logits of \(rows.count) rows at a time")
        let architecture = model.architecture
        let result = Matrix(logits, rows: rows.count, columns: architecture.vocabularySize)
        architecture.head.forward(into: result, of: states(ofRows: rows), parameters.head)
        return result
    }

    /// The last hidden states of some rows of the last pass, after the final norm.
    ///
    /// - Returns: (n, C); overwritten by the next call.
    package func states(ofRows rows: Range<Int>) -> Matrix {
        let states = activations.finalNorm.first(rows.count)
        model.architecture.finalNorm.forward(states, of: activations.output.rows(rows), parameters.finalNorm)
        return states.output
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
        precondition(N <= activations.rowCount, "\(N) tokens in a pass of at most \(activations.rowCount)")
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
