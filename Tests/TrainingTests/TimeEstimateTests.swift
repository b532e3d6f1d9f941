// The estimate of a run's time: from its steps, with their spread.

import Foundation
import Models
import TestSupport
import Testing
import Training

@Suite struct TimeEstimateTests {
    private static func times(_ seconds: [Double], tokens: [Int]) -> StepTimes {
        var times = StepTimes()
        for (seconds, tokens) in zip(seconds, tokens) { times.add(seconds: seconds, tokens: tokens) }
        return times
    }

    @Test func theFirstStepCountsOnlyWhileItIsTheOnlyOne() throws {
        let work = RemainingWork(tokens: 1000, tokensPerEpoch: 500)
        #expect(StepTimes().estimate(work) == nil)
        let one = try #require(Self.times([4], tokens: [100]).estimate(work))
        #expect(one == TimeEstimate(steps: 1, tokensPerSecond: 25, secondsPerEpoch: 20, seconds: 40, spread: nil))
        let more = try #require(Self.times([4, 2, 2], tokens: [100, 100, 100]).estimate(work))
        #expect(more == TimeEstimate(steps: 2, tokensPerSecond: 50, secondsPerEpoch: 10, seconds: 20, spread: nil))
    }

    /// Steps of different lengths that each take their share have no spread.
    @Test func theSpreadIsThatOfTimePerToken() throws {
        let work = RemainingWork(tokens: 1000, tokensPerEpoch: 500)
        let even = try #require(Self.times([9, 1, 2, 4], tokens: [1, 100, 200, 400]).estimate(work))
        #expect(even.spread == 0 && even.tokensPerSecond == 100)
        // Of 1, 2 and 3 s for as many tokens: a standard deviation of 1 s, so 2 · 1 / √3 / 2.
        let uneven = try #require(Self.times([9, 1, 2, 3], tokens: [1, 100, 100, 100]).estimate(work))
        #expect(abs(try #require(uneven.spread) - 1 / 3.0.squareRoot()) < 1e-12)
    }

    @Test func evaluationsAndCheckpointsTakeTime() throws {
        let work = RemainingWork(
            tokens: 1000, tokensPerEpoch: 500, evaluations: 3, secondsPerEvaluation: 5, saves: 2, secondsPerSave: 0.5)
        let time = try #require(Self.times([1], tokens: [100]).estimate(work))
        #expect(abs(time.seconds - 26) < 1e-9)
    }

    @Test func enoughIsTwelveStepsOrThreeLongOrManyShortOnes() {
        func isEnough(_ count: Int, seconds: Double) -> Bool {
            Self.times(Array(repeating: seconds, count: count), tokens: Array(repeating: 1, count: count)).isEnough
        }
        #expect(!isEnough(12, seconds: 0.5) && isEnough(13, seconds: 0.5))
        #expect(!isEnough(100, seconds: 0.001) && isEnough(101, seconds: 0.001))
        #expect(!isEnough(3, seconds: 60) && isEnough(4, seconds: 7) && !isEnough(4, seconds: 6))
    }

    /// Once, for the complete run: its evaluations and checkpoints included, from its own first steps.
    @Test func aRunSaysHowLongItWillTake() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let estimates = try runs.go("a", ["training.steps=120"]).report.estimates
            #expect(estimates.count == 1 && estimates.first?.steps == 100 && estimates[0].seconds > 0)
            // Too short to say something before its end.
            #expect(try runs.go("b", ["training.steps=10"]).report.estimates.isEmpty)
        }
    }

    /// 30 steps evaluate every five and save at each evaluation and every seven.
    @Test func whatIsLeftOfARun() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let prepared = try PreparedRun.prepare(try runs.request("a"), notice: { _ in })
            let work = prepared.remainingWork(secondsPerEvaluation: 2)
            #expect(work.evaluations == 7 && work.saves == 7 && work.secondsPerEvaluation == 2)
            let perEpoch = Double(prepared.summary.tokensPerEpoch)
            #expect(work.tokensPerEpoch == perEpoch && work.secondsPerSave > 0)
            #expect(work.tokens == perEpoch / Double(prepared.summary.stepsPerEpoch) * 30)
        }
    }

    @Test func everySettingHasItsOrigin() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let request = try runs.request("a", ["training.weightDecay=0.2"])
            let prepared = try PreparedRun.prepare(request, notice: { _ in })
            func setting(_ key: String) throws -> RunSetting {
                try #require(prepared.summary.settings.first { $0.key == key }, "\(key)")
            }
            let given = try setting("training.weightDecay")
            #expect(given.value == "0.2" && given.origin == "--set" && !given.isPlainDefault)
            #expect(try setting("training.steps").origin.hasPrefix("tiny.json, line "))
            let usual = try setting("training.beta1")
            #expect(usual.origin == "default" && usual.isPlainDefault)
        }
    }

    /// Counted from the batches that the run will take, in their order, not from the longest rows that there are.
    @Test func theMemoryIsThatOfTheRunsOwnBatches() throws {
        try withTemporaryFolder { place in
            let lines = (1...40).map { String(repeating: "a", count: $0) + "\n" }.joined()
            let runs = try TinyRuns(place, text: lines)
            let assignments = ["model.contextLength=64", "training.steps=3", "data.validationFraction=0"]
            let prepared = try PreparedRun.prepare(try runs.request("a", assignments), notice: { _ in })
            let set = prepared.trainer.data
            let windows = set.windows(epoch: 0)
            /// The larger half of each step's four windows, cut once where both halves have the most similar sizes.
            func halves(_ counts: [Int]) -> [Int] {
                stride(from: 0, to: counts.count, by: 4).map { start in
                    let step = counts[start..<(start + 4)]
                    return (1...3).map { cut in max(step.prefix(cut).reduce(0, +), step.dropFirst(cut).reduce(0, +)) }
                        .min()!
                }
            }
            // Three steps of two micro-batches.
            let most = halves(windows.prefix(12).map(\.count)).max()
            #expect(set.mostTokens(batchSize: 2, accumulation: 2, steps: 3) == most)
            #expect(prepared.summary.memory.rowsPerBatch == most)
            // All of them, twice.
            let all = (0..<2).flatMap { epoch in halves(set.windows(epoch: epoch).map(\.count)) }
            #expect(set.mostTokens(batchSize: 2, accumulation: 2, steps: 20) == all.max())
        }
    }

    /// Each of the settings that are named makes the run fit; the first ones leave its results as they are.
    @Test func aRunThatIsTooLargeNamesSettingsThatFit() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let assignments = ["model.modelWidth=64", "model.blockCount=4", "training.batchSize=8"]
            func error(available: Int, _ more: [String] = []) throws -> ModelError? {
                var request = try runs.request("a", assignments + more)
                request.availableBytes = available
                do { _ = try PreparedRun.prepare(request, notice: { _ in }) } catch let error as ModelError {
                    return error
                }
                return nil
            }
            guard case .runTooLarge(let needed, _, _)? = try error(available: 1) else {
                Issue.record("a run fits in a byte")
                return
            }
            #expect(try error(available: needed) == nil)
            guard case .runTooLarge(_, let available, let fitting)? = try error(available: needed - 1) else {
                Issue.record("a run fits in less than it needs")
                return
            }
            #expect(available == needed - 1)
            try #require(fitting.count == 3, "\(fitting)")
            #expect(fitting[0].hasPrefix("--set training.batchSize=4 --set training.accumulation=4 "), "\(fitting)")
            #expect(fitting[1].hasPrefix("--set training.recomputeActivations=true ("), "\(fitting)")
            #expect(fitting[2].hasPrefix("--set model.modelWidth=32 "), "\(fitting)")
            for text in fitting {
                let settings = text.components(separatedBy: " (")[0].components(separatedBy: "--set ").dropFirst()
                #expect(
                    try error(available: available, settings.map { $0.trimmingCharacters(in: .whitespaces) }) == nil)
            }
            #expect(
                ModelError.runTooLarge(needed: 9 << 20, available: 1 << 20, fitting: ["a", "b"]).hint
                    == "it would fit with a; or with b")
        }
    }

    /// The parts are all of it, and what the process held before is on top.
    @Test func theMemorysPartsAddUp() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let summary = try PreparedRun.prepare(try runs.request("a"), notice: { _ in }).summary
            #expect(summary.memory.parts.map(\.name) == ["weights", "gradients", "moments", "activations and logits"])
            #expect(summary.memory.parts.reduce(0) { $0 + $1.bytes } == summary.memory.bytes)
            #expect(summary.estimatedBytes == summary.memory.bytes + summary.heldBytes && summary.heldBytes > 1 << 20)
        }
    }
}
