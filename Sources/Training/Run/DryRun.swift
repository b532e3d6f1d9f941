// A rehearsal: everything a run would do before its first save, measured, and nothing written.

import Datasets
import Model
import Models

/// What to expect of a run.
package struct DryRun: Sendable {
    package var summary: RunSummary
    /// Steps that were taken; the first one is not part of the measurement.
    package var measuredSteps: Int
    package var tokensPerSecond: Double
    /// Of the complete run, evaluations included.
    package var expectedSeconds: Double
    package var peakMemoryBytes: Int
    package var checkpointBytes: Int

    /// Prepares the run and takes a few real steps.
    package static func measure(_ request: RunRequest, notice: (String) -> Void) throws -> DryRun {
        let prepared = try PreparedRun.prepare(request, notice: notice)
        let trainer = prepared.trainer
        let wanted = min(4, trainer.state.totalSteps - trainer.state.step)
        var (seconds, tokens, steps) = (0.0, 0, 0)
        for index in 0..<max(wanted, 0) {
            let report = try trainer.step()
            // The first step reserves memory and fills caches.
            guard index > 0 || wanted == 1 else { continue }
            seconds += report.seconds
            tokens += report.tokens
            steps += 1
        }
        let rate = Double(tokens) / max(seconds, 1e-9)
        // Masked tokens take as much time as learned ones.
        let perEpoch = prepared.data.splits[.train]?.tokens.count ?? 0
        let perStep = Double(perEpoch) / Double(max(1, prepared.summary.stepsPerEpoch))
        let left = Double(prepared.summary.totalSteps - prepared.summary.firstStep)
        // An evaluation only goes forward: about a third of a step's work for each token.
        let every = prepared.config.evaluation.every ?? prepared.summary.stepsPerEpoch
        let evaluations = left / Double(max(1, every)) + 1
        let evaluated = Double(prepared.data.splits[.validation]?.tokens.count ?? 0) * evaluations
        return DryRun(
            summary: prepared.summary, measuredSteps: steps, tokensPerSecond: rate,
            expectedSeconds: steps > 0 ? (perStep * left + evaluated / 3) / rate : 0,
            peakMemoryBytes: Memory.peakBytes,
            checkpointBytes: 12 * prepared.summary.trainedParameters)
    }
}
