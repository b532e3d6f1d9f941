// A complete run: its files, its end, and all that must be rejected before the first step.

import Checkpoint
import Datasets
import Foundation
import Models
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct TrainingRunTests {
    @Test func theFilesOfARun() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let (result, report) = try runs.go("a")
            let names = try FileManager.default.contentsOfDirectory(atPath: runs.run("a").path).sorted()
            let steps = runs.run("a").checkpointSteps()
            #expect(steps.suffix(3).last == 30 && steps.count >= 3 && steps.count <= 4)
            #expect(
                names.filter { !$0.hasPrefix("step-") && !$0.hasPrefix("events.out.tfevents.") }
                    == [
                        "best", "config.json", "data-hashes", "latest", "ledger.json", "machine.json", "metrics.csv",
                        "metrics.jsonl",
                        "origins.json",
                        "run.lock",
                        "samples.jsonl", "timings.jsonl",
                    ])
            #expect(try runs.read("latest", of: "a") == "step-000030.h5\n")
            let best = try #require(report.evaluations.last { $0.isBest })
            #expect(try runs.read("best", of: "a") == RunFolder.checkpointName(step: best.step) + "\n")
            #expect(result.bestCheckpoint == runs.run("a").checkpoint(step: best.step))
            #expect(result.lastCheckpoint == runs.run("a").checkpoint(step: 30) && result.run == "a")
            #expect(result.validation == report.evaluations.last?.result)
            // Every 7 steps, each new best, and the end.
            let expected = Set([7, 14, 21, 28, 30]).union(report.evaluations.filter(\.isBest).map(\.step)).subtracting([
                0
            ])
            #expect(report.saved == expected.sorted())
            #expect(report.samples.map(\.step) == report.evaluations.map(\.step))

            // The log's losses are the means over the steps since the line before, weighted by tokens.
            let lines = try runs.read("metrics.jsonl", of: "a").split(separator: "\n").map { line in
                try #require(try JSONText.parse(String(line)).object)
            }
            let logged = lines.filter { $0["loss"] != nil }
            #expect(logged.compactMap { $0["step"]?.integer } == Array(stride(from: 3, through: 30, by: 3)))
            for (index, line) in logged.enumerated() {
                let part = report.steps[(3 * index)..<(3 * index + 3)]
                let tokens = part.reduce(0) { $0 + $1.tokens }
                let mean = part.reduce(0.0) { $0 + $1.loss * Double($1.tokens) } / Double(tokens)
                #expect(abs((line["loss"]?.number ?? 0) - mean) < 1e-9 * mean)
                #expect(line["learningRate"]?.number == part.last?.learningRate)
                #expect(line["gradientNorm"]?.number == part.last?.gradientNorm)
                #expect(line["skippedSteps"]?.integer == 0)
            }
            let evaluated = lines.filter { $0["validationLoss"] != nil }
            #expect(evaluated.compactMap { $0["validationLoss"]?.number } == report.evaluations.map(\.result.loss))
            // Its config runs again and is the same.
            var reader = ConfigReader()
            try reader.read(path: runs.run("a").file("config.json"))
            #expect(reader.config.serialized() == (try runs.read("config.json", of: "a")))
            #expect(reader.config.training.warmupSteps == 2)
        }
    }

    /// A learning rate of next to nothing improves nothing: after two evaluations without a better one it is over.
    @Test func earlyStopping() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let assignments = ["training.learningRate=1e-30", "training.earlyStoppingPatience=2"]
            let (result, report) = try runs.go("a", assignments)
            #expect(result.stopped == .earlyStopping && result.steps == 10)
            #expect(report.evaluations.map(\.step) == [0, 5, 10])
            #expect(report.evaluations.map(\.isBest) == [true, false, false])
            // When resumed, its patience is still over; without patience it trains to the end.
            let (again, silent) = try runs.go("a", resume: true, assignments)
            #expect(again.stopped == .earlyStopping && again.steps == 10 && silent.steps.isEmpty)
            let (end, _) = try runs.go(
                "a", resume: true, ["training.learningRate=1e-30", "training.earlyStoppingPatience=null"])
            #expect(end.stopped == .finished && end.steps == 30)
        }
    }

    @Test func oneTrainerAtATime() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let first = try TrainingRun.prepare(try runs.request("a"), report: { _ in }, shouldStop: { nil })
            withExtendedLifetime(first) {
                let error = #expect(throws: RunLockError.self) { try runs.go("a", resume: true) }
                #expect(error?.description.hasPrefix("\(place.path)/a is in use by process \(getpid()) on ") == true)
            }
        }
    }

    @Test func anExistingRunIsNotTouched() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a") { $0.steps.count >= 2 }
            let before = try place.read("a/step-000002.h5")
            #expect(throws: TrainingError.runExists(path: place.path + "/a")) { try runs.go("a") }
            #expect(try SHA256Digest.hex(of: place.read("a/step-000002.h5")) == SHA256Digest.hex(of: before))
        }
    }

    @Test func changedDataAreRefused() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a") { $0.steps.count >= 2 }
            let text = try place.read("text.txt")
            try place.write(Array("sun".utf8) + text, as: "text.txt")
            let error = #expect(throws: TrainingError.self) { try runs.go("a", resume: true) }
            guard case .dataChanged(let then, let now) = error else {
                Issue.record("\(error.map { "\($0)" } ?? "nothing") was thrown")
                return
            }
            #expect(then == SHA256Digest.hex(of: text) && now == SHA256Digest.hex(of: Array("sun".utf8) + text))
            // Another place of the same bytes is the same data.
            try place.write(text, as: "elsewhere.txt")
            let (result, _) = try runs.go("a", resume: true, ["data.train=\(place.path)/elsewhere.txt"])
            #expect(result.stopped == .finished)
        }
    }

    @Test(arguments: [
        ("training.learningRate=0.01", "training.learningRate", "0.001", "0.01"),
        ("training.seed=2", "training.seed", "1", "2"),
        ("training.batchSize=3", "training.batchSize", "2", "3"),
        ("model.residualDropout=0", "model.residualDropout", "0.1", "0.0"),
        ("data.format=text", "data.format", "\"lines\"", "\"text\""),
    ])
    func aChangedConfigIsRefused(assignment: String, key: String, run: String, now: String) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a") { $0.steps.count >= 1 }
            let error = #expect(throws: TrainingError.self) { try runs.go("a", resume: true, [assignment]) }
            #expect(error?.description == "the run was started with \(key) = \(run) and cannot continue with \(now)")
        }
    }

    @Test func resumingWhatIsNotThereStartsIt() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let (result, report) = try runs.go("a", resume: true, ["training.steps=2"])
            #expect(
                result.stopped == .finished
                    && report.notices.first == "\(place.path)/a holds no checkpoint: starting at step 0")
        }
    }

    /// What is wrong is said before anything is written.
    @Test(arguments: [
        (["data.train=[]"], "there is nothing to train on: data.train names no file"),
        (["data.train=EMPTY"], "there is nothing to train on: the training split has no document with two tokens"),
        (
            ["data.train=SHORT", "data.format=text", "data.validationFraction=0.9"],
            "there is nothing to train on: the training split has no document with two tokens"
        ),
        // The end-of-text after a training document is a second token; nothing is added to validation.
        (["data.train=SHORT"], "the validation split is empty: no document has two tokens or more"),
        (["data.train=FOLDER/none.txt"], "FOLDER/none.txt: no such file"),
        (
            ["data.validationFraction=0.6", "data.testFraction=0.5"],
            "data.validationFraction 0.6 and data.testFraction 0.5 leave nothing to train on"
        ),
        (["evaluation.window=9"], "evaluation.window 9 is larger than model.contextLength 8"),
        (
            ["evaluation.window=4", "evaluation.stride=5"], "evaluation.stride 5 is larger than evaluation.window 4"
        ),
        (
            ["training.minimumLearningRate=0.5"],
            "training.minimumLearningRate 0.5 is above training.learningRate 0.001"
        ),
        (
            ["model.modelWidth=262144", "model.blockCount=16384", "model.headCount=1"],
            "the model would have about 1.3510799021047808e+16 parameters; 1099511627776 are the most"
        ),
        (["model.headCount=3"], "model.modelWidth 16 is not divisible by model.headCount 3"),
        (["model.base=FOLDER/none"], "there is no run or checkpoint at FOLDER/none"),
    ])
    func refusedBeforeAnythingIsWritten(assignments: [String], message: String) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let empty = try place.write("", as: "empty.txt")
            let short = try place.write("a\nb\nc\n", as: "short.txt")
            func filled(_ text: String) -> String {
                text.replacingOccurrences(of: "EMPTY", with: empty).replacingOccurrences(of: "SHORT", with: short)
                    .replacingOccurrences(of: "FOLDER", with: place.path)
            }
            var found = ""
            do { try runs.go("a", assignments.map(filled)) } catch { found = "\(error)" }
            #expect(found == filled(message))
            #expect(!runs.run("a").exists)
        }
    }

    /// A base gives weights, tokenizer and shape; what the config says of the shape must agree with it.
    @Test func startingFromARun() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let (first, _) = try runs.go("first")
            let shape = ["model.base=\(place.path)/first"]
            let run = try TrainingRun.prepare(try runs.request("second", shape), report: { _ in }, shouldStop: { nil })
            let base = try SavedModel(path: try #require(first.bestCheckpoint))
            #expect(run.trainer.model.weights.bits == base.model.weights.bits)
            #expect(run.trainer.state.step == 0 && run.tokenizer == base.tokenizer)

            let shorter = try PreparedRun.prepare(
                try runs.request("third", shape + ["model.contextLength=5"]), notice: { _ in })
            #expect(shorter.saved.model.architecture.contextLength == 5 && shorter.config.model.contextLength == 5)

            for (assignment, message) in [
                ("model.modelWidth=32", "--set: model.modelWidth is 32, but the base has 16"),
                ("model.contextLength=9", "--set: model.contextLength is 9, but the base has 8"),
                ("model.tiedHead=false", "--set: model.tiedHead is false, but the base has true"),
            ] {
                let error = #expect(throws: ConfigError.self) { try runs.go("third", shape + [assignment]) }
                #expect(error?.description == message)
            }
            #expect(!runs.run("third").exists)
        }
    }

    /// As many sequences a step as can be asked for: a step takes what is there, and no size overflows.
    @Test func aStepOfEverything() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let assignments = ["training.batchSize=1048576", "training.accumulation=1048576", "training.steps=2"]
            let (result, _) = try runs.go("a", assignments)
            #expect(result.steps == 2 && result.epochs == 2)
        }
    }

    /// Masked prompts take time like answers: the estimate counts both.
    @Test func theEstimateCountsEveryToken() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let prompt = String(repeating: "p", count: 30)
            let rows = (0..<40).map { #"{"prompt": "\#(prompt)\#($0)", "completion": "a"}"# + "\n" }
            let path = try place.write(rows.joined(), as: "rows.jsonl")
            let assignments = [
                "data.train=\(path)", "data.validation=[]", "data.validationFraction=0",
                "data.format=auto", "model.contextLength=64",
            ]
            let dry = try DryRun.measure(try runs.request("a", assignments), notice: { _ in })
            // 30 steps of 4 rows.
            #expect(dry.expectedSeconds * dry.tokensPerSecond >= 30 * 4 * 31)
        }
    }

    @Test func aDryRunWritesNothing() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let before = try place.names()
            let dry = try DryRun.measure(try runs.request("a"), notice: { _ in })
            #expect(dry.time?.steps == 29 && dry.tokensPerSecond > 0 && dry.expectedSeconds > 0)
            #expect(dry.summary.totalSteps == 30 && dry.checkpointBytes == 12 * dry.summary.parameters)
            #expect(try place.names() == before)
        }
    }
}
