// How many steps a run takes; and, where a resumed run is given another length or schedule, from where and how it continues.

import Checkpoint
import Model
import Models

/// Settled from the config and the training split. A run continues with a new plan from the step that it has reached,
/// except for one: a `wsd` run that has begun its cooldown and is made longer continues from the checkpoint before the
/// cooldown, if that is kept, as if it had been longer from the start.
struct RunLength {
    let set: TrainingSet
    let stepsPerEpoch: Int
    /// The schedule's length, steps taken already included.
    let totalSteps: Int
    /// What `training.earlierPlans` must be.
    let earlierPlans: [LearningRateSchedule.EarlierPlan]
    /// nil where nothing has changed.
    let continuation: Continuation?
    /// The checkpoint to continue from, if it is an earlier one.
    let rewind: CheckpointReader?

    static func settle(
        _ start: RunStart, _ source: ModelSource?, _ tokens: RunTokens, folder: RunFolder, notice: (String) -> Void
    ) throws -> RunLength {
        let config = start.config
        let set = TrainingSet(
            tokens.training, contextLength: source?.shape.contextLength ?? config.model.contextLength,
            shuffles: config.data.shuffle, seed: UInt64(config.training.seed))
        let perStep = config.training.batchSize * config.training.accumulation
        func steps(_ training: RunConfig.TrainingSection) -> Int {
            training.steps ?? set.stepCount(epochs: training.epochs, examplesPerStep: perStep)
        }
        var (earlierPlans, continuation) = (config.training.earlierPlans, Continuation?.none)
        var rewind: CheckpointReader?
        let plan = config.learningRatePlan(totalSteps: steps(config.training))
        if let earlier = start.earlier, let state = start.state {
            let before = earlier.learningRateSchedule(totalSteps: steps(earlier.training))
            if plan != before.plan {
                rewind = try checkpointBeforeCooldown(before, plan, state, folder, notice)
                let step = try rewind.map { try TrainingState(serialized: $0.text("/state")).step } ?? state.step
                let after = before.continued(at: step, with: plan)
                earlierPlans = after.earlier
                continuation = Continuation(step: step, stepsTaken: state.step, before: before, after: after)
            }
        }
        return RunLength(
            set: set, stepsPerEpoch: set.stepCount(epochs: 1, examplesPerStep: perStep), totalSteps: plan.totalSteps,
            earlierPlans: earlierPlans, continuation: continuation, rewind: rewind)
    }

    private static func checkpointBeforeCooldown(
        _ before: LearningRateSchedule, _ plan: LearningRateSchedule.Plan, _ state: TrainingState, _ folder: RunFolder,
        _ notice: (String) -> Void
    ) throws -> CheckpointReader? {
        guard plan.shape == .wsd, plan.totalSteps > max(before.plan.totalSteps, state.step),
            let start = before.startOfCooldown(reachedBy: state.step), folder.checkpointSteps().contains(start)
        else { return nil }
        do {
            return try CheckpointReader(path: folder.checkpoint(step: start))
        } catch {
            notice("\(error); skipped")
            return nil
        }
    }
}

/// A resumed run that continues with another length or schedule.
package struct Continuation: Sendable, Equatable {
    /// Steps after which it continues.
    package let step: Int
    /// Steps that the run had taken. More than `step` where it continues from before its cooldown.
    package let stepsTaken: Int
    package let before: LearningRateSchedule
    package let after: LearningRateSchedule

    package init(step: Int, stepsTaken: Int, before: LearningRateSchedule, after: LearningRateSchedule) {
        (self.step, self.stepsTaken, self.before, self.after) = (step, stepsTaken, before, after)
    }

    /// Whether it continues from before its cooldown.
    package var isRewound: Bool { step < stepsTaken }

    /// The folder inside the run's to which the checkpoints after `step` are moved.
    package static func asideName(step: Int) -> String {
        "until-" + RunFolder.checkpointName(step: step).dropFirst("step-".count).dropLast(".h5".count)
    }
}
