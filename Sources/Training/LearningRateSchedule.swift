// How the learning rate moves over a run: a warm-up, then constant, a decay, or constant with a cooldown; in a run that was
// continued, one plan after another.

import Foundation

/// The learning rate of every step, counted from zero.
///
/// A run follows one plan to its end. A run that is continued with another length or shape follows a new plan from then
/// on; the earlier ones are kept, so that the schedule is a function of the config alone, for every step of the run.
package struct LearningRateSchedule: Sendable, Equatable {
    package enum Shape: String, Sendable, CaseIterable {
        /// η = peak.
        case constant
        /// η = peak + (minimum - peak) x.
        case linear
        /// η = minimum + ½ (peak - minimum)(1 + cos πx) (Loshchilov & Hutter 2017, one half-wave).
        case cosine
        /// Warm-up, stable, decay (Hu et al. 2024, MiniCPM, arXiv 2404.06395): η = peak, then a cooldown. Until the
        /// cooldown it does not depend on the run's length, so that a longer run can continue from there. The cooldown is
        /// η = minimum + (peak - minimum)(1 - √y), over a fifth of the steps by default: with both, Hägele et al. 2024
        /// (arXiv 2405.18392) match a cosine of the same length.
        case wsd
    }

    /// A shape and where it ends.
    package struct Plan: Sendable, Equatable {
        package var shape: Shape
        /// Steps of the run at the plan's end, those of earlier plans included.
        package var totalSteps: Int
        /// Of `wsd`: the cooldown's part of `totalSteps`.
        package var cooldownFraction: Double

        package init(shape: Shape, totalSteps: Int, cooldownFraction: Double = 0.2) {
            (self.shape, self.totalSteps, self.cooldownFraction) = (shape, totalSteps, cooldownFraction)
        }
    }

    /// A plan that was followed until another one replaced it.
    package struct EarlierPlan: Sendable, Equatable {
        package var plan: Plan
        /// The first step that it does not decide.
        package var until: Int

        package init(plan: Plan, until: Int) { (self.plan, self.until) = (plan, until) }
    }

    package var peak: Double
    package var minimum: Double
    package var warmupSteps: Int
    /// The plan of the steps to come.
    package var plan: Plan
    /// Those before it, in order.
    package var earlier: [EarlierPlan] = []

    package init(shape: Shape, peak: Double, minimum: Double, warmupSteps: Int, totalSteps: Int) {
        self.init(
            peak: peak, minimum: minimum, warmupSteps: warmupSteps, plan: Plan(shape: shape, totalSteps: totalSteps))
    }

    package init(peak: Double, minimum: Double, warmupSteps: Int, plan: Plan, earlier: [EarlierPlan] = []) {
        (self.peak, self.minimum, self.warmupSteps) = (peak, minimum, warmupSteps)
        (self.plan, self.earlier) = (plan, earlier)
    }

    package subscript(step: Int) -> Double {
        (sections.last { $0.start <= step } ?? section(plan, start: 0, rateBefore: 0))[step]
    }

    /// The first step of the last plan's cooldown; nil where it has none.
    package var cooldownStart: Int? { sections.last?.cooldownStart }

    /// The first step of the cooldown that `step` steps have reached; nil where they have reached none.
    func startOfCooldown(reachedBy step: Int) -> Int? {
        guard let section = sections.last(where: { $0.start < step }), let start = section.cooldownStart else {
            return nil
        }
        return section.start < start && start < step ? start : nil
    }

    /// The schedule of a run that has taken `step` steps and continues with `next`.
    ///
    /// If the steps taken are those of `next` as well, `next` replaces the plan that the run has followed. Otherwise that
    /// plan is kept for these steps. Plans of which no step was taken are dropped.
    package func continued(at step: Int, with next: Plan) -> LearningRateSchedule {
        var taken = sections.filter { $0.start == 0 || $0.start < step }
        let last = taken.removeLast()
        var result = self
        result.plan = next
        result.earlier = Array(earlier.prefix(taken.count))
        let replanned = section(next, start: last.start, rateBefore: last.rateBefore)
        if step > min(last.fixedUntil, replanned.fixedUntil) {
            result.earlier.append(EarlierPlan(plan: last.plan, until: step))
        }
        return result
    }

    /// Every plan in its place, in order.
    private var sections: [Section] {
        var list: [Section] = []
        var (start, rate) = (0, 0.0)
        for earlier in earlier {
            let section = section(earlier.plan, start: start, rateBefore: rate)
            list.append(section)
            (start, rate) = (earlier.until, section[earlier.until - 1])
        }
        return list + [section(plan, start: start, rateBefore: rate)]
    }

    private func section(_ plan: Plan, start: Int, rateBefore: Double) -> Section {
        Section(plan, start: start, rateBefore: rateBefore, self)
    }
}

/// The part of a run that follows one plan. At step s, with the section's first step a:
///
/// - warm-up, while s - a < warm-up: η = r + (peak - r)(s - a + 1) / warm-up, where r is the rate of the step before, 0 at
///   the start of a run;
/// - afterwards the shape, with x = (s - a - warm-up) / (total - a - warm-up);
/// - in a cooldown that starts at step c: y = (s - c + 1) / (total - c), so that the last step has the minimum.
///
/// A decay (linear, cosine) that continues a run has no warm-up, and starts from r instead of the peak: it never rises.
private struct Section {
    let plan: LearningRateSchedule.Plan
    let start: Int
    let rateBefore: Double
    private let peak: Double
    private let minimum: Double
    private let warmupSteps: Int

    init(
        _ plan: LearningRateSchedule.Plan, start: Int, rateBefore: Double, _ schedule: LearningRateSchedule
    ) {
        (self.plan, self.start, self.rateBefore, minimum) = (plan, start, rateBefore, schedule.minimum)
        let mayRise = start == 0 || plan.shape == .constant || plan.shape == .wsd
        peak = mayRise ? schedule.peak : rateBefore
        warmupSteps = rateBefore < peak ? schedule.warmupSteps : 0
    }

    private var warmupEnd: Int { start + warmupSteps }

    var cooldownStart: Int? {
        guard plan.shape == .wsd else { return nil }
        let steps = Int((plan.cooldownFraction * Double(plan.totalSteps)).rounded())
        return max(warmupEnd, plan.totalSteps - max(1, steps))
    }

    /// Steps before this one have a rate that does not depend on the plan's length.
    var fixedUntil: Int {
        switch plan.shape {
        case .constant: .max
        case .linear, .cosine: warmupEnd
        case .wsd: cooldownStart ?? .max
        }
    }

    subscript(step: Int) -> Double {
        if step < warmupEnd { return rateBefore + (peak - rateBefore) * Double(step - start + 1) / Double(warmupSteps) }
        let x = min(1, Double(step - warmupEnd) / Double(max(1, plan.totalSteps - warmupEnd)))
        switch plan.shape {
        case .constant: return peak
        case .linear: return peak + (minimum - peak) * x
        case .cosine: return minimum + 0.5 * (peak - minimum) * (1 + cos(Double.pi * x))
        case .wsd:
            guard let cooldownStart, step >= cooldownStart else { return peak }
            let y = min(1, Double(step - cooldownStart + 1) / Double(max(1, plan.totalSteps - cooldownStart)))
            return minimum + (peak - minimum) * (1 - y.squareRoot())
        }
    }
}
