// A rehearsal: everything a run would do before its first save, measured, and nothing written.

import Datasets
import Evaluation
import Kernels
import Model
import Models

/// What to expect of a run.
package struct DryRun: Sendable {
    package var summary: RunSummary
    /// Of the steps that are left, with evaluations and checkpoints; nil where none is left.
    package var time: TimeEstimate?
    package var peakMemoryBytes: Int
    package var checkpointBytes: Int { summary.checkpointBytes }

    package var tokensPerSecond: Double { time?.tokensPerSecond ?? 0 }
    package var expectedSeconds: Double { time?.seconds ?? 0 }

    /// Batches of the validation split are measured for at least so long.
    private static let evaluationSeconds = 2.0

    /// Prepares the run, and takes a few real steps, evaluates a few batches and writes a sample.
    package static func measure(_ request: RunRequest, notice: (String) -> Void) throws -> DryRun {
        var request = request
        request.isRehearsal = true
        let prepared = try PreparedRun.prepare(request, notice: notice)
        let trainer = prepared.trainer
        var times = StepTimes()
        while !trainer.isFinished, !times.isEnough {
            let report = try trainer.step()
            times.add(seconds: report.seconds, tokens: report.tokens)
        }
        let judging = secondsOfJudging(prepared)
        let evaluation = try secondsPerEvaluation(prepared) + judging.evaluation
        var work = prepared.remainingWork(secondsPerEvaluation: evaluation)
        work.secondsBefore = judging.reference
        return DryRun(
            summary: prepared.summary, time: times.estimate(work), peakMemoryBytes: Memory.peakBytes)
    }

    /// What a preference objective adds: to each evaluation, and once for what the first model thinks of all answers.
    private static func secondsOfJudging(_ prepared: PreparedRun) -> (evaluation: Double, reference: Double) {
        let objective = prepared.config.method.objective
        guard objective.isPreference else { return (0, 0) }
        let set = prepared.trainer.data
        let windows = set.windows(epoch: 0)
        let size = prepared.config.training.batchSize * set.windowsPerExample
        let start = monotonicSeconds()
        var (tokens, position) = (0, 0)
        while position < windows.count, tokens == 0 || monotonicSeconds() - start < evaluationSeconds {
            let part = windows[position..<min(position + size, windows.count)]
            _ = prepared.trainer.model.evaluate(set.batch(part, first: 0))
            tokens += part.reduce(0) { $0 + $1.count }
            position = part.endIndex
        }
        // `kto` also looks at each prompt with another answer.
        let perToken = (monotonicSeconds() - start) / Double(max(1, tokens)) * (objective == .kto ? 2 : 1)
        func seconds(_ split: Split) -> Double { perToken * Double(prepared.data.splits[split]?.tokens.count ?? 0) }
        let isScored = objective.needsReference && !prepared.isResumed
        return (seconds(.validation), isScored ? seconds(.train) + seconds(.validation) : 0)
    }

    /// Of the validation split and the samples.
    private static func secondsPerEvaluation(_ prepared: PreparedRun) throws -> Double {
        guard let text = prepared.data.splits[.validation] else { return 0 }
        let (evaluator, model) = (prepared.evaluator, prepared.trainer.model)
        let batches = evaluator.batchCount(text)
        let start = monotonicSeconds()
        var (measured, spent) = (0, 0.0)
        // The first batch counts only while it is the only one.
        var first = 0.0
        while measured < batches, spent < evaluationSeconds {
            _ = try evaluator.evaluate(
                model, text, tokenizer: prepared.saved.tokenizer, split: "validation", batch: measured)
            measured += 1
            spent = monotonicSeconds() - start
            if measured == 1 { first = spent }
        }
        let perBatch = measured > 1 ? (spent - first) / Double(measured - 1) : first
        let samples = prepared.config.evaluation.samples
        guard let prompt = samples.first else { return perBatch * Double(batches) }
        let started = monotonicSeconds()
        _ = try SampleTexts(model, prepared.saved, prepared.config).text(after: prompt)
        return perBatch * Double(batches) + (monotonicSeconds() - started) * Double(samples.count)
    }
}
