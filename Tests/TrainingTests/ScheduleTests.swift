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
        #expect(schedule.shape == .cosine && schedule.peak == 1e-3 && schedule.minimum == 1e-4)
        #expect(schedule.totalSteps == steps)
    }
}
