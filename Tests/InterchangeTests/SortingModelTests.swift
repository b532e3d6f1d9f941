// minGPT's sorting model as llm-viz publishes it, with every intermediate value of its first block.

import Foundation
import Kernels
import Model
import StrictJSON
import TestSupport
import Testing

@Suite("Published sorting model", .enabled(if: TestData.isAvailable, "\(TestData.absence)"))
struct SortingModelTests {
    /// The published numbers are PyTorch's in single precision; Luthier's differ in the order of sums.
    static let tolerance: Float = 1e-4

    let published: PublishedModel
    let partials: JSONObject

    init() throws {
        published = try PublishedModel("weights-llmviz-nano-sort")
        partials = try published.json("gpt-nano-sort-t0-partials.json")
    }

    /// An array of the file: little-endian floats in base64.
    private func floats(_ name: String) throws -> [Float] {
        let object = try partials[name].required.object.required
        let data = try Data(base64Encoded: try object["data"].required.string.required).required
        let count = try object["shape"].required.numbers.reduce(1, *)
        let values = data.withUnsafeBytes { bytes in
            (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(values.count == Int(count), "\(name)")
        return values
    }

    private func expect(_ name: String, _ values: [Float]) throws {
        let published = try floats(name)
        #expect(values.count == published.count, "\(name)")
        let worst = zip(values, published).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < Self.tolerance, "\(name) differs by \(worst)")
        #expect(published.contains { abs($0) > 100 * Self.tolerance }, "\(name) is next to zero everywhere")
    }

    private func batch() throws -> SequenceBatch {
        let tokens = try floats("idx").map { Int32($0) }
        var batch = SequenceBatch()
        for start in stride(from: 0, to: tokens.count, by: 11) {
            batch.append(tokens: tokens[start..<(start + 11)], targets: tokens[start..<(start + 11)], example: start)
        }
        return batch
    }

    @Test func activationsOfTheFirstBlock() throws {
        let batch = try batch()
        let blocks = published.model.tracedForward(batch)
        let first = blocks[0]
        try expect("tok_emb", batch.tokens.flatMap { row(published.model.parameters.tokenEmbedding, Int($0)) })
        try expect("pos_emb", (0..<11).flatMap { row(published.model.parameters.positionEmbedding, $0) })
        try expect("x", all(first.input))
        try expect("ln1", all(first.attentionNorm.output))
        try expect("qkv", all(first.attention.qkv))
        for (index, name) in ["q", "k", "v"].enumerated() {
            try expect(name, heads(of: first.attention.qkv, from: index * 48, batch.sequences))
        }
        try expect("y", all(first.attention.output))
        try expect("yProj", zip(all(first.middle), all(first.input)).map { $0 - $1 })
        try expect("attnResid", all(first.middle))
        try expect("ln2", all(first.feedForwardNorm.output))
        try expect("fc", all(first.feedForward.hidden))
        let activated = FloatArena(count: first.feedForward.hidden.rows * first.feedForward.hidden.columns)
        let gelu = Matrix(activated, rows: first.feedForward.hidden.rows, columns: first.feedForward.hidden.columns)
        GELU.forward(
            into: gelu, of: first.feedForward.hidden,
            exact: published.model.architecture.blocks[0].feedForward.kind == .plain(activation: .geluExact))
        try expect("gelu", all(gelu))
        try expect("mlp", zip(all(blocks[1].input), all(first.middle)).map { $0 - $1 })
        try expect("mlpResid", all(blocks[1].input))
        try expect("block0", all(blocks[1].input))
        try expect("block1", all(blocks[2].input))
    }

    @Test func logitsAndProbabilities() throws {
        let logits = published.model.logits(try batch())
        try expect("lm_head", Array(logits.buffer))
        let probabilities = stride(from: 0, to: 99, by: 3).flatMap { start -> [Float] in
            let weights = logits.buffer[start..<(start + 3)].map { exp(Double($0)) }
            return weights.map { Float($0 / weights.reduce(0, +)) }
        }
        try expect("probs", probabilities)
    }

    /// All 3⁶ inputs: after the six letters the model writes them in order.
    @Test func sortsEverything() {
        var sorted = 0
        for number in 0..<729 {
            let letters = (0..<6).map { place in
                Int32((0..<place).reduce(number) { rest, _ in rest / 3 } % 3)
            }
            let answer = published.greedy(letters, count: 6)
            sorted += Array(answer.dropFirst(6)) == letters.sorted() ? 1 : 0
        }
        #expect(sorted == 729)
    }

    /// (B, H, T, D) of three heads, whose sixteen columns each begin at `column`.
    private func heads(of matrix: Matrix, from column: Int, _ sequences: [Range<Int>]) -> [Float] {
        var values: [Float] = []
        for sequence in sequences {
            for head in 0..<3 {
                let columns = (column + 16 * head)..<(column + 16 * head + 16)
                for position in sequence { values += row(matrix, position)[columns] }
            }
        }
        return values
    }

    private func row(_ matrix: Matrix, _ index: Int) -> [Float] {
        (0..<matrix.columns).map { matrix.row(index)[$0] }
    }

    private func all(_ matrix: Matrix) -> [Float] { (0..<matrix.rows).flatMap { row(matrix, $0) } }
}
