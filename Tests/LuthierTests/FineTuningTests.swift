// Training through the library: progress, results, stopping and continuing, and what callers can get wrong.

import Foundation
import Luthier
import TestSupport
import Testing

@Suite struct FineTuningTests {
    /// What a run told.
    private final class Diary {
        var steps: [FineTuning.Step] = []
        var perplexities: [Double] = []
        var isStarted = false
        var savedSteps: [Int] = []

        func take(_ event: FineTuning.Progress) {
            switch event {
            case .started: isStarted = true
            case .step(let step): steps.append(step)
            case .evaluated(_, let metrics, _): perplexities.append(metrics.perplexity)
            case .saved(let step, _): savedSteps.append(step)
            case .notice, .sample, .estimated: break
            }
        }
    }

    @Test func aModelIsTrainedAndOpened() throws {
        try withTemporaryFolder { folder in
            let diary = Diary()
            let outcome = try TinyRun(in: folder).tuning.run(named: "tiny", in: folder.path) { event in
                diary.take(event)
                return true
            }
            #expect(diary.isStarted)
            #expect(diary.steps.map(\.number) == Array(1...20))
            #expect(diary.steps.allSatisfy { $0.stepCount == 20 && $0.loss.isFinite })
            let (first, last) = (try #require(diary.perplexities.first), try #require(diary.perplexities.last))
            #expect(first > 100 && last < first / 4)
            #expect(outcome.ending == .finished && outcome.steps == 20 && outcome.perplexity == last)
            #expect(diary.savedSteps.last == 20)
            let best = try #require(outcome.bestCheckpoint)
            let model = try LanguageModel(contentsOf: outcome.folder)
            #expect(try LanguageModel(contentsOf: best).parameterCount == model.parameterCount)
        }
    }

    @Test func aStoppedRunContinuesAsIfItHadNotBeenStopped() throws {
        try withTemporaryFolder { folder in
            let run = try TinyRun(in: folder)
            func losses(_ name: String, resuming: Bool = false, until last: Int = 20) throws -> [Double] {
                let diary = Diary()
                let outcome = try run.tuning.run(named: name, in: folder.path, resuming: resuming) { event in
                    diary.take(event)
                    return diary.steps.last?.number != last || last == 20
                }
                #expect(outcome.ending == (last == 20 ? .finished : .stopped))
                #expect(outcome.steps == last)
                return diary.steps.map(\.loss)
            }
            let unbroken = try losses("unbroken")
            let parts = try losses("broken", until: 7) + losses("broken", resuming: true)
            #expect(parts == unbroken)
        }
    }

    @Test func aRunInsideARunIsRefused() throws {
        try withTemporaryFolder { folder in
            let run = try TinyRun(in: folder)
            var inner: (any Error)?
            let outcome = try run.tuning.run(named: "outer", in: folder.path) { _ in
                do { try run.tuning.run(named: "inner", in: folder.path) } catch { inner = error }
                return false
            }
            #expect(outcome.ending == .stopped)
            #expect("\(try #require(inner))".contains("cannot start inside another run"))
        }
    }

    @Test func anEstimateWritesNothing() throws {
        try withTemporaryFolder { folder in
            let estimate = try TinyRun(in: folder).tuning.estimate()
            #expect(estimate.plan.stepCount == 20)
            #expect(estimate.plan.parameterCount == estimate.plan.trainedParameterCount)
            #expect(estimate.checkpointBytes == 12 * estimate.plan.parameterCount)
            #expect(estimate.tokensPerSecond > 0 && estimate.expectedSeconds > 0)
            #expect(try folder.names() == ["text.txt"])
        }
    }

    @Test func aFileSetsKeysAndTheLastValueWins() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(#"{"training": {"steps": 3, "seed": "one"}}"#, as: "config.json")
            #expect { try FineTuning(configuration: path) } throws: { error in
                "\(error)".contains("training.seed") && "\(error)".contains("line 1")
            }
            let text = try folder.write("text of more than two tokens", as: "text.txt")
            let shape = #"{"model": {"contextLength": 8, "modelWidth": 16}, "training": {"steps": 3, "threads": 1}}"#
            var tuning = try FineTuning(configuration: folder.write(shape, as: "config.json"))
            try tuning.set("data.train", to: [text])
            try tuning.set("data.validationFraction", to: "0")
            try tuning.set("tokenizer.vocabularySize", to: "257")
            _ = QuietMachine.kernel
            #expect(try tuning.estimate().plan.stepCount == 3)
            try tuning.set("training.steps", to: "5")
            #expect(try tuning.estimate().plan.stepCount == 5)
        }
    }

    @Test func mistakesAreErrorsWithHints() throws {
        try withTemporaryFolder { folder in
            var run = try TinyRun(in: folder)
            let unknown = #expect(throws: LuthierError.self) { try run.tuning.set("training.step", to: "20") }
            #expect(unknown?.message.contains("did you mean training.steps?") == true)
            #expect(unknown?.hint == "`FineTuning.keys` lists every key")
            #expect(throws: LuthierError.self) { try run.tuning.set("training.steps", to: "many") }
            #expect(throws: LuthierError.self) { try FineTuning(configuration: folder.path + "/none.json") }
            #expect(throws: LuthierError.self) { try FineTuning().run(named: "empty", in: folder.path) }
            #expect(throws: LuthierError.self) { try run.tuning.run(named: "a/b", in: folder.path) }
            try run.tuning.set("data.train", to: [folder.path + "/none.txt"])
            let missing = #expect(throws: LuthierError.self) { try run.tuning.run(named: "none", in: folder.path) }
            #expect(missing?.message.hasSuffix("none.txt: no such file") == true)
            #expect(try folder.names() == ["text.txt"])
        }
    }

    @Test func aRunIsNotWrittenOver() throws {
        try withTemporaryFolder { folder in
            var tuning = try TinyRun(in: folder).tuning
            try tuning.set("training.steps", to: "1")
            try tuning.run(named: "one", in: folder.path)
            let error = #expect(throws: LuthierError.self) { try tuning.run(named: "one", in: folder.path) }
            #expect(error?.hint?.contains("resuming: true") == true)
        }
    }

    @Test func everyKeyIsListed() {
        let names = FineTuning.keys.map(\.name)
        #expect(names.contains("training.steps") && names.contains("model.base"))
        #expect(Set(names).count == names.count)
        #expect(FineTuning.keys.allSatisfy { !$0.meaning.isEmpty && !$0.values.isEmpty })
    }
}
