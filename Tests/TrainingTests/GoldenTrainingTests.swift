// Ten steps of AdamW against PyTorch in float64, full models and (against PEFT) LoRA: every loss, gradient norm and rate.

import Kernels
import Model
import TestSupport
import Testing
import Training

@Suite struct GoldenTrainingTests {
    /// Single precision over ten steps, each on the last one's weights: measured up to 2e-7. A wrong decay, a missing
    /// bias correction or an epsilon in the wrong place gives 1e-4 and more.
    static let lossTolerance = 2e-6
    /// The norm is a root of a sum over all gradients: measured up to 1e-6.
    static let normTolerance = 1e-5

    @Test(arguments: Fixture.all + [Fixture.adapted]) func tenStepsOfAdamW(name: String) throws {
        let golden = try GoldenModel(name)
        let (fixture, model) = (golden.fixture, golden.model)
        let (layout, weights) = model.trained
        #expect((model.adapters != nil) == (name == Fixture.adapted))
        let steps = try fixture.integer("steps")
        let schedule = LearningRateSchedule(
            shape: .cosine, peak: try fixture.number("learning_rate"),
            minimum: try fixture.number("minimum_learning_rate"), warmupSteps: try fixture.integer("warmup_steps"),
            totalSteps: steps)
        let optimizer = Optimizer(
            layout,
            .init(
                beta1: try fixture.number("beta1"), beta2: try fixture.number("beta2"),
                epsilon: try fixture.number("epsilon"), weightDecay: try fixture.number("weight_decay"),
                gradientClip: try fixture.number("gradient_clip")))
        let (rates, losses) = (try fixture.doubles("training/learningRate"), try fixture.doubles("training/loss"))
        let norms = try fixture.doubles("training/gradientNorm")
        #expect(rates.count == steps && losses.count == steps && norms.count == steps)

        let gradients = FloatArena(count: layout.arenaCount)
        let pass = TrainingPass(model)
        let views = pass.gradientViews(in: gradients)
        for step in 0..<steps {
            let batch = try golden.trainingBatch(step: step)
            let result = pass.accumulateGradients(batch, into: views, weightSum: batch.weightSum)
            let norm = optimizer.gradientNorm(gradients)
            expectClose(
                result.weightedLoss / result.weightSum, losses[step], Self.lossTolerance, "loss of step \(step)")
            expectClose(norm, norms[step], Self.normTolerance, "gradient norm of step \(step)")
            expectClose(schedule[step], rates[step], 1e-12, "learning rate of step \(step)")
            optimizer.update(
                weights, gradients: gradients, norm: norm, learningRate: schedule[step], number: step + 1)
            #expect(gradients.buffer.allSatisfy { $0 == 0 }, "the update does not clear gradients")
        }
        let after = model.evaluate(try golden.trainingBatch(step: steps - 1))
        expectClose(
            after.weightedLoss / after.weightSum, try fixture.double("training/lossAfter"), Self.lossTolerance,
            "loss after the last step")
    }

    /// The first moment after one step is (1 - beta1) times the gradient as the optimizer took it.
    @Test(arguments: [(0.5, 1.0), (1, 1), (4, 0.25), (100, 0.01)] as [(Double, Double)])
    func onlyGradientsBeyondTheLimitAreScaled(norm: Double, scale: Double) throws {
        let config = ModelShape(vocabularySize: 5, contextLength: 2, blockCount: 1, headCount: 1, modelWidth: 2)
        let layout = ParameterLayout(config)
        let optimizer = Optimizer(
            layout, .init(beta1: 0.75, beta2: 0.9, epsilon: 1e-8, weightDecay: 0, gradientClip: 1))
        let (weights, gradients) = (FloatArena(count: layout.arenaCount), FloatArena(count: layout.arenaCount))
        gradients.base[1] = Float(norm)
        #expect(optimizer.gradientNorm(gradients) == norm)
        optimizer.update(weights, gradients: gradients, norm: norm, learningRate: 1e-3, number: 1)
        expectClose(Double(optimizer.firstMoment.base[1]), 0.25 * norm * scale, 1e-6, "first moment")
    }

    private func expectClose(_ actual: Double, _ expected: Double, _ tolerance: Double, _ what: String) {
        let error = abs(actual - expected) / expected
        #expect(error <= tolerance, "\(what): \(actual) for \(expected)")
    }
}
