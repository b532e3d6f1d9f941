// Training in bfloat16 and generation from compact weights: close to float, and as exact where exactness is promised.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct PrecisionTests {
    /// A bfloat16 has eight significant bits: an operand is off by up to 4e-3, a gradient through a few layers by two or
    /// three times that.
    static let gradientTolerance = 3e-2

    @Test(
        .enabled(if: RoundedWeight.isSupported, "this processor or oneDNN multiplies no bfloat16"),
        arguments: Fixture.all)
    func gradientsInBFloat16(name: String) throws {
        let golden = try GoldenModel(name)
        let batch = try golden.batch()
        let layout = golden.model.layout
        // Training's own initial weights: the golden ones are so large that attention switches at a touch.
        layout.initialize(golden.model.weights, seed: 1)
        func gradients(_ precision: Precision) -> (FloatArena, Transformer.Result) {
            let (arena, pass) = (FloatArena(count: layout.arenaCount), TrainingPass(golden.model, precision: precision))
            let views = pass.gradientViews(in: arena)
            return (arena, pass.accumulateGradients(batch, into: views, weightSum: batch.weightSum))
        }
        let (float, floatResult) = gradients(.f32)
        let (rounded, roundedResult) = gradients(.bf16)
        #expect(abs(roundedResult.weightedLoss - floatResult.weightedLoss) < 1e-2 * floatResult.weightedLoss)
        for parameter in layout.parameters {
            let expected = float.buffer[parameter.range].map(Double.init)
            let error = relativeError(Array(rounded.buffer[parameter.range]), expected)
            #expect(error < Self.gradientTolerance, "\(parameter.name)")
        }
        #expect(
            !zip(float.buffer, rounded.buffer).allSatisfy { $0 == $1 }, "bf16 that gives float's gradients is not bf16")

        // Evaluation stays in float, and float comes back.
        let evaluated = golden.model.evaluate(batch)
        #expect(abs(evaluated.weightedLoss - floatResult.weightedLoss) < 2e-6 * floatResult.weightedLoss)
        let again = gradients(.f32).0
        #expect(zip(again.buffer, float.buffer).allSatisfy { $0 == $1 })
    }

    @Test(.enabled(if: RoundedWeight.isSupported, "this processor or oneDNN multiplies no bfloat16"))
    func changedWeightsAreTakenOver() throws {
        let golden = try GoldenModel(Fixture.all[0])
        let batch = try golden.batch()
        let pass = TrainingPass(golden.model, precision: .bf16)
        func loss() -> Double {
            let arena = FloatArena(count: golden.model.layout.arenaCount)
            return pass.accumulateGradients(batch, into: pass.gradientViews(in: arena), weightSum: 1).weightedLoss
        }
        let before = loss()
        let matrix = try #require(golden.model.layout["h.0.mlp.c_fc.weight"])
        pass.updateWeights { weights in
            for index in matrix.range { weights.base[index] *= 1.5 }
        }
        #expect(abs(loss() - before) > 1e-3 * before)
    }

    /// One pass with several tokens, of one text or of many, gives each the logits of a separate pass.
    @Test(arguments: Fixture.all, [nil] + WeightFormat.allCases)
    func severalTokensAtOnce(name: String, format: WeightFormat?) throws {
        let golden = try GoldenModel(name)
        let batch = try golden.batch()
        let (decoder, config) = (Decoder(golden.model, format: format), golden.model.architecture)
        let texts = batch.sequences.map { Array(batch.tokens[$0]) }
        func logits(_ matrix: Matrix) -> [[Float]] {
            (0..<matrix.rows).map { row in (0..<matrix.columns).map { matrix.row(row)[$0] } }
        }
        var alone: [[[Float]]] = []
        for text in texts {
            let cache = KeyValueCache(config)
            alone.append(text.map { logits(decoder.advanceTogether([(cache, [$0])]))[0] })
        }
        // All tokens of a text, as many as fit a pass.
        for (text, expected) in zip(texts, alone) {
            let cache = KeyValueCache(config)
            var found: [[Float]] = []
            for start in stride(from: 0, to: text.count, by: Decoder.mostTokens) {
                let part = Array(text[start..<min(start + Decoder.mostTokens, text.count)])
                found += logits(decoder.advanceTogether([(cache, part)]))
            }
            #expect(found == expected)
        }
        // All texts side by side.
        let caches = texts.map { _ in KeyValueCache(config) }
        for position in 0..<(texts.map(\.count).min() ?? 0) {
            let parts = texts.indices.prefix(Decoder.mostTokens).map { (caches[$0], [texts[$0][position]]) }
            let found = logits(decoder.advanceTogether(parts))
            #expect(found == texts.indices.prefix(Decoder.mostTokens).map { alone[$0][position] })
        }
    }
}
