// Runs that are continued with another length or schedule: their learning rates, what they say, and exact resume.

import Checkpoint
import Foundation
import Models
import TestSupport
import Testing
import Training

@Suite struct ContinuationTests {
    /// Twelve steps, then twenty: evaluations every 5, saves every 7.
    private static func settings(_ schedule: String, steps: Int = 12) -> [String] {
        ["training.schedule=\(schedule)", "training.steps=\(steps)", "training.warmupSteps=3", "training.logEvery=1"]
    }

    /// What is said between `training.steps changes` and `resuming from step`.
    private static let notices: [String: [String]] = [
        "constant": [
            "steps: 12 before, 20 now; 12 are taken",
            "learning rate: 0.001 at step 12, 0.001 at step 13, 0.001 at step 20",
            "schedule constant: the rate stays at 0.001",
        ],
        "linear": [
            "steps: 12 before, 20 now; 12 are taken",
            "learning rate: 0.0002 at step 12, 0.0002 at step 13, 0.000113 at step 20",
            "schedule linear: the rate falls from 0.0002, which it had reached, to 0.0001 over 8 steps, and does not rise "
                + "again. --set training.schedule=wsd warms up to 0.001 again and cools down over the last 20 % of the "
                + "steps; such a run can be made longer later",
        ],
        "cosine": [
            "steps: 12 before, 20 now; 12 are taken",
            "learning rate: 0.000127 at step 12, 0.000127 at step 13, 0.000101 at step 20",
            "schedule cosine: the rate falls from 0.000127, which it had reached, to 0.0001 over 8 steps, and does not "
                + "rise again. --set training.schedule=wsd warms up to 0.001 again and cools down over the last 20 % of "
                + "the steps; such a run can be made longer later",
        ],
        "wsd": [
            "steps: 12 before, 20 now; 12 are taken",
            "training continues from step-000010.h5, before the cooldown; later checkpoints move to until-000012/ in the "
                + "run's folder",
            "learning rate: 0.0001 at step 12, 0.001 at step 11, 0.0001 at step 20",
            "schedule wsd: the rate stays at 0.001, then cools down over the last 4 steps",
        ],
    ]

    /// Stopped twice on the way, once in the step after the continuation, once before any step of it.
    @Test(arguments: LearningRateSchedule.Shape.allCases)
    func continuedWithTheSameSchedule(shape: LearningRateSchedule.Shape) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let settings = Self.settings(shape.rawValue)
            for name in ["full", "stopped"] { try runs.go(name, settings) }
            let first = shape == .wsd ? 11 : 13
            let longer = Self.settings(shape.rawValue, steps: 20)
            let (full, report) = try runs.go("full", resume: true, longer)
            #expect(full.stopped == .finished && full.steps == 20)
            #expect(report.steps.map(\.step) == Array(first...20))
            #expect(
                report.notices == ["training.steps changes from 12 to 20"] + (Self.notices[shape.rawValue] ?? [])
                    + ["resuming from step \(first - 1)"])

            let (none, _) = try runs.go("stopped", resume: true, longer) { _ in true }
            #expect(none.steps == first - 1)
            for step in [first, 17] {
                let (_, report) = try runs.go("stopped", resume: true, longer) { $0.steps.last?.step ?? 0 >= step }
                #expect(report.notices.count == 1, "what was declared is in the run's config: nothing changes any more")
            }
            try runs.go("stopped", resume: true, longer)
            try ResumeTests.expectEqualRuns(runs, "full", "stopped", steps: 20)
        }
    }

    /// The config of a continued run trains it again from the start: the same rates and the same weights.
    @Test func theConfigHoldsThePlans() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            var (rates, finished) = ([Double](), 0)
            for settings in [
                Self.settings("cosine", steps: 8), Self.settings("wsd", steps: 14),
                Self.settings("linear", steps: 18),
            ] {
                let (result, report) = try runs.go("a", resume: finished > 0, settings)
                #expect(report.steps.first?.step == finished + 1)
                rates += report.steps.map(\.learningRate)
                finished = result.steps
            }
            #expect(finished == 18 && rates.count == 18)
            var again = runs
            again.config = try runs.read("config.json", of: "a")
            let (_, report) = try again.go("b")
            #expect(report.steps.map(\.learningRate) == rates)
            let models = try ["a", "b"].map {
                try SavedModel(path: runs.run($0).checkpoint(step: 18)).model.weights.bits
            }
            #expect(models[0] == models[1])
        }
    }

    /// From the checkpoint before its cooldown a longer run is the run that was longer from the start, in all its files.
    @Test func wsdContinuesFromBeforeItsCooldown() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            // Nothing else is due where the cooldown begins.
            let rarely = ["evaluation.every=6", "training.saveEvery=6"]
            try runs.go("long", Self.settings("wsd", steps: 20) + rarely)
            try runs.go("short", Self.settings("wsd") + rarely)
            #expect(runs.run("short").checkpointSteps().contains(10))
            let end = try place.read("short/step-000012.h5")
            try runs.go("short", resume: true, Self.settings("wsd", steps: 20) + rarely)
            try ResumeTests.expectEqualRuns(runs, "long", "short", steps: 20)
            #expect(try place.read("short/until-000012/step-000012.h5") == end)
        }
    }

    /// Without that checkpoint the rate rises again, and the run says so.
    @Test func wsdWithoutThatCheckpoint() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a", Self.settings("wsd"))
            try FileManager.default.removeItem(atPath: runs.run("a").checkpoint(step: 10))
            let (_, report) = try runs.go("a", resume: true, Self.settings("wsd", steps: 20))
            #expect(report.steps.map(\.step) == Array(13...20))
            let rates = report.steps.map(\.learningRate)
            for (rate, expected) in zip(rates, [4e-4, 7e-4, 1e-3, 1e-3]) { #expect(abs(rate - expected) < 1e-15) }
            #expect(
                Array(report.notices.dropFirst(2).dropLast()) == [
                    "learning rate: 0.0001 at step 12, 0.0004 at step 13, 0.0001 at step 20",
                    "schedule wsd: the rate rises again from 0.0001 to 0.001 over 3 steps, then cools down over the last 4 steps",
                ])
        }
    }

    @Test func anotherScheduleAndNoLength() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a", Self.settings("cosine"))
            let (_, report) = try runs.go("a", resume: true, Self.settings("wsd", steps: 16))
            #expect(
                report.notices.dropLast().last
                    == "schedule wsd, no longer cosine: the rate rises again from 0.000127 to 0.001 over 3 steps, then "
                    + "cools down over the last step")
            let (result, silent) = try runs.go("a", resume: true, Self.settings("wsd", steps: 9))
            #expect(result.steps == 16 && silent.steps.isEmpty)
            #expect(
                silent.notices.dropFirst().first
                    == "the run has taken 16 steps and is now 9 long: there is nothing left to train")
            // What was asked for in between leaves no trace: the cooldown began after step 15.
            let (_, longer) = try runs.go("a", resume: true, Self.settings("wsd", steps: 18))
            #expect(longer.steps.map(\.step) == [16, 17, 18])
        }
    }

    /// Patience that was over does not end the steps that are asked for in addition, even if they begin later.
    @Test func moreStepsRenewPatience() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let settings = ["training.learningRate=1e-30", "training.earlyStoppingPatience=2"]
            let (first, _) = try runs.go("a", settings)
            #expect(first.stopped == .earlyStopping && first.steps == 10)
            try runs.go("a", resume: true, settings + ["training.steps=40"]) { _ in true }
            let (second, _) = try runs.go("a", resume: true, settings + ["training.steps=40"])
            #expect(second.stopped == .earlyStopping && second.steps == 20)
        }
    }
}
