// What a run that continues with another length or schedule says before it trains: no learning rate rises in silence.

import Foundation
import Models

extension Continuation {
    /// Lengths, learning rates and schedule, a line each.
    package var notices: [String] {
        let (old, new) = (before.plan.totalSteps, after.plan.totalSteps)
        guard new > stepsTaken else {
            return ["the run has taken \(stepsTaken) steps and is now \(new) long: there is nothing left to train"]
        }
        var lines = ["steps: \(old) before, \(new) now; \(stepsTaken) are taken"]
        if isRewound {
            lines.append(
                "training continues from \(RunFolder.checkpointName(step: step)), before the cooldown; later checkpoints "
                    + "move to \(Continuation.asideName(step: stepsTaken))/ in the run's folder")
        }
        var rates = [(stepsTaken, before[stepsTaken - 1]), (step + 1, after[step]), (new, after[new - 1])]
        if new == step + 1 { rates.removeLast() }
        lines.append("learning rate: " + rates.map { "\(text($0.1)) at step \($0.0)" }.joined(separator: ", "))
        return lines + ["schedule " + course]
    }

    private func text(_ rate: Double) -> String { String(format: "%.3g", rate) }

    private var course: String {
        let (plan, left) = (after.plan, after.plan.totalSteps - step)
        let name =
            plan.shape == before.plan.shape
            ? plan.shape.rawValue : "\(plan.shape.rawValue), no longer \(before.plan.shape.rawValue)"
        switch plan.shape {
        case .constant: return "\(name): \(rise)"
        case .wsd:
            let start = after.cooldownStart ?? plan.totalSteps
            guard start > step else { return "\(name): the rate cools down over the \(left) steps to come" }
            let steps = plan.totalSteps - start
            return "\(name): \(rise), then cools down over the last \(steps == 1 ? "step" : "\(steps) steps")"
        case .linear, .cosine:
            guard !replacesPlan else { return "\(name): planned over \(plan.totalSteps) steps" }
            return
                "\(name): the rate falls from \(text(after[step])), which it had reached, to \(text(after.minimum)) over "
                + "\(left) steps, and does not rise again. --set training.schedule=wsd warms up to \(text(after.peak)) "
                + "again and cools down over the last \(text(100 * plan.cooldownFraction)) % of the steps; such a run can be "
                + "made longer later"
        }
    }

    /// How a constant phase is reached.
    private var rise: String {
        let (last, peak) = (before[step - 1], text(after.peak))
        guard last < after.peak else { return "the rate stays at \(peak)" }
        let reached = (step..<after.plan.totalSteps).first { after[$0] >= after.peak } ?? after.plan.totalSteps
        return reached == step
            ? "the rate rises again from \(text(last)) to \(peak) at once"
            : "the rate rises again from \(text(last)) to \(peak) over \(reached - step + 1) steps"
    }

    /// Whether the steps taken are those of the new plan as well.
    private var replacesPlan: Bool { after.earlier.last?.until != step }
}
