// A poisoned line in the data: what the trainer does with the step that meets it.

import Kernels
import Testing
import Training

@Suite struct LossSpikeTests {
    private static func config(_ policy: LossSpikePolicy) -> RunConfig {
        TinyTraining.config {
            ($0.data.shuffle, $0.training.batchSize, $0.training.schedule) = (false, 1, .constant)
            ($0.training.learningRate, $0.training.warmupSteps, $0.training.lossSpikes) = (1e-2, 0, policy)
        }
    }

    /// Eighty equal lines, one step each, and then others that nothing has prepared for.
    private static func trainer(_ policy: LossSpikePolicy, odd: [String] = ["QZ@~#^%"]) throws -> Trainer {
        let lines = [String](repeating: "abcabca", count: 80) + odd + ["abcabca", "abcabca"]
        return TinyTraining.trainer(try TinyTraining.text(lines.joined(separator: "\n") + "\n"), config(policy))
    }

    private static func train(_ trainer: Trainer, steps: Int) throws {
        for _ in 0..<steps { #expect(try trainer.step().incident == nil) }
    }

    @Test func aWarningChangesNothing() throws {
        let (warned, ignored) = (try Self.trainer(.warn), try Self.trainer(.ignore))
        for trainer in [warned, ignored] { try Self.train(trainer, steps: 80) }
        let incident = try #require(try warned.step().incident)
        #expect(incident.inputs == ["t.txt:81"] && !incident.isSkipped)
        let spike = try #require(incident.spike)
        #expect(spike.deviations > 10 && spike.loss > spike.median)
        #expect(try ignored.step().incident == nil)
        for trainer in [warned, ignored] { try Self.train(trainer, steps: 1) }
        #expect(warned.model.weights.bits == ignored.model.weights.bits)
        #expect(warned.state.serialized() == ignored.state.serialized())
        #expect(warned.state.skippedSteps == 0 && warned.state.updates == 82)
    }

    @Test func aSkippedSpikeChangesNoWeight() throws {
        let trainer = try Self.trainer(.skip)
        try Self.train(trainer, steps: 80)
        let (weights, moment) = (trainer.model.weights.bits, trainer.optimizer.secondMoment.bits)
        let (loss, weight) = (trainer.state.windowLoss, trainer.state.windowWeight)
        let incident = try #require(try trainer.step().incident)
        #expect(incident.isSkipped && incident.spike != nil && incident.inputs == ["t.txt:81"])
        #expect(trainer.model.weights.bits == weights && trainer.optimizer.secondMoment.bits == moment)
        #expect(trainer.state.windowLoss == loss && trainer.state.windowWeight == weight)
        #expect(trainer.state.step == 81 && trainer.state.updates == 80)
        #expect(trainer.state.skippedSteps == 1 && trainer.state.consecutiveSkips == 1)
        #expect(trainer.state.recentLosses.count == LossHistory.length)
        try Self.train(trainer, steps: 1)
        #expect(trainer.state.consecutiveSkips == 0 && trainer.model.weights.bits != weights)
    }

    /// The checkpoint's state is all that a resumed run needs to judge as the straight one.
    @Test func aResumedRunSkipsTheSameStep() throws {
        let first = try Self.trainer(.skip)
        try Self.train(first, steps: 75)
        let resumed = try Self.trainer(.skip)
        let state = try TrainingState(serialized: Array(first.state.serialized().utf8))
        #expect(state.recentLosses.count == LossHistory.length)
        let second = Trainer(
            model: first.model, data: resumed.data, tokenizer: TinyTraining.tokenizer, config: Self.config(.skip),
            state: state)
        try Self.train(second, steps: 5)
        #expect(try second.step().incident?.isSkipped == true)
    }

    @Test func fiveInARowEndTheRun() throws {
        let trainer = try Self.trainer(.skip, odd: ["QZ@~#^%", "!U?&*)K", "QW=+[}:", "PO/|;]{", "MZ0987G"])
        try Self.train(trainer, steps: 80)
        for _ in 0..<4 { #expect(try trainer.step().incident?.isSkipped == true) }
        let error = #expect(throws: TrainingError.self) { try trainer.step() }
        #expect(error == .spikesInARow(steps: 5, lastStep: 85, inputs: ["t.txt:85"]))
        #expect(error?.hint?.contains("training.lossSpikes=warn") == true)
    }
}
