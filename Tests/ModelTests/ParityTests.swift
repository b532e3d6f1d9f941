// The full model against PyTorch in float64: logits, loss and every gradient, with every parameter perturbed.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct ParityTests {
    /// Single precision over a few hundred terms a sum: measured 1e-6 to 3e-6; a wrong term gives 1e-2 and more.
    static let tolerance = 1e-5

    @Test(arguments: Fixture.all) func logits(name: String) throws {
        let golden = try GoldenModel(name)
        let batch = try golden.batch()
        let logits = golden.model.logits(batch)
        #expect(relativeError(Array(logits.buffer), try golden.fixture.doubles("logits")) < Self.tolerance)
    }

    @Test(arguments: Fixture.all) func lossAndEveryGradient(name: String) throws {
        let golden = try GoldenModel(name)
        let batch = try golden.batch()
        let gradients = FloatArena(count: golden.model.layout.arenaCount)
        let views = ModelParameters(golden.model.layout, in: gradients, golden.model.architecture)
        let result = TrainingPass(golden.model).accumulateGradients(batch, into: views, weightSum: batch.weightSum)
        let loss = try golden.fixture.double("loss")
        #expect(abs(result.weightedLoss / result.weightSum - loss) < 2e-6 * loss)

        let expected = Set(golden.fixture.names(under: "gradient/"))
        #expect(expected == Set(golden.model.layout.parameters.map(\.name)))
        for parameter in golden.model.layout.parameters {
            let actual = Array(gradients.buffer[parameter.range])
            let error = relativeError(actual, try golden.fixture.doubles("gradient/\(parameter.name)"))
            #expect(error < Self.tolerance, "\(parameter.name)")
        }
    }

    @Test(arguments: Fixture.all) func evaluationGivesTheSameLoss(name: String) throws {
        let golden = try GoldenModel(name)
        let result = golden.model.evaluate(try golden.batch())
        let loss = try golden.fixture.double("loss")
        #expect(abs(result.weightedLoss / result.weightSum - loss) < 2e-6 * loss)
    }

    @Test(arguments: Fixture.all) func decoderEqualsTheFullPass(name: String) throws {
        let golden = try GoldenModel(name)
        let batch = try golden.batch()
        let V = golden.model.architecture.vocabularySize
        let logits = golden.model.logits(batch)
        let decoder = Decoder(golden.model)
        let cache = KeyValueCache(golden.model.architecture)
        for sequence in batch.sequences {
            cache.truncate(to: 0)
            // The first tokens as a prompt, the others one by one.
            let prompt = (sequence.count + 1) / 2
            var step = decoder.advance(cache, by: Array(batch.tokens[sequence.prefix(prompt)]))
            for row in sequence.dropFirst(prompt - 1) {
                if row > sequence.lowerBound + prompt - 1 {
                    step = decoder.advance(cache, by: [batch.tokens[row]])
                }
                let expected = logits.buffer[(row * V)..<((row + 1) * V)].map(Double.init)
                #expect(relativeError((0..<V).map { step[$0] }, expected) < Self.tolerance)
            }
        }
    }
}
