// Activations that backward computes again: the same bits of losses and gradients, from less memory.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct RecomputationTests {
    private static let dropout = TrainingDropout(
        embedding: 0.1, attention: 0.2, residual: 0.1, adapter: 0.3, seed: 5, step: 9)

    /// Loss of each row and all gradients of two micro-batches, the second one smaller, as bits.
    private static func bits(
        _ model: Transformer, _ batches: [SequenceBatch], _ precision: Precision, recomputes: Bool,
        dropout: TrainingDropout?
    ) -> [UInt64] {
        let pass = TrainingPass(model, precision: precision, recomputesActivations: recomputes)
        let arena = FloatArena(count: model.trained.layout.arenaCount)
        let views = pass.gradientViews(in: arena)
        var bits: [UInt64] = []
        for batch in batches {
            let result = pass.accumulateGradients(batch, into: views, weightSum: 7, dropout: dropout)
            bits += result.rows.map(\.loss.bitPattern)
            // What is evaluated between micro-batches writes to the same memory.
            bits.append(model.evaluate(batch).weightedLoss.bitPattern)
        }
        return bits + arena.buffer.map { UInt64($0.bitPattern) }
    }

    private static func expectEqual(
        _ name: String, _ model: Transformer, _ batches: [SequenceBatch], _ precision: Precision = .f32,
        dropout: TrainingDropout? = dropout
    ) {
        // The second model shares the weights, but not the memory of activations.
        let other = Transformer(model.architecture, weights: model.weights)
        let twin = model.adapters.map { adapters in
            let made = other.adapted(adapters.config, seed: 0)
            made.adapters?.weights.copy(from: adapters.weights)
            return made
        }
        let kept = bits(model, batches, precision, recomputes: false, dropout: dropout)
        let computed = bits(twin ?? other, batches, precision, recomputes: true, dropout: dropout)
        #expect(kept == computed, "\(name)")
        #expect(kept.contains { $0 != 0 })
    }

    /// The fixture's batch, and a part of it with a prompt that carries no loss.
    private static func batches(_ golden: GoldenModel) throws -> [SequenceBatch] {
        let full = try golden.batch()
        var part = SequenceBatch()
        let rows = full.sequences[0]
        part.append(
            tokens: full.tokens[rows], targets: full.targets[rows],
            weights: rows.map { $0 < rows.count / 2 ? 0 : 1 }, example: 3)
        return [full, part]
    }

    /// GPT-2 and GPT-Neo, with and without dropout.
    @Test(arguments: Fixture.all) func gpt2(name: String) throws {
        let golden = try GoldenModel(name)
        let batches = try Self.batches(golden)
        Self.expectEqual(name, golden.model, batches)
        Self.expectEqual(name, golden.model, batches, dropout: nil)
    }

    @Test(.enabled(if: RoundedWeight.isSupported, "this processor or oneDNN multiplies no bfloat16"))
    func inBFloat16() throws {
        let golden = try GoldenModel("tied-tanh")
        Self.expectEqual("bf16", golden.model, try Self.batches(golden), .bf16)
    }

    @Test func withAdapters() throws {
        let golden = try AdapterTests.adapted("neo", AdapterTests.configs[1])
        Self.expectEqual("neo", golden.model, try Self.batches(golden))
    }

    /// RMSNorm, rotary positions, grouped queries, and a gate whose backward pass overwrites its activations.
    @Test func gated() throws {
        let model = try GatedModelTests.model(GatedModelTests.architecture(.none))
        Self.expectEqual("gated", model, [GatedModelTests.batch()])
        let adapted = model.adapted(AdapterConfig(targets: ["all"]), seed: 2)
        Self.expectEqual("LoRA", adapted, [GatedModelTests.batch()])
    }

    /// What blocks may have in addition; a norm of the feed-forward layer's result needs one more product.
    @Test(arguments: BlockVariantTests.variants) func variants(variant: BlockVariantTests.Variant) throws {
        Self.expectEqual(variant.name, try BlockVariantTests.model(variant), [GatedModelTests.batch()])
    }

    /// An evaluation with more rows than training has takes turns with training's memory, and changes nothing.
    @Test func aLargeEvaluationBetweenSteps() throws {
        let model = try GatedModelTests.model(GatedModelTests.architecture(.none))
        let (batch, pass) = (GatedModelTests.batch(), TrainingPass(model))
        var large = SequenceBatch()
        for example in 0..<3 {
            large.append(tokens: batch.tokens[0..<9], targets: batch.targets[0..<9], example: example)
        }
        var small = SequenceBatch()
        small.append(tokens: batch.tokens[0..<9], targets: batch.targets[0..<9], example: 0)
        func gradients() -> [UInt32] {
            let arena = FloatArena(count: model.layout.arenaCount)
            _ = pass.accumulateGradients(small, into: pass.gradientViews(in: arena), weightSum: 1)
            return arena.buffer.map(\.bitPattern)
        }
        let before = gradients()
        let loss = model.evaluate(large).weightedLoss
        #expect(gradients() == before)
        #expect(abs(loss - 3 * model.evaluate(small).weightedLoss) < 1e-5 * loss)
    }
}
