// The training step: how the batch is cut does not matter, what is not finite never arrives, and a model learns.

import Datasets
import Evaluation
import Foundation
import Kernels
import Model
import TestSupport
import Testing
import Training

@Suite struct TrainerTests {
    /// Dropout included, whose masks are keyed by the place in the global batch. Sums in another order move the last
    /// bits of a gradient; where it is only rounding, as that of the keys' bias is, AdamW's first steps would
    /// take it for a full one, except with an epsilon above the rounding.
    @Test(arguments: [0, 0.2])
    func theGlobalBatchMayBeCutAnyHow(dropout: Double) throws {
        let text = try TinyTraining.text(TinyText.lines(12))
        func train(_ batchSize: Int, _ accumulation: Int) throws -> (losses: [Double], weights: [Double]) {
            let trainer = TinyTraining.trainer(
                text,
                TinyTraining.config {
                    ($0.training.batchSize, $0.training.accumulation) = (batchSize, accumulation)
                    ($0.model.embeddingDropout, $0.model.attentionDropout) = (dropout, dropout)
                    $0.model.residualDropout = dropout
                    ($0.training.warmupSteps, $0.training.epsilon) = (0, 1e-6)
                })
            let losses = try (0..<3).map { _ in try trainer.step().loss }
            return (losses, trainer.model.weights.buffer.map(Double.init))
        }
        let full = try train(8, 1)
        for (batchSize, accumulation) in [(4, 2), (2, 4), (1, 8), (3, 3)] where batchSize * accumulation == 8 {
            let cut = try train(batchSize, accumulation)
            for (one, other) in zip(full.losses, cut.losses) { #expect(abs(one - other) < 1e-5 * one) }
            #expect(relativeError(cut.weights, full.weights) < 1e-5)
        }
        // Another batch would not pass.
        let other = try train(7, 1)
        #expect(relativeError(other.weights, full.weights) > 1e-4)
    }

    /// The loss of a step is the mean over its tokens, windows of different lengths included.
    @Test func theLossIsTheMeanOverTokens() throws {
        let text = try TinyTraining.text("ab\n1234567\nxyz\n")
        let config = TinyTraining.config { $0.training.batchSize = 3 }
        let model = TinyTraining.model(config)
        let expected = try #require(
            try Evaluator(window: 8, stride: 8).evaluate(
                model, text, tokenizer: TinyTraining.tokenizer, split: "train"))
        let report = try TinyTraining.trainer(text, config, model: model).step()
        #expect(abs(report.loss - expected.loss) < 1e-6 * expected.loss)
        #expect(report.tokens == 9 && report.step == 1 && report.epoch == 1 && report.incident == nil)
    }

    @Test func stepsEpochsAndPositions() throws {
        // Seven windows, three a step: the third step of an epoch has one window.
        let text = try TinyTraining.text("ab\ncd\nef\ngh\nij\nkl\nmn\n")
        let config = TinyTraining.config { ($0.training.batchSize, $0.training.steps) = (3, 4) }
        let trainer = TinyTraining.trainer(text, config)
        var reports: [StepReport] = []
        while !trainer.isFinished { reports.append(try trainer.step()) }
        #expect(reports.map(\.step) == [1, 2, 3, 4])
        #expect(reports.map(\.tokens) == [3, 3, 1, 3])
        let epochs: [Double] = [3.0 / 7, 6.0 / 7, 1, 1 + 3.0 / 7]
        #expect(reports.map(\.epoch) == epochs)
        let rates = (0..<4).map { trainer.schedule[$0] }
        #expect(reports.map(\.learningRate) == rates)
        #expect(trainer.state.epoch == 1 && trainer.state.position == 3 && trainer.state.updates == 4)
        #expect(trainer.state.windowWeight == 10)
    }

    /// A separate head, so that a broken row of the embedding reaches only the windows that hold its token.
    static let untied = TinyTraining.config {
        ($0.model.tiedHead, $0.data.shuffle, $0.training.batchSize) = (false, false, 1)
    }

    static func poison(_ model: Transformer, token: Character, _ value: Float) throws {
        let embedding = try #require(model.layout["wte.weight"])
        let row = Int(try #require(token.asciiValue))
        model.weights.base[embedding.offset + row * model.architecture.modelWidth + 3] = value
    }

    @Test(arguments: [Float.nan, .infinity])
    func aStepThatIsNotFiniteChangesNothing(value: Float) throws {
        let text = try TinyTraining.text("abc\ndef\ngZh\nijk\n")
        let model = TinyTraining.model(Self.untied)
        try Self.poison(model, token: "Z", value)
        let trainer = TinyTraining.trainer(text, Self.untied, model: model)
        for _ in 0..<2 { #expect(try trainer.step().incident == nil) }
        let (weights, state) = (model.weights.bits, trainer.state)
        let (first, second) = (trainer.optimizer.firstMoment.bits, trainer.optimizer.secondMoment.bits)

        let report = try trainer.step()
        let incident = try #require(report.incident)
        #expect(incident.spike == nil && incident.isSkipped && incident.inputs == ["t.txt:3"])
        #expect(report.step == 3 && !report.loss.isFinite)
        #expect(model.weights.bits == weights)
        #expect(trainer.optimizer.firstMoment.bits == first && trainer.optimizer.secondMoment.bits == second)
        var expected = state
        (expected.step, expected.position) = (3, 3)
        (expected.skippedSteps, expected.consecutiveSkips) = (1, 1)
        #expect(trainer.state == expected)
        #expect(trainer.state.updates == 2)

        // The next one is sound again: nothing of the broken gradient is left.
        let next = try trainer.step()
        #expect(next.incident == nil && next.loss.isFinite && next.gradientNorm.isFinite)
        #expect(trainer.state.skippedSteps == 1 && trainer.state.consecutiveSkips == 0 && trainer.state.updates == 3)
        #expect(model.weights.bits != weights)
    }

    /// As a skip leaves weights and moments alone, the run continues as if the step had not been.
    @Test func whatFollowsASkipIsUntouchedByIt() throws {
        func weightsAfter(_ lines: String, steps: Int) throws -> Bits {
            let model = TinyTraining.model(Self.untied)
            try Self.poison(model, token: "Z", .nan)
            var config = Self.untied
            config.training.schedule = .constant
            config.training.warmupSteps = 0
            let trainer = TinyTraining.trainer(try TinyTraining.text(lines), config, model: model)
            for _ in 0..<steps { _ = try trainer.step() }
            return model.weights.bits
        }
        #expect(try weightsAfter("abc\ngZh\nijk\n", steps: 3) == weightsAfter("abc\nijk\n", steps: 2))
    }

    @Test func fiveInARowEndTheRun() throws {
        let text = try TinyTraining.text("abc\nZde\nfZg\nhiZ j\nZ k\nlmZ n\nop\n")
        let model = TinyTraining.model(Self.untied)
        try Self.poison(model, token: "Z", .nan)
        let trainer = TinyTraining.trainer(text, Self.untied, model: model)
        for _ in 0..<5 { _ = try trainer.step() }
        #expect(trainer.state.consecutiveSkips == 4 && trainer.state.skippedSteps == 4)
        let weights = model.weights.bits
        let error = #expect(throws: TrainingError.self) { try trainer.step() }
        #expect(error == .diverged(steps: 5, lastStep: 6, inputs: ["t.txt:6"]))
        #expect(
            error?.description
                == "the loss or gradient was not finite in 5 steps in a row, the last being step 6 with t.txt:6")
        #expect(error?.hint?.contains("training.learningRate") == true)
        #expect(model.weights.bits == weights)
    }

    /// All of one batch by heart: the plainest proof that gradients point downhill everywhere.
    @Test func oneBatchIsLearnedByHeart() throws {
        let text = try TinyTraining.text("a sunny d\nbright sk\ncold rain\ndense fog\n")
        let config = TinyTraining.config {
            $0.training.learningRate = 1e-2
            $0.training.weightDecay = 0
            $0.training.steps = 150
        }
        let trainer = TinyTraining.trainer(text, config)
        var losses: [Double] = []
        while !trainer.isFinished { losses.append(try trainer.step().loss) }
        #expect(losses[0] > 3)
        #expect((losses.last ?? 9) < 0.05, "the loss goes from \(losses[0]) to \(losses.last ?? 9)")
    }
}
