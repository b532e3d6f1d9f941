// A frozen base in few bytes: LoRA on it is LoRA on the values that it stands for, forward and backward.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct FrozenBaseTests {
    private static let formats = [WeightFormat.bf16, .int8, .q4]

    /// The model's weights, rounded one by one.
    private static func freeze(_ model: Transformer, _ format: WeightFormat) -> FrozenBase {
        let base = FrozenBase(model.architecture, model.layout, format: format)
        for parameter in model.layout.parameters {
            base.store(parameter, UnsafeMutableBufferPointer(rebasing: model.weights.buffer[parameter.range]))
        }
        return base
    }

    /// The frozen model and one in float of the values that it stands for, with equal adapters whose B is not zero.
    private static func pair(
        _ model: Transformer, _ format: WeightFormat, _ config: AdapterConfig
    ) throws -> (frozen: Transformer, float: Transformer) {
        let base = freeze(model, format)
        let models = (
            Transformer(base).adapted(config, seed: 1),
            Transformer(model.architecture, weights: base.decoded()).adapted(config, seed: 1)
        )
        for made in [models.0, models.1] {
            let adapters = try #require(made.adapters)
            var generator = SplitMix64(seed: 4)
            for parameter in adapters.layout.parameters {
                for index in parameter.range { adapters.weights.base[index] = Float(generator.normalPair().0 * 0.2) }
            }
        }
        return models
    }

    private static func gradients(_ model: Transformer, _ batch: SequenceBatch) -> (loss: Double, values: [Float]) {
        let dropout = TrainingDropout(embedding: 0.1, attention: 0.1, residual: 0.1, adapter: 0.1, seed: 5, step: 9)
        let pass = TrainingPass(model, recomputesActivations: true)
        let arena = FloatArena(count: model.trained.layout.arenaCount)
        let result = pass.accumulateGradients(
            batch, into: pass.gradientViews(in: arena), weightSum: batch.weightSum, dropout: dropout)
        return (result.weightedLoss, Array(arena.buffer))
    }

    private static func check(_ model: Transformer, _ batch: SequenceBatch, _ format: WeightFormat) throws {
        let (frozen, float) = try pair(model, format, AdapterConfig(rank: 2, alpha: 3, targets: ["all"]))
        #expect(frozen.weights.count == 0)
        let (own, expected) = (gradients(frozen, batch), gradients(float, batch))
        #expect(abs(own.loss - expected.loss) < 1e-5 * expected.loss)
        for parameter in float.trained.layout.parameters {
            let theirs = expected.values[parameter.range].map(Double.init)
            #expect(relativeError(Array(own.values[parameter.range]), theirs) < 1e-5, "\(parameter.name)")
        }
        let loss = float.evaluate(batch).weightedLoss
        #expect(abs(frozen.evaluate(batch).weightedLoss - loss) < 1e-5 * loss)
        #expect(abs(loss - model.evaluate(batch).weightedLoss) > 1e-5 * loss, "the adapters do nothing")
        let (logits, theirs) = (frozen.logits(batch), float.logits(batch))
        #expect(relativeError(Array(logits.buffer), theirs.buffer.map(Double.init)) < 1e-5)
        // Rounding itself is far larger than what was compared.
        let rounded = Self.freeze(model, format).decoded()
        let error = withExtendedLifetime(rounded) {
            relativeError(Array(rounded.buffer), model.weights.buffer.map(Double.init))
        }
        #expect(error > 1e-3 && error < 0.2)
    }

    /// Heads that are tied and that are not, with and without learned positions.
    @Test(arguments: ["tied-tanh", "untied-exact", "neo", "ragged"], formats)
    func equalsFloatOnTheSameValues(name: String, format: WeightFormat) throws {
        let golden = try GoldenModel(name)
        try Self.check(golden.model, golden.batch(), format)
    }

    @Test(arguments: formats, [false, true]) func gated(format: WeightFormat, biases: Bool) throws {
        let model = try GatedModelTests.model(GatedModelTests.architecture(.none, biases: biases))
        try Self.check(model, GatedModelTests.batch(), format)
    }

    /// Norms of heads and results, parallel layers, a scaled embedding, capped logits, windows.
    @Test(arguments: BlockVariantTests.variants) func variants(variant: BlockVariantTests.Variant) throws {
        try Self.check(try BlockVariantTests.model(variant), GatedModelTests.batch(), .int8)
    }

    /// The adapters' gradients are the slopes of the frozen model's own loss.
    @Test(arguments: formats) func gradientsAreTheSlopes(format: WeightFormat) throws {
        let golden = try GoldenModel("tied-tanh")
        let (model, batch) = (
            try Self.pair(golden.model, format, AdapterConfig(rank: 2, alpha: 3, targets: ["all"])).frozen,
            try golden.batch()
        )
        let adapters = try #require(model.adapters)
        let (gradients, pass) = (FloatArena(count: adapters.layout.arenaCount), TrainingPass(model))
        _ = pass.accumulateGradients(batch, into: pass.gradientViews(in: gradients), weightSum: 1)
        for parameter in adapters.layout.parameters {
            var (actual, slopes) = ([Float](), [Double]())
            for index in parameter.range.prefix(12) {
                let value = adapters.weights.base[index]
                func loss(_ change: Float) -> Double {
                    adapters.weights.base[index] = value + change
                    defer { adapters.weights.base[index] = value }
                    return model.evaluate(batch).weightedLoss
                }
                actual.append(gradients.base[index])
                slopes.append((loss(1e-2) - loss(-1e-2)) / 2e-2)
            }
            #expect(relativeError(actual, slopes) < 1e-2, "\(parameter.name)")
        }
    }

    /// Generation's pass on a frozen base: the logits of the complete pass.
    @Test(arguments: formats) func decoder(format: WeightFormat) throws {
        let golden = try GoldenModel("tied-tanh")
        let (batch, model) = (try golden.batch(), Transformer(Self.freeze(golden.model, format)))
        let tokens = Array(batch.tokens[batch.sequences[0]])
        var one = SequenceBatch()
        one.append(tokens: tokens, targets: tokens, example: 0)
        let (arena, V) = (model.logits(one), model.architecture.vocabularySize)
        let (decoder, cache) = (Decoder(model), KeyValueCache(model.architecture))
        for (position, token) in tokens.enumerated() {
            let logits = decoder.advance(cache, by: [token])
            let expected = (0..<V).map { Double(arena.base[position * V + $0]) }
            #expect(relativeError((0..<V).map { logits[$0] }, expected) < 1e-5)
        }
    }

    /// Bytes of the matrices and of the vectors, of a shape without partial blocks.
    @Test func theBytes() {
        let layout = ParameterLayout(
            ModelShape(
                vocabularySize: 640, contextLength: 32, blockCount: 1, headCount: 2, modelWidth: 64,
                feedForwardWidth: 128, biases: false))
        let (weights, columns) = (640 * 64 + 64 * 192 + 64 * 64 + 2 * 64 * 128, 640 + 192 + 64 + 128 + 64)
        let vectors = 4 * (32 * 64 + 3 * 64)
        for (format, bits) in [(WeightFormat.bf16, 16.0), (.int8, 8.5), (.q4, 4.5)] {
            let expected = Int(bits / 8 * Double(weights)) + 4 * columns + vectors
            #expect(FrozenBase.byteCount(layout, format: format) == expected, "\(format)")
        }
    }
}
