// SmolLM2-135M-Instruct from its GGUF file, against numbers that Transformers' mathematics gave in float64.

import Foundation
import Interchange
import Kernels
import Model
import StrictJSON
import TestSupport
import Testing
import Training

@Suite(
    "SmolLM2", .serialized,
    .enabled(if: TestData.isAvailable && TestData.smolLM2.isThere, "the test data or the model's file are absent"))
struct SmolLM2Tests {
    private let reference: JSONObject
    private let model: Transformer

    init() throws {
        let path = TestData.path("weights-smollm2/smollm2-reference.json")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        reference = try #require(JSONText.parse(bytes, options: JSONOptions(maximumBytes: 1 << 26)).object)
        let opened = try GGUFModelFile(path: TestData.smolLM2.path)
        model = Transformer(opened.architecture, layout: opened.layout)
        try opened.loadWeights(layout: opened.layout, into: model.weights)
    }

    private static func numbers(_ node: JSONNode?) throws -> [Double] {
        try #require(node?.array).map { try #require($0.number) }
    }

    private static func ids(_ node: JSONNode?) throws -> [Int32] {
        try #require(node?.array).map { Int32(try #require($0.integer)) }
    }

    /// The last position's logits to 1e-4 of their norm, and the most likely token after every position.
    @Test func logits() throws {
        let V = model.architecture.vocabularySize
        for node in try #require(reference["logits"]?.array) {
            let expected = try #require(node.object)
            let tokens = try Self.ids(expected["ids"])
            var batch = SequenceBatch()
            batch.append(tokens: tokens, targets: tokens, example: 0)
            let arena = model.logits(batch)
            let rows = Matrix(arena, rows: tokens.count, columns: V)
            let best = (0..<tokens.count).map { row in
                Int32((0..<V).max { rows.row(row)[$0] < rows.row(row)[$1] } ?? 0)
            }
            #expect(best == (try Self.ids(expected["all_positions_argmax"])))
            let last = (0..<V).map { Double(rows.row(tokens.count - 1)[$0]) }
            let norm = last.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let expectedNorm = try #require(expected["last_norm"]?.number)
            #expect(abs(norm - expectedNorm) < 1e-4 * expectedNorm)
            for (own, other) in zip(last, try Self.numbers(expected["last_first10"])) {
                #expect(abs(own - other) < 1e-4 * expectedNorm / Double(V).squareRoot() * 10)
            }
            withExtendedLifetime(arena) {}
        }
    }

    /// Two rows of the weather conversations: inputs without the last token, targets without the first.
    private func batch() throws -> SequenceBatch {
        var batch = SequenceBatch()
        let rows = try #require(reference["gradients"]?.object?["rows"]?.array)
        for (example, row) in rows.enumerated() {
            let tokens = try Self.ids(row)
            batch.append(tokens: tokens.dropLast(), targets: tokens.dropFirst(), example: example)
        }
        return batch
    }

    /// The norm of every tensor's gradient, by the names of Transformers' files, to 1e-3.
    @Test func gradientNorms() throws {
        let batch = try batch()
        let (pass, arena) = (TrainingPass(model), FloatArena(count: model.layout.arenaCount))
        let result = pass.accumulateGradients(batch, into: pass.gradientViews(in: arena), weightSum: batch.weightSum)
        let expected = try #require(reference["gradients"]?.object)
        let loss = try #require(expected["mean_nll"]?.number)
        #expect(abs(result.weightedLoss / result.weightSum - loss) < 1e-4 * loss)
        let norms = try #require(expected["norms"]?.object)
        let family = try #require(ModelFamilies.named("llama"))
        var compared = 0
        for parameter in model.layout.parameters {
            for tensor in family.tensors(of: parameter, in: model.architecture) {
                let norm = try #require(norms[tensor.name]?.number, "\(tensor.name)")
                var squares = 0.0
                let width = parameter.shape.last ?? 1
                for index in parameter.range
                where tensor.columns.contains(where: { $0.contains((index - parameter.offset) % width) }) {
                    squares += Double(arena.base[index]) * Double(arena.base[index])
                }
                #expect(abs(squares.squareRoot() - norm) < 1e-3 * norm, "\(tensor.name)")
                compared += 1
            }
        }
        #expect(compared == norms.members.count)
    }

    /// Five steps of AdamW on all weights.
    @Test func fullCurve() throws {
        let curve = try #require(reference["full_curve_float32"]?.object)
        try expect(curve, of: model, learningRate: try #require(curve["lr"]?.number))
    }

    /// Ten steps of LoRA on all linear layers, from adapters given by a formula.
    @Test func adapterCurve() throws {
        let curve = try #require(reference["lora_curve"]?.object)
        let adapted = model.adapted(
            AdapterConfig(
                rank: try #require(curve["r"]?.integer), alpha: try #require(curve["alpha"]?.number), targets: ["all"]),
            seed: 0)
        let adapters = try #require(adapted.adapters)
        let matrices = adapters.layout.parameters.filter { $0.name.hasSuffix("lora_A") }
        for (module, parameter) in matrices.enumerated() {
            let (inputs, rank) = (parameter.shape[0], parameter.shape[1])
            for i in 0..<rank {
                for j in 0..<inputs {
                    // Only the lowest 32 bits count, so overflow does not matter.
                    let place = (UInt64(module) &* 1_000_003 &+ UInt64(i)) &* 1_000_003 &+ UInt64(j)
                    let hash = (place &* 2_654_435_761) & 0xFFFF_FFFF
                    let value = (Double(hash) / 4_294_967_296 - 0.5) * 2 / Double(inputs).squareRoot()
                    adapters.weights.base[parameter.offset + j * rank + i] = Float(value)
                }
            }
        }
        try expect(curve, of: adapted, learningRate: try #require(curve["lr"]?.number))
    }

    /// Losses before each step, and after the last one, to 1e-4.
    private func expect(_ curve: JSONObject, of model: Transformer, learningRate: Double) throws {
        let losses = try Self.numbers(curve["losses_before_each_step_and_after_last"])
        let (batch, layout) = (try batch(), model.trained.layout)
        let (pass, gradients) = (TrainingPass(model), FloatArena(count: layout.arenaCount))
        let optimizer = Optimizer(
            layout, .init(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: 0))
        for (step, expected) in losses.enumerated() {
            let result = pass.accumulateGradients(
                batch, into: pass.gradientViews(in: gradients), weightSum: batch.weightSum)
            let loss = result.weightedLoss / result.weightSum
            #expect(abs(loss - expected) < 1e-4 * expected, "step \(step): \(loss) for \(expected)")
            pass.updateWeights {
                optimizer.update($0, gradients: gradients, norm: 1, learningRate: learningRate, number: step + 1)
            }
        }
    }
}
