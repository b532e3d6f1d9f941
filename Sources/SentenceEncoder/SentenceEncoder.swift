// Sentences to vectors: an encoder of the BERT family, forward only.

import Foundation
import Kernels

/// A model such as all-MiniLM-L6-v2, as sentence-transformers saves it: the mean of the last states over a sentence's tokens,
/// of length 1 where its folder says so (Reimers & Gurevych 2019).
package final class SentenceEncoder {
    package let description: EncoderDescription
    package let tokenizer: WordPieceTokenizer
    /// Tokens of a sentence, the two marks included; what is longer is cut.
    package let longestSentence: Int
    /// Whether vectors have length 1.
    package let normalizes: Bool
    private let weights: EncoderWeights

    /// The file of the weights.
    package static let weightsName = "model.safetensors"

    /// Reads `config.json`, `model.safetensors`, `vocab.txt` and what sentence-transformers adds.
    package init(folder: String) throws(EncoderError) {
        func bytes(_ name: String) throws(EncoderError) -> [UInt8] {
            let path = folder + "/" + name
            guard let data = FileManager.default.contents(atPath: path) else {
                throw .unreadable(path: path, reason: String(cString: strerror(errno)))
            }
            return [UInt8](data)
        }
        description = try EncoderDescription(config: try bytes("config.json"), path: folder + "/config.json")
        let settings = try SentenceSettings(folder: folder, contextLength: description.contextLength)
        (longestSentence, normalizes) = (settings.longestSentence, settings.normalizes)
        tokenizer = try WordPieceTokenizer(
            vocabulary: try bytes("vocab.txt"), path: folder + "/vocab.txt", lowercases: settings.lowercases)
        guard tokenizer.count <= description.vocabularySize else {
            throw .badConfig(
                path: folder + "/vocab.txt",
                "it has \(tokenizer.count) tokens, and the model \(description.vocabularySize)")
        }
        weights = try EncoderWeights(path: folder + "/" + SentenceEncoder.weightsName, description)
    }

    /// The width of a vector.
    package var width: Int { description.modelWidth }

    /// The vectors of sentences, in their order.
    ///
    /// - Parameter rows: tokens that are worked on together, about. Changes the speed, and the last bits.
    package func vectors(of sentences: [[UInt8]], rows: Int = 2048) -> [[Float]] {
        let tokens = sentences.map { tokenizer.sentence($0, longest: longestSentence) }
        // Sentences of one length are worked on together, so that threads end at the same time.
        let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
        var result = [[Float]](repeating: [], count: sentences.count)
        var (first, count) = (0, 0)
        func work(_ part: Range<Int>) {
            let indices = order[part]
            for (index, vector) in zip(indices, encode(indices.map { tokens[$0] })) { result[index] = vector }
        }
        for (place, index) in order.enumerated() {
            if count > 0, count + tokens[index].count > rows {
                work(first..<place)
                (first, count) = (place, 0)
            }
            count += tokens[index].count
        }
        if first < order.count { work(first..<order.count) }
        return result
    }

    /// The vectors of sentences of token ids, each with its marks.
    package func encode(_ sentences: [[Int32]]) -> [[Float]] {
        let states = Workspace(description, rows: sentences.reduce(0) { $0 + $1.count })
        var (sequences, start) = ([Range<Int>](), 0)
        for sentence in sentences {
            sequences.append(start..<(start + sentence.count))
            start += sentence.count
        }
        forward(sentences, sequences, states)
        return sequences.map { mean(states.stream.rows($0)) }
    }

    private func forward(_ sentences: [[Int32]], _ sequences: [Range<Int>], _ states: Workspace) {
        let (x, y) = (states.stream, states.branch)
        let epsilon = description.epsilon
        func norm(_ input: Matrix, adding residual: Matrix?, _ norm: EncoderWeights.Norm, into output: Matrix) {
            guard let residual else {
                return LayerNorm.forward(
                    into: output, saving: states.saved, of: input, weight: norm.weight, bias: norm.bias,
                    epsilon: epsilon)
            }
            LayerNorm.forwardAddingResidual(
                into: output, saving: states.saved, inPlace: input, adding: residual, weight: norm.weight,
                bias: norm.bias, epsilon: epsilon)
        }
        // 1. Tokens, positions and the type, normalized.
        let tokens = sentences.flatMap { $0 }
        let positions = sentences.flatMap { $0.indices.map { Int32($0) } }
        Embedding.forward(
            into: y, tokens: tokens, positions: positions, tokenTable: weights.tokens, positionTable: weights.positions)
        norm(y, adding: nil, weights.embeddingNorm, into: x)
        for block in weights.blocks {
            // 2. Attention, its sum with the input, and the norm of that.
            Linear.forward(
                into: states.qkv, of: x, weight: block.attentionInput.weight, bias: block.attentionInput.bias)
            TwoWayAttention.forward(
                into: states.attended, of: states.qkv, sequences: sequences, headCount: description.headCount)
            Linear.forward(
                into: y, of: states.attended, weight: block.attentionOutput.weight, bias: block.attentionOutput.bias)
            norm(y, adding: x, block.attentionNorm, into: x)
            // 3. The same with the feed-forward layer.
            Linear.forward(into: states.wide, of: x, weight: block.expansion.weight, bias: nil)
            GELU.forwardAddingBias(
                into: states.active, inPlace: states.wide, adding: block.expansion.bias,
                exact: description.usesExactGELU)
            Linear.forward(into: y, of: states.active, weight: block.contraction.weight, bias: block.contraction.bias)
            norm(y, adding: x, block.outputNorm, into: x)
        }
    }

    private func mean(_ states: Matrix) -> [Float] {
        var sums = [Double](repeating: 0, count: states.columns)
        for row in 0..<states.rows {
            for column in 0..<states.columns { sums[column] += Double(states.row(row)[column]) }
        }
        var factor = 1 / Double(max(1, states.rows))
        if normalizes {
            let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // As PyTorch's normalize, which divides by at least 1e-12.
            factor /= max(length * factor, 1e-12)
        }
        return sums.map { Float($0 * factor) }
    }
}

extension SentenceEncoder {
    /// The states of a batch of N rows.
    private final class Workspace {
        private let arena: FloatArena
        /// (N, C) each: the residual stream, and what is added to it.
        let stream: Matrix
        let branch: Matrix
        let attended: Matrix
        /// (N, 3 C).
        let qkv: Matrix
        /// (N, F) each: before and after the activation.
        let wide: Matrix
        let active: Matrix
        let saved: LayerNorm.Saved

        init(_ description: EncoderDescription, rows N: Int) {
            let (C, F) = (description.modelWidth, description.feedForwardWidth)
            arena = FloatArena(count: N * (6 * C + 2 * F + 2))
            var offset = 0
            func take(_ columns: Int, _ arena: FloatArena) -> Matrix {
                defer { offset += N * columns }
                return Matrix(arena, offset: offset, rows: N, columns: columns)
            }
            stream = take(C, arena)
            branch = take(C, arena)
            attended = take(C, arena)
            qkv = take(3 * C, arena)
            wide = take(F, arena)
            active = take(F, arena)
            saved = LayerNorm.Saved(
                mean: Vector(arena, offset: offset, count: N),
                reciprocalDeviation: Vector(arena, offset: offset + N, count: N))
        }
    }
}
