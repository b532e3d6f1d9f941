// A run on every rank but the first: it computes its share, and writes and prints nothing.

import Communication
import Models

package enum FollowingRun {
    /// Prepares and follows the first rank's orders until it ends the run.
    ///
    /// - Parameter stopSignal: the signal that has reached this process, of which the first rank is told.
    package static func run(
        _ request: RunRequest, in group: RankGroup, stopSignal: @escaping () -> StopReason?
    ) throws {
        guard let prepared = try group.prepare(request, notice: { _ in }) else { return }
        let (trainer, sharing) = (prepared.trainer, RankedEvaluation(group, stopSignal))
        while true {
            switch try group.nextOrder(stopSignal()) {
            case .step(let measures):
                trainer.measuresGradients = measures
                do { _ = try trainer.step() } catch TrainingError.communication(let error) {
                    throw TrainingError.communication(error)
                } catch {
                    // The first rank has the same error, and says so.
                }
            case .evaluate:
                guard let text = prepared.data.splits[.validation] else { continue }
                _ = try prepared.evaluator.evaluate(
                    trainer.model, text, tokenizer: prepared.saved.tokenizer, split: "validation", sharing: sharing)
            case .collectMoments: _ = try trainer.collectMoments()
            case .end: return
            }
        }
    }
}
