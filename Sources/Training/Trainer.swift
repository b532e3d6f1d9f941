// The training step: batches, gradients over the accumulated batch, and the optimizer. Prints and writes nothing.

import Communication
import Datasets
import Evaluation
import Kernels
import Model
import Tokenizer

/// What one step did.
package struct StepReport: Sendable {
    /// Steps taken so far, this one included.
    package var step: Int
    /// Epochs passed, as a fraction.
    package var epoch: Double
    /// Mean loss per token, in nats.
    package var loss: Double
    package var learningRate: Double
    /// Before clipping.
    package var gradientNorm: Double
    /// Tokens read, and the windows that hold them.
    package var tokens: Int
    package var examples = 0
    /// Answer tokens, and those of them to which the model gave the largest logit before the update; and the windows that
    /// have answer tokens, and those in which all of these were right.
    package var answerTokens = 0
    package var answerTokensRight = 0
    package var answers = 0
    package var answersRight = 0
    package var seconds: Double
    /// The norm of each parameter's gradient, by its name; empty where `measuresGradients` is off.
    package var gradientNorms: [(name: String, norm: Double)] = []
    /// How long the update had to wait for a checkpoint; part of `seconds`.
    package var secondsHeld = 0.0
    /// What was wrong with the step; nil for almost all.
    package var incident: StepIncident?
    /// What a preference objective has measured; nil for others.
    package var preference: PreferenceMeasure?
    /// What the ranks had to wait for; nil where there is one.
    package var ranks: RankTimes?
}

/// How several processes got on with a step.
package struct RankTimes: Sendable, Equatable {
    /// Seconds for which each rank waited for sums after its own passes. The slowest rank waits least.
    package let waited: [Double]
    /// Seconds for which sums of gradients were under way on this rank, and the share of them during which it computed.
    package let transferred: Double
    package let hiddenShare: Double
}

/// A step whose loss or gradient was not what it should be.
package struct StepIncident: Sendable, Equatable {
    /// The spike; nil where the loss or gradient was not finite.
    package let spike: LossSpike?
    /// Whether the step changed nothing.
    package let isSkipped: Bool
    /// Where its inputs come from, `file:line` each.
    package let inputs: [String]
}

/// Takes one optimizer step at a time over a training set. Its `state`, the weights and the moments are all that a
/// checkpoint needs; nothing else is carried from step to step.
package final class Trainer {
    /// Steps without a finite gradient after which a run ends.
    package static let skipLimit = 5

    package let model: Transformer
    /// Of the training products.
    package var precision: Precision { gradients.pass.precision }
    package let optimizer: Optimizer
    package let schedule: LearningRateSchedule
    package var state: TrainingState
    package let data: TrainingSet
    /// Called when the gradients are there and before weights and moments change.
    package var beforeUpdate: () -> Void = {}
    /// What the last step did, also where it has thrown.
    package private(set) var lastReport: StepReport?
    /// Whether the next step reports the norm of each parameter's gradient, which takes one more pass over them.
    package var measuresGradients = false
    private let config: RunConfig
    private let tokenizer: Tokenizer
    private let gradients: StepGradients
    private var windows: [Window] = []
    private var windowsEpoch: Int?
    private var history: LossHistory

    /// - Parameters:
    ///   - config: resolved.
    ///   - state: where to resume; a new state for a new run.
    ///   - ranks: the processes that take each step together; nil for this one alone.
    ///   - reference: what the model that the run started from thinks of the answers; for preference objectives.
    package init(
        model: Transformer, data: TrainingSet, tokenizer: Tokenizer, config: RunConfig, state: TrainingState,
        ranks: RankGroup? = nil, reference: ReferenceScores? = nil
    ) {
        self.model = model
        self.data = data
        self.tokenizer = tokenizer
        self.config = config
        self.state = state
        history = LossHistory(state.recentLosses)
        schedule = config.learningRateSchedule(totalSteps: state.totalSteps)
        gradients = StepGradients(model, data, config, ranks: ranks, reference: reference)
        optimizer = Optimizer(
            model.trained.layout,
            .init(
                beta1: config.training.beta1, beta2: config.training.beta2, epsilon: config.training.epsilon,
                weightDecay: config.training.weightDecay, gradientClip: config.training.gradientClip),
            owned: gradients.owned)
    }

    /// Whether the schedule is at its end.
    package var isFinished: Bool { state.step >= state.totalSteps }

    /// Takes the next step: the gradient of the mean loss over `batchSize · accumulation` windows, clipped, then AdamW.
    ///
    /// A loss or gradient that is not finite never reaches weights or moments: the step counts, but changes nothing. The
    /// same holds for a loss far above the recent ones where the config says so.
    ///
    /// With several ranks each of them takes the same step: the loss, the norm and what follows from them are those of all.
    ///
    /// - Throws: `diverged` or `spikesInARow` after `skipLimit` such steps in a row; `communication` where the ranks lose one
    ///   another.
    package func step() throws(TrainingError) -> StepReport {
        let start = monotonicSeconds()
        let chosen = nextWindows()
        var counts = StepCounts(accuracy: StepAccuracy(promptLossWeight: Float(config.data.promptLossWeight)))
        let (loss, weightSum, times) = try gradients.accumulate(chosen, dropout: dropout, &counts)
        let (norm, norms) = try gradients.norms(optimizer, ofEach: measuresGradients)
        let learningRate = schedule[state.step]
        var report = StepReport(
            step: state.step + 1, epoch: Double(state.epoch), loss: loss / weightSum, learningRate: learningRate,
            gradientNorm: norm, tokens: chosen.reduce(0) { $0 + $1.count }, seconds: 0)
        (report.gradientNorms, report.ranks) = (norms, times)
        report.examples = chosen.count / data.windowsPerExample
        (report.answerTokens, report.answerTokensRight) = (counts.accuracy.tokens, counts.accuracy.tokensRight)
        (report.answers, report.answersRight) = (counts.accuracy.sequences, counts.accuracy.sequencesRight)
        report.preference = counts.preferenceSum
        let isFinite = loss.isFinite && norm.isFinite
        let spike = isFinite ? judge(report.loss) : nil
        let isSkipped = !isFinite || (spike != nil && config.training.lossSpikes == .skip)
        if !isFinite || spike != nil {
            report.incident = StepIncident(
                spike: spike, isSkipped: isSkipped, inputs: data.origins(chosen, tokenizer: tokenizer))
        }
        if !isSkipped {
            let waiting = monotonicSeconds()
            PartClock.measure(.saving) { beforeUpdate() }
            report.secondsHeld = monotonicSeconds() - waiting
            state.updates += 1
            try gradients.update(optimizer, norm: norm, learningRate: learningRate, number: state.updates)
            state.consecutiveSkips = 0
            state.windowLoss += loss
            state.windowWeight += weightSum
        } else {
            gradients.clear()
            state.skippedSteps += 1
            state.consecutiveSkips += 1
        }
        advance(past: chosen)
        report.epoch = Double(state.epoch) + Double(state.position) / Double(max(1, windows.count))
        report.seconds = monotonicSeconds() - start
        lastReport = report
        if state.consecutiveSkips >= Trainer.skipLimit {
            let inputs = report.incident?.inputs ?? []
            throw isFinite
                ? .spikesInARow(steps: state.consecutiveSkips, lastStep: state.step, inputs: inputs)
                : .diverged(steps: state.consecutiveSkips, lastStep: state.step, inputs: inputs)
        }
        return report
    }

    /// Compares a step's loss with those before it, and adds it to them.
    ///
    /// - Returns: nil where it is not a spike, and where nobody asks.
    private func judge(_ loss: Double) -> LossSpike? {
        guard config.training.lossSpikes != .ignore else { return nil }
        let spike = history.spike(loss, above: config.training.spikeDeviations)
        history.add(loss)
        // Otherwise it decides nothing, and the checkpoint stays as it would be without it.
        if config.training.lossSpikes == .skip { state.recentLosses = history.losses }
        return spike
    }

    /// The next step's windows: a full global batch, or what the epoch has left.
    private func nextWindows() -> ArraySlice<Window> {
        if windowsEpoch != state.epoch {
            windows = data.windows(epoch: state.epoch)
            windowsEpoch = state.epoch
        }
        let size = config.training.batchSize * config.training.accumulation * data.windowsPerExample
        return windows[state.position..<min(state.position + size, windows.count)]
    }

    private func advance(past chosen: ArraySlice<Window>) {
        state.step += 1
        state.position = chosen.endIndex
        if state.position >= windows.count {
            state.epoch += 1
            state.position = 0
        }
    }

    /// The moments for a checkpoint, as arenas of the model's layout; see `StepGradients.moments`.
    package func collectMoments() throws(TrainingError) -> (first: FloatArena, second: FloatArena)? {
        try gradients.moments(of: optimizer)
    }

    /// This step's masks, or nil where every rate is 0.
    private var dropout: TrainingDropout? {
        let rates = (config.model.embeddingDropout ?? 0, config.model.attentionDropout ?? 0)
        let residual = config.model.residualDropout ?? 0
        let adapter = config.adapter?.dropout ?? 0
        guard rates.0 > 0 || rates.1 > 0 || residual > 0 || adapter > 0 else { return nil }
        return TrainingDropout(
            embedding: Float(rates.0), attention: Float(rates.1), residual: Float(residual),
            adapter: Float(adapter), seed: UInt64(state.seed), step: UInt64(state.step))
    }
}
