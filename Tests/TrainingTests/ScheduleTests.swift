// The learning rate's way over a run, against values worked out by hand.

import Testing
import Training

@Suite struct ScheduleTests {
    /// A schedule from 1 to 0.1 and its values at some steps.
    struct Course: CustomTestStringConvertible, Sendable {
        let shape: LearningRateSchedule.Shape
        let warmup: Int
        let total: Int
        let values: [Int: Double]
        var testDescription: String { "\(shape.rawValue), \(warmup) of \(total)" }
    }

    @Test(arguments: [
        Course(shape: .constant, warmup: 0, total: 10, values: [0: 1, 5: 1, 9: 1]),
        Course(shape: .constant, warmup: 4, total: 10, values: [0: 0.25, 1: 0.5, 2: 0.75, 3: 1, 4: 1, 9: 1]),
        Course(shape: .linear, warmup: 0, total: 10, values: [0: 1, 5: 0.55, 9: 0.19, 10: 0.1, 15: 0.1]),
        Course(shape: .linear, warmup: 2, total: 10, values: [0: 0.5, 1: 1, 2: 1, 6: 0.55, 10: 0.1]),
        // 0.1 + 0.45 (1 + cos 36°), whose cosine is (1 + √5) / 4.
        Course(
            shape: .cosine, warmup: 0, total: 10,
            values: [0: 1, 2: 0.55 + 0.45 * (1 + 5.0.squareRoot()) / 4, 5: 0.55, 10: 0.1, 99: 0.1]),
        Course(shape: .cosine, warmup: 1, total: 11, values: [0: 1, 1: 1, 6: 0.55, 11: 0.1]),
        // Nothing is left to decay in: the peak, not a division by zero.
        Course(shape: .cosine, warmup: 4, total: 4, values: [0: 0.25, 3: 1, 4: 1]),
        Course(shape: .linear, warmup: 8, total: 4, values: [3: 0.5, 7: 1]),
        Course(shape: .cosine, warmup: 0, total: 1, values: [0: 1]),
    ])
    func values(course: Course) {
        let schedule = LearningRateSchedule(
            shape: course.shape, peak: 1, minimum: 0.1, warmupSteps: course.warmup, totalSteps: course.total)
        for (step, expected) in course.values {
            #expect(abs(schedule[step] - expected) < 1e-15, "step \(step): \(schedule[step]) for \(expected)")
        }
    }

    /// Where the shape is left to the defaults: warm-up is 6 % of the steps and at most 100, the end a tenth.
    @Test(arguments: [(1, 0), (8, 0), (9, 1), (50, 3), (1_000, 60), (1_667, 100), (100_000, 100)])
    func defaultWarmUp(steps: Int, expected: Int) {
        var config = RunConfig()
        config.resolve(totalSteps: steps)
        let schedule = config.learningRateSchedule(totalSteps: steps)
        #expect(schedule.warmupSteps == expected)
        #expect(schedule.plan.shape == .cosine && schedule.peak == 1e-3 && schedule.minimum == 1e-4)
        #expect(schedule.plan.totalSteps == steps && schedule.cooldownStart == nil)
    }
}

/// Constant with a cooldown, and the schedules of runs that are continued.
@Suite struct ContinuedScheduleTests {
    private static func schedule(
        _ shape: LearningRateSchedule.Shape, warmup: Int = 0, _ total: Int, cooldown: Double = 0.2
    ) -> LearningRateSchedule {
        LearningRateSchedule(peak: 1, minimum: 0.1, warmupSteps: warmup, plan: plan(shape, total, cooldown: cooldown))
    }

    private static func plan(
        _ shape: LearningRateSchedule.Shape, _ total: Int, cooldown: Double = 0.2
    ) -> LearningRateSchedule.Plan {
        .init(shape: shape, totalSteps: total, cooldownFraction: cooldown)
    }

    private static func expect(
        _ schedule: LearningRateSchedule, _ values: [Int: Double], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (step, expected) in values {
            #expect(
                abs(schedule[step] - expected) < 1e-15, "step \(step): \(schedule[step]) for \(expected)",
                sourceLocation: sourceLocation)
        }
    }

    /// 0.1 + 0.9 (1 - √y): the last step has the minimum.
    @Test func cooldown() {
        let usual = Self.schedule(.wsd, warmup: 2, 10)
        #expect(usual.cooldownStart == 8)
        Self.expect(usual, [0: 0.5, 1: 1, 2: 1, 7: 1, 8: 0.1 + 0.9 * (1 - 0.5.squareRoot()), 9: 0.1, 10: 0.1, 50: 0.1])
        let half = Self.schedule(.wsd, 8, cooldown: 0.5)
        #expect(half.cooldownStart == 4)
        Self.expect(half, [0: 1, 3: 1, 4: 0.55, 5: 0.1 + 0.9 * (1 - 0.5.squareRoot()), 7: 0.1])
        // One step at least; after the warm-up; none where the warm-up takes all.
        Self.expect(Self.schedule(.wsd, 2), [0: 1, 1: 0.1])
        let complete = Self.schedule(.wsd, warmup: 1, 5, cooldown: 1)
        #expect(complete.cooldownStart == 1)
        Self.expect(complete, [0: 1, 1: 0.1 + 0.9 * 0.5, 4: 0.1])
        Self.expect(Self.schedule(.wsd, warmup: 8, 4), [3: 0.5, 7: 1])
    }

    /// A decay continues from the rate that it had reached.
    @Test func decaysNeverRise() {
        let cosine = Self.schedule(.cosine, warmup: 2, 12)
        let longer = cosine.continued(at: 12, with: Self.plan(.cosine, 20))
        #expect(longer.earlier == [.init(plan: Self.plan(.cosine, 12), until: 12)] && longer.plan.totalSteps == 20)
        for step in 0..<12 { #expect(longer[step] == cosine[step]) }
        Self.expect(longer, [12: cosine[11], 16: 0.1 + 0.5 * (cosine[11] - 0.1), 20: 0.1])

        let linear = Self.schedule(.linear, 10).continued(at: 5, with: Self.plan(.linear, 15))
        Self.expect(linear, [4: 0.64, 5: 0.64, 10: 0.37, 15: 0.1])
        let shorter = Self.schedule(.linear, 10).continued(at: 5, with: Self.plan(.linear, 7))
        Self.expect(shorter, [4: 0.64, 5: 0.64, 6: 0.37, 7: 0.1])
        let changed = Self.schedule(.constant, 10).continued(at: 10, with: Self.plan(.cosine, 20))
        Self.expect(changed, [9: 1, 10: 1, 15: 0.55, 20: 0.1])
        for schedule in [longer, linear, shorter, changed] {
            for step in 2..<25 { #expect(schedule[step] <= schedule[step - 1]) }
        }
    }

    /// As long as no step depends on the length, a longer run is the run that was longer from the start.
    @Test func whatTheLengthDoesNotDecide() {
        for (shape, step) in [
            (.constant, 10), (.constant, 1), (.cosine, 2), (.linear, 3), (.wsd, 8), (.wsd, 1), (.cosine, 0),
        ]
            as [(LearningRateSchedule.Shape, Int)]
        {
            let longer = Self.schedule(shape, warmup: 3, 10).continued(at: step, with: Self.plan(shape, 20))
            #expect(longer == Self.schedule(shape, warmup: 3, 20), "\(shape) at \(step)")
        }
        #expect(!Self.schedule(.cosine, warmup: 3, 10).continued(at: 4, with: Self.plan(.cosine, 20)).earlier.isEmpty)
        #expect(!Self.schedule(.wsd, warmup: 3, 10).continued(at: 9, with: Self.plan(.wsd, 20)).earlier.isEmpty)
        // The cooldown of the shorter plan would have begun.
        #expect(!Self.schedule(.wsd, 20).continued(at: 11, with: Self.plan(.wsd, 12)).earlier.isEmpty)
    }

    /// After a cooldown the rate rises again to the peak over the steps of the warm-up.
    @Test func risesAgain() {
        let longer = Self.schedule(.wsd, warmup: 3, 10).continued(at: 10, with: Self.plan(.wsd, 30))
        #expect(longer.cooldownStart == 24)
        Self.expect(
            longer,
            [7: 1, 9: 0.1, 10: 0.4, 11: 0.7, 12: 1, 13: 1, 23: 1, 26: 0.1 + 0.9 * (1 - 0.5.squareRoot()), 29: 0.1])
        let changed = Self.schedule(.linear, warmup: 3, 12).continued(at: 12, with: Self.plan(.wsd, 30))
        Self.expect(changed, [11: 0.2, 12: 0.2 + 0.8 / 3, 14: 1, 29: 0.1])
        let constant = Self.schedule(.linear, warmup: 3, 12).continued(at: 12, with: Self.plan(.constant, 30))
        Self.expect(constant, [11: 0.2, 12: 0.2 + 0.8 / 3, 14: 1, 29: 1])
    }

    @Test func continuedTwice() {
        let once = Self.schedule(.linear, 10).continued(at: 10, with: Self.plan(.wsd, 20))
        let twice = once.continued(at: 15, with: Self.plan(.linear, 25))
        #expect(twice.earlier.map(\.until) == [10, 15])
        Self.expect(twice, [5: 0.55, 9: 0.19, 10: 1, 14: 1, 15: 1, 20: 0.55, 25: 0.1])
        // No step was taken in between: the plan in between is forgotten.
        #expect(
            once.continued(at: 10, with: Self.plan(.cosine, 40))
                == Self.schedule(.linear, 10).continued(at: 10, with: Self.plan(.cosine, 40)))
        #expect(
            twice.continued(at: 4, with: Self.plan(.linear, 25)).earlier == [
                .init(plan: Self.plan(.linear, 10), until: 4)
            ])
    }
}
