// One complete run: from a config to a trained model in its folder, resuming where an earlier one stopped.

import Checkpoint
import Communication
import Conversations
import Datasets
import Evaluation
import Files
import Foundation
import Inference
import Kernels
import Model
import Models
import StrictJSON
import Tokenizer

/// Prepared by `prepare`, then driven by `run`. Prints nothing: it reports `Progress`, and asks whether to stop.
package final class TrainingRun {
    package let folder: RunFolder
    package let config: RunConfig
    package let trainer: Trainer
    package let tokenizer: Tokenizer
    package let summary: RunSummary
    let data: RunData
    let evaluator: Evaluator
    /// What the first model thinks of the validation split's answers; nil where likelihood is learned.
    private let reference: ReferenceScores?
    package let saved: SavedModel
    private let lock: RunLock
    private let report: (Progress) -> Void
    private let shouldStop: () -> StopReason?
    /// The other processes that train with this one, and the signal that has reached one of them.
    private let ranks: RankGroup?
    private var stopElsewhere: StopReason?
    private let shouldSave: () -> Bool
    private let metrics: MetricsLog
    private let timings: LineLog
    private let samples: LineLog
    private let incidents: OccasionalLog
    private let warnings: OccasionalLog
    private let events: EventFile
    /// Further numbers of each evaluation, for its line in the log.
    package var measureMore: ((Transformer) throws -> [(key: String, value: JSONOutput)])?
    private var watchdog: Watchdog
    /// nil once the run's time is estimated.
    private var stepTimes: StepTimes? = StepTimes()
    private let remainingWork: (_ secondsPerEvaluation: Double) -> RemainingWork
    /// Of the last evaluation, samples included.
    private var secondsPerEvaluation = 0.0
    /// Steps after which it stops as if it had been interrupted, with a checkpoint; nil to continue to the end. Unlike a signal,
    /// this never cuts off an evaluation.
    package var stopsAfter: Int?
    private var lastValidation: EvaluationResult?
    private var lastTrainLoss: Double?
    private var lastSavedStep: Int?
    /// Steps whose checkpoints are known to be good: the one resumed from, and those that were written since.
    private var goodSteps: [Int]
    private let saver = CheckpointSaver()
    private var tokensTrained = 0
    private var secondsTrained = 0.0

    init(
        _ prepared: PreparedRun, folder: RunFolder, lock: RunLock, ranks: RankGroup?,
        report: @escaping (Progress) -> Void, shouldStop: @escaping () -> StopReason?, shouldSave: @escaping () -> Bool
    ) throws {
        self.folder = folder
        self.lock = lock
        self.ranks = ranks
        self.report = report
        (self.shouldStop, self.shouldSave) = (shouldStop, shouldSave)
        (config, trainer, tokenizer) = (prepared.config, prepared.trainer, prepared.saved.tokenizer)
        (data, summary, saved) = (prepared.data, prepared.summary, prepared.saved)
        evaluator = prepared.evaluator
        remainingWork = { prepared.remainingWork(secondsPerEvaluation: $0) }
        let step = prepared.isResumed ? trainer.state.step : nil
        goodSteps = step.map { [$0] } ?? []
        if let continuation = prepared.continuation, continuation.isRewound {
            try folder.setAside(
                after: continuation.step, in: Continuation.asideName(step: continuation.stepsTaken),
                best: trainer.state.bestStep)
        }
        // An evaluation that is pending may have been logged already, by a process that could not save it.
        let isPending = trainer.state.evaluationPending
        metrics = try MetricsLog(folder: folder, upTo: step) { isPending && $0["validationLoss"] != nil }
        watchdog = Watchdog(
            earlier: metrics.validations, hasPatience: config.training.earlyStoppingPatience != nil)
        timings = try LineLog(path: folder.file("timings.jsonl"), upTo: step)
        samples = try LineLog(path: folder.file("samples.jsonl"), upTo: step) { _ in isPending }
        incidents = try OccasionalLog(path: folder.file(RunTroubles.incidents), upTo: step)
        warnings = try OccasionalLog(path: folder.file(RunTroubles.warnings), upTo: step)
        events = try EventFile(directory: folder.path, seconds: Int(Date().timeIntervalSince1970))
        lastSavedStep = step
        // A kill between a checkpoint's renaming and its naming leaves these at the previous save.
        if step != nil { try TrainingRun.name(trainer.state, in: folder) }
        trainer.beforeUpdate = { [saver] in saver.waitForCopy() }
        try AtomicFile.write(config.serialized(), to: folder.file("config.json"))
        try AtomicFile.write(prepared.origins.serialized(pretty: true) + "\n", to: folder.file("origins.json"))
        try AtomicFile.write(data.ledger.serialized(pretty: true) + "\n", to: folder.file("ledger.json"))
        try AtomicFile.write(data.trainingRows.serialized(), to: folder.file(TrainingRows.fileName))
        try prepared.references?.write(to: folder)
        reference = prepared.references?.splits[.validation]
        try MachineRecord.here(
            baseHash: prepared.baseWeightsHash, firstStep: trainer.state.step, plan: trainer.schedule.plan
        ).add(to: folder)
    }

    /// Trains until the schedule ends, a signal comes, or patience runs out; always leaves a checkpoint.
    package func run() throws -> RunResult {
        // Without this order the other processes would wait for ever.
        defer { try? order(.end) }
        return try train()
    }

    /// Has the other processes do their share.
    private func order(_ order: RankOrder) throws {
        guard let ranks else { return }
        stopElsewhere = try ranks.order(order) ?? stopElsewhere
    }

    /// Why to stop, if a signal has reached this process or another one.
    private var stopSignal: StopReason? { shouldStop() ?? stopElsewhere }

    private func train() throws -> RunResult {
        let start = monotonicSeconds()
        report(.started(summary))
        if trainer.state.step == 0 && lastSavedStep == nil { try evaluate() }
        if trainer.state.evaluationPending {
            try evaluate()
            try save()
        }
        var reason = StopReason.finished
        while !trainer.isFinished {
            if patienceIsOver {
                reason = .earlyStopping
                break
            }
            if let stop = pause ?? stopSignal {
                reason = stop
                break
            }
            let epoch = trainer.state.epoch
            try step()
            try measureBatch(epochBefore: epoch)
            if trainer.isFinished, trainer.state.updates == 0 {
                throw TrainingError.everyStepSkipped(steps: trainer.state.step)
            }
            if evaluationIsDue(epochBefore: epoch) { try evaluate() }
            let isAsked = shouldSave()
            if saveIsDue(epochBefore: epoch) || isAsked { try save() }
        }
        // A signal can also cut off the last step's evaluation, which --resume then makes up for.
        if trainer.state.evaluationPending, let stop = stopSignal { reason = stop }
        if lastSavedStep != trainer.state.step { try save() }
        try saver.waitForEnd()
        try reportSaved()
        if trainer.isFinished, goodSteps.count > 2 {
            // The one that was resumed from has served.
            folder.prune(keepLast: config.training.keepLast, keep: neededSteps.union(goodSteps.suffix(2)))
        }
        return result(reason, seconds: monotonicSeconds() - start)
    }

    /// One step, its notice if it was skipped, and its line in the log if one is due.
    private func step() throws {
        let isLogged = (trainer.state.step + 1) % config.training.logEvery == 0
        trainer.measuresGradients = isLogged || trainer.state.step + 1 == trainer.state.totalSteps
        let step: StepReport
        try order(.step(measuresGradients: trainer.measuresGradients))
        do { step = try trainer.step() } catch {
            // The step that ends the run is written down too; the error names it.
            if let last = trainer.lastReport, let incident = last.incident {
                try incidents.append(incident.members(last))
            }
            throw error
        }
        try reportSaved()
        secondsTrained += step.seconds
        tokensTrained += step.tokens
        if let incident = step.incident {
            let text = incident.text(step: step.step)
            try incidents.append(incident.members(step))
            if incident.isSkipped { report(.notice(text)) } else { warn([.init(.lossSpike, text)]) }
        }
        let rate = Double(tokensTrained) / max(secondsTrained, 1e-9)
        report(.step(step, totalSteps: trainer.state.totalSteps, tokensPerSecond: rate))
        estimate(step)
        guard step.step % config.training.logEvery == 0 || trainer.isFinished else { return }
        // nil where every step since the last line was skipped.
        let weight = trainer.state.windowWeight
        let loss = weight > 0 ? trainer.state.windowLoss / weight : nil
        trainer.state.windowLoss = 0
        trainer.state.windowWeight = 0
        lastTrainLoss = loss ?? lastTrainLoss
        try metrics.append(
            [
                ("step", .integer(step.step)), ("epoch", .number(step.epoch)),
                ("loss", loss.map { .number($0) } ?? .null), ("learningRate", .number(step.learningRate)),
                ("gradientNorm", .number(step.gradientNorm)), ("skippedSteps", .integer(trainer.state.skippedSteps)),
            ] + TrainingRun.rewards(step.preference)
                + (config.training.logAccuracy ? TrainingRun.accuracy(step) : []))
        try timings.append(
            [
                ("step", .integer(step.step)), ("seconds", .number(step.seconds)), ("tokensPerSecond", .number(rate)),
                ("mfu", .number(rate * summary.flopsPerToken / summary.peakFlopsPerSecond)),
                ("secondsHeld", .number(step.secondsHeld)), ("peakMemoryBytes", .integer(Memory.peakBytes)),
            ] + TrainingRun.times(of: step))
        watchMachine()
        try record(
            step: step.step,
            [("loss", loss ?? .nan), ("learningRate", step.learningRate), ("gradientNorm", step.gradientNorm)])
        try events.append(
            step: step.step, seconds: Date().timeIntervalSince1970,
            histograms: TrainingRun.byLayer(step.gradientNorms))
    }

    /// Says how long the run will take as soon as a few steps have shown it.
    private func estimate(_ step: StepReport) {
        guard var times = stepTimes else { return }
        times.add(seconds: step.seconds, tokens: step.tokens)
        stepTimes = times.isEnough ? nil : times
        guard times.isEnough, !trainer.isFinished, let time = times.estimate(remainingWork(secondsPerEvaluation))
        else { return }
        report(.estimated(time))
    }

    /// Measures one batch of the validation split, where `evaluation.batchEvery` or the end of an epoch asks for it. It
    /// is short, so that no signal cuts it off.
    private func measureBatch(epochBefore: Int) throws {
        guard let every = config.evaluation.batchEvery, let text = data.splits[.validation] else { return }
        let step = trainer.state.step
        guard step % every == 0 || evaluationIsDue(epochBefore: epochBefore) else { return }
        if let reference {
            let measure = PreferenceEvaluation(config).measure(trainer.model, text, reference, batch: step / every)
            return try metrics.append(
                [("step", .integer(step)), ("batchValidationLoss", measure.map { .number($0.loss) } ?? .null)]
                    + TrainingRun.rewards(measure, prefix: "batchValidationReward"))
        }
        guard
            let result = try evaluator.evaluate(
                trainer.model, text, tokenizer: tokenizer, split: "validation", batch: step / every)
        else { return }
        try metrics.append([
            ("step", .integer(step)), ("batchValidationLoss", .number(result.loss)),
            ("batchValidationTokenAccuracy", .number(result.tokenAccuracy)),
        ])
    }

    /// The same numbers for TensorBoard.
    private func record(step: Int, _ values: [(tag: String, value: Double)]) throws {
        try events.append(
            step: step, seconds: Date().timeIntervalSince1970, values: values.map { ($0.tag, Float($0.value)) })
    }

    /// Measures the validation split and continues the sample prompts.
    private func evaluate() throws {
        let (step, start) = (trainer.state.step, monotonicSeconds())
        guard let text = data.splits[.validation] else { return }
        try order(.evaluate)
        guard
            var result = try evaluator.evaluate(
                trainer.model, text, tokenizer: tokenizer, split: "validation",
                shouldStop: { stopSignal != nil },
                sharing: ranks.map { group in
                    RankedEvaluation(
                        group, { [unowned self] in stopSignal }, onStop: { [unowned self] in stopElsewhere = $0 })
                })
        else {
            trainer.state.evaluationPending = true
            return
        }
        if let reference {
            result.preference = PreferenceEvaluation(config).measure(
                trainer.model, text, reference, shouldStop: { stopSignal != nil })
            guard result.preference != nil else {
                trainer.state.evaluationPending = true
                return
            }
        }
        let loss = result.learnedLoss
        trainer.state.evaluationPending = false
        guard loss.isFinite else { throw TrainingError.lossNotFinite(step: step, loss: loss) }
        result.overlap = data.overlap[.validation]
        lastValidation = result
        let isBest = loss < trainer.state.bestLoss ?? .infinity
        if isBest {
            (trainer.state.bestLoss, trainer.state.bestStep) = (loss, step)
            trainer.state.evaluationsSinceBest = 0
        } else {
            trainer.state.evaluationsSinceBest += 1
        }
        try metrics.append(
            [
                ("step", .integer(step)), ("validationLoss", .number(loss)),
                ("validationPerplexity", .number(result.perplexity)),
                ("validationBitsPerByte", .number(result.bitsPerByte)),
                ("validationTokenAccuracy", .number(result.tokenAccuracy)),
            ]
                + TrainingRun.rewards(result.preference, prefix: "validationReward")
                + (config.training.logAccuracy
                    ? [("validationSequenceAccuracy", result.sequenceAccuracy.map { .number($0) } ?? .null)] : [])
                + (measureMore?(trainer.model) ?? []))
        try record(step: step, [("validationLoss", loss), ("validationPerplexity", result.perplexity)])
        report(.evaluated(step: step, result, isBest: isBest))
        warn(watchdog.evaluated(step: step, loss: loss))
        try continueSamples(step)
        secondsPerEvaluation = monotonicSeconds() - start
    }

    private func continueSamples(_ step: Int) throws {
        guard !config.evaluation.samples.isEmpty else { return }
        let texts = SampleTexts(trainer.model, saved, config)
        for (index, prompt) in config.evaluation.samples.enumerated() {
            let written = try texts.text(after: prompt)
            try samples.append([
                ("step", .integer(step)), ("prompt", .string(prompt)), ("text", .string(written)),
            ])
            // Indented, Markdown shows it letter by letter.
            let text = ["prompt:", prompt, "", "answer:", written].joined(separator: "\n")
                .split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }.joined(separator: "\n")
            try events.append(
                step: step, seconds: Date().timeIntervalSince1970, texts: [("samples/\(index + 1)", text)])
            report(.sample(step: step, prompt: prompt, text: written))
        }
    }

    /// Begins a checkpoint of this moment; when it is on the disk, moves `latest` and `best` and deletes what is too
    /// old.
    private func save() throws {
        let (folder, config, state) = (folder, config, trainer.state)
        // Two checkpoints that are known to be good stay, and the one that was resumed from, whatever other files the
        // folder has.
        let kept = neededSteps.union(goodSteps.prefix(1)).union(goodSteps.suffix(1))
        watchMachine()
        try metrics.synchronize()
        try samples.synchronize()
        try saver.waitForEnd()
        try reportSaved()
        if ranks != nil, config.training.shardOptimizer { try order(.collectMoments) }
        let optimizer = trainer.optimizer
        let moments = try trainer.collectMoments() ?? (optimizer.firstMoment, optimizer.secondMoment)
        try saver.begin(
            step: state.step, path: folder.checkpoint(step: state.step),
            content: try saved.content(moments: moments, state: state), keeping: [moments.0, moments.1]
        ) {
            try TrainingRun.name(state, in: folder)
            folder.prune(keepLast: config.training.keepLast, keep: kept)
        }
        lastSavedStep = state.step
        goodSteps.append(state.step)
    }

    /// Warns where memory or the disk is running short.
    private func watchMachine() {
        warn(
            watchdog.measured(
                memory: Memory.availableBytes, disk: FreeSpace.bytes(of: folder.path),
                checkpointBytes: summary.checkpointBytes))
    }

    /// Tells whoever watches, and those who come later.
    private func warn(_ found: [Watchdog.Warning]) {
        for warning in found {
            report(.warning(warning.text))
            // A warning ends no run, least of all that of a full disk.
            try? warnings.append([
                ("step", .integer(trainer.state.step)), ("warning", .string(warning.kind.rawValue)),
                ("text", .string(warning.text)),
            ])
        }
    }

    /// Checkpoints that stay, however old: the best; the ends of epochs where the config asks for them; and a longer run can
    /// continue from before the cooldown.
    private var neededSteps: Set<Int> {
        let ends = config.training.keepEpochs ? folder.checkpointSteps().filter(isEndOfEpoch) : []
        return Set([trainer.state.bestStep] + ends + (trainer.schedule.cooldownStart.map { [$0] } ?? []))
    }

    /// Writes `latest` and, if this is the best so far, `best`.
    private static func name(_ state: TrainingState, in folder: RunFolder) throws {
        let name = RunFolder.checkpointName(step: state.step)
        try AtomicFile.write(name + "\n", to: folder.file("latest"))
        guard state.bestStep == state.step || state.bestLoss == nil else { return }
        try AtomicFile.write(name + "\n", to: folder.file("best"))
    }

    /// Tells of a checkpoint that has reached the disk.
    private func reportSaved() throws {
        guard let saved = try saver.takeSaved() else { return }
        report(.saved(step: saved.step, path: saved.path, seconds: saved.seconds))
    }

    private func evaluationIsDue(epochBefore: Int) -> Bool {
        if trainer.isFinished { return true }
        guard let every = config.evaluation.every else { return trainer.state.epoch != epochBefore }
        return trainer.state.step % every == 0
    }

    /// A new best is always saved, so that `best` can name it; and the last step before a cooldown. After a
    /// skipped step nothing is saved: the weights may be what is wrong, and their copies would push out good ones.
    private func saveIsDue(epochBefore: Int) -> Bool {
        if trainer.state.bestStep == trainer.state.step, trainer.state.bestLoss != nil { return true }
        if trainer.state.consecutiveSkips > 0, !trainer.isFinished { return false }
        if trainer.schedule.cooldownStart == trainer.state.step { return true }
        if config.training.keepEpochs, trainer.state.epoch != epochBefore { return true }
        guard let every = config.training.saveEvery else { return evaluationIsDue(epochBefore: epochBefore) }
        return trainer.state.step % every == 0 || trainer.isFinished
    }

    /// Of rows, which are not cut, every epoch has the same number of steps.
    private func isEndOfEpoch(_ step: Int) -> Bool { step > 0 && step % max(1, summary.stepsPerEpoch) == 0 }

    /// Why to stop where `stopsAfter` is reached.
    private var pause: StopReason? {
        guard let stopsAfter, trainer.state.step >= stopsAfter else { return nil }
        return .interrupt
    }

    private var patienceIsOver: Bool {
        guard let patience = config.training.earlyStoppingPatience else { return false }
        return trainer.state.evaluationsSinceBest >= patience
    }

    private func result(_ reason: StopReason, seconds: Double) -> RunResult {
        let state = trainer.state
        let windows = trainer.data.windowCount(epoch: state.epoch)
        return RunResult(
            run: folder.name, steps: state.step, epochs: Double(state.epoch) + Double(state.position) / Double(windows),
            trainLoss: lastTrainLoss, validation: lastValidation,
            bestCheckpoint: try? folder.best(), lastCheckpoint: lastSavedStep.map { folder.checkpoint(step: $0) },
            tokensPerSecond: Double(tokensTrained) / max(secondsTrained, 1e-9),
            peakMemoryBytes: Memory.peakBytes, seconds: seconds, stopped: reason)
    }
}
