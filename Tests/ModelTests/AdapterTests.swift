// LoRA's matrices: their part of the output, their gradients, and that everything else stays as it is.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct AdapterTests {
    static let configs = [
        AdapterConfig(rank: 2, alpha: 6, targets: ["c_attn"]), AdapterConfig(rank: 3, alpha: 2, targets: ["all"]),
        AdapterConfig(rank: 1, alpha: 1, targets: ["mlp.c_proj", "attn.c_proj"]),
    ]

    /// A golden model with adapters whose B is not zero any more.
    static func adapted(_ name: String, _ config: AdapterConfig) throws -> GoldenModel {
        let golden = try GoldenModel(name).adapted(config, seed: 3)
        let adapters = try #require(golden.model.adapters)
        var generator = SplitMix64(seed: 4)
        for parameter in adapters.layout.parameters {
            for index in parameter.range { adapters.weights.base[index] = Float(generator.normalPair().0 * 0.2) }
        }
        return golden
    }

    static func loss(_ model: Transformer, _ batch: SequenceBatch) -> Double { model.evaluate(batch).weightedLoss }

    @Test(arguments: Fixture.all, [configs[1]])
    func aNewAdapterChangesNothing(name: String, config: AdapterConfig) throws {
        let golden = try GoldenModel(name)
        let batch = try golden.batch()
        let before = Self.loss(golden.model, batch)
        #expect(Self.loss(golden.model.adapted(config, seed: 1), batch) == before)
    }

    /// Every element's gradient against the central difference of the loss. The loss is a double made of floats, so the
    /// difference is good to about 1e-3.
    @Test(arguments: ["tied-tanh", "wide"], configs) func gradients(name: String, config: AdapterConfig) throws {
        let golden = try Self.adapted(name, config)
        let (model, batch) = (golden.model, try golden.batch())
        let adapters = try #require(model.adapters)
        let (base, gradients) = (Array(model.weights.buffer), FloatArena(count: adapters.layout.arenaCount))
        let pass = TrainingPass(model)
        let result = pass.accumulateGradients(batch, into: pass.gradientViews(in: gradients), weightSum: 1)
        #expect(abs(result.weightedLoss - Self.loss(model, batch)) < 1e-6 * result.weightedLoss)
        let step: Float = 1e-2
        for parameter in adapters.layout.parameters {
            var (actual, slopes) = ([Float](), [Double]())
            for index in parameter.range.prefix(24) {
                let value = adapters.weights.base[index]
                adapters.weights.base[index] = value + step
                let above = Self.loss(model, batch)
                adapters.weights.base[index] = value - step
                let below = Self.loss(model, batch)
                adapters.weights.base[index] = value
                actual.append(gradients.base[index])
                slopes.append((above - below) / Double(2 * step))
            }
            #expect(relativeError(actual, slopes) < 1e-2, "\(parameter.name)")
        }
        #expect(zip(model.weights.buffer, base).allSatisfy { $0 == $1 })
    }

    /// What is in the gradients before, of an earlier batch, is still in them afterwards.
    @Test(arguments: configs) func gradientsAddUp(config: AdapterConfig) throws {
        let golden = try Self.adapted("tied-tanh", config)
        let (model, batch) = (golden.model, try golden.batch())
        let adapters = try #require(model.adapters)
        let pass = TrainingPass(model)
        func gradients(batches: Int) -> [Double] {
            let arena = FloatArena(count: adapters.layout.arenaCount)
            for _ in 0..<batches {
                _ = pass.accumulateGradients(batch, into: pass.gradientViews(in: arena), weightSum: 1)
            }
            return arena.buffer.map(Double.init)
        }
        let (one, two) = (gradients(batches: 1), gradients(batches: 2))
        #expect(relativeError(two.map { Float($0) }, one.map { 2 * $0 }) < 1e-6)
    }

    @Test(arguments: Fixture.all, configs) func mergedWeightsGiveTheSame(name: String, config: AdapterConfig) throws {
        let golden = try Self.adapted(name, config)
        let batch = try golden.batch()
        let separate = golden.model.logits(batch)
        let plain = golden.model.merged()
        #expect(plain.adapters == nil)
        let merged = plain.logits(batch)
        #expect(relativeError(Array(merged.buffer), separate.buffer.map(Double.init)) < 1e-5)
    }

    /// With dropout the same masks fall whatever the cut of the batch, and the gradient is that of the masked loss.
    @Test func dropoutOfTheInput() throws {
        let golden = try Self.adapted("tied-tanh", Self.configs[1])
        let (model, batch) = (golden.model, try golden.batch())
        let adapters = try #require(model.adapters)
        func gradients(_ rate: Float, step: UInt64) -> (FloatArena, Double) {
            let arena = FloatArena(count: adapters.layout.arenaCount)
            let dropout = TrainingDropout(
                embedding: 0, attention: 0, residual: 0, adapter: rate, seed: 1, step: step)
            let pass = TrainingPass(model)
            let result = pass.accumulateGradients(
                batch, into: pass.gradientViews(in: arena), weightSum: 1, dropout: dropout)
            return (arena, result.weightedLoss)
        }
        let (first, second, third) = (gradients(0.3, step: 1), gradients(0.3, step: 1), gradients(0.3, step: 2))
        #expect(first.1 == second.1 && first.1 != third.1)
        #expect(gradients(0, step: 1).1 != first.1)
        let name = "h.0.attn.c_attn.lora_A"
        let parameter = try #require(adapters.layout[name])
        for index in parameter.range.prefix(16) {
            let value = adapters.weights.base[index]
            adapters.weights.base[index] = value + 1e-2
            let above = gradients(0.3, step: 1).1
            adapters.weights.base[index] = value - 1e-2
            let below = gradients(0.3, step: 1).1
            adapters.weights.base[index] = value
            let slope = (above - below) / 2e-2
            #expect(abs(Double(first.0.base[index]) - slope) < 2e-2 * max(1, abs(slope)))
        }
    }

    @Test func theList() throws {
        let shape = ModelShape(
            vocabularySize: 11, contextLength: 8, blockCount: 2, headCount: 2, modelWidth: 6, feedForwardWidth: 10)
        func names(_ targets: [String]) -> [String] {
            ParameterLayout(adapters: AdapterConfig(rank: 2, targets: targets), of: Architecture(gpt2: shape))
                .parameters
                .filter { $0.name.hasPrefix("h.1.") }.map { "\($0.name) \($0.shape)" }
        }
        #expect(names(["c_attn"]) == ["h.1.attn.c_attn.lora_A [6, 2]", "h.1.attn.c_attn.lora_B [2, 18]"])
        #expect(names(["mlp.c_proj"]) == ["h.1.mlp.c_proj.lora_A [10, 2]", "h.1.mlp.c_proj.lora_B [2, 6]"])
        #expect(names(["c_proj"]).count == 4 && names(["all"]).count == 8)
        #expect(names(["attention"]) == names(["attn.c_attn", "attn.c_proj"]))
        let architecture = Architecture(gpt2: shape)
        #expect(AdapterConfig(targets: ["c_attn", "q_proj"]).unknownTarget(in: architecture) == "q_proj")
        #expect(AdapterConfig(targets: ["attention", "mlp.c_fc"]).unknownTarget(in: architecture) == nil)
    }
}
