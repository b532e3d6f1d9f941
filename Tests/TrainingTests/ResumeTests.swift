// Exact resume in one process: however often a run is stopped, it ends with the bytes of a run left alone.

import Checkpoint
import Foundation
import Kernels
import Models
import TestSupport
import Testing
import Training

@Suite struct ResumeTests {
    /// Dropout, accumulation, saves every 7 steps, evaluations every 5, an epoch's end between steps 20 and 30.
    @Test func stoppedAgainAndAgain() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let (full, report) = try runs.go("full")
            #expect(full.stopped == .finished && full.steps == 30 && full.epochs > 1 && full.epochs < 2)
            #expect(report.steps.map(\.step) == Array(1...30))
            #expect(report.evaluations.map(\.step) == Array(stride(from: 0, through: 30, by: 5)))
            #expect(report.summaries.first?.stepsPerEpoch ?? 0 > 15)

            for (index, step) in [1, 4, 7, 10, 12, 21, 23, 29].enumerated() {
                let (result, _) = try runs.go("stopped", resume: index > 0) { $0.steps.last?.step ?? 0 >= step }
                #expect(result.stopped == .interrupt && result.steps == step)
                #expect(result.lastCheckpoint == runs.run("stopped").checkpoint(step: step))
            }
            let (last, resumed) = try runs.go("stopped", resume: true)
            #expect(last.stopped == .finished && last.steps == 30 && resumed.steps.map(\.step) == [30])
            #expect(resumed.notices == ["resuming from step 29"])
            try Self.expectEqualRuns(runs, "full", "stopped")

            // Once finished, resuming changes nothing.
            let (again, silent) = try runs.go("stopped", resume: true)
            #expect(again.stopped == .finished && silent.steps.isEmpty)
            try Self.expectEqualRuns(runs, "full", "stopped")
        }
    }

    /// A signal in the middle of an evaluation: of the first one, of one on the way, of the last one.
    @Test(arguments: [0, 10, 25, 30]) func stoppedInsideAnEvaluation(step: Int) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("full")
            let (result, report) = try runs.go("stopped") {
                ($0.steps.last?.step ?? 0) == step && $0.questions >= 2
            }
            #expect(result.stopped == .interrupt && result.steps == step)
            #expect(!report.evaluations.contains { $0.step == step })
            let reader = try CheckpointReader(path: runs.run("stopped").checkpoint(step: step))
            #expect(try TrainingState(serialized: reader.text("/state")).evaluationPending)

            let (last, resumed) = try runs.go("stopped", resume: true)
            #expect(last.stopped == .finished && resumed.evaluations.first?.step == step)
            try Self.expectEqualRuns(runs, "full", "stopped")
        }
    }

    /// The process that makes up for an evaluation dies before it can save: its lines are in the logs once, not twice.
    @Test(arguments: [10, 25]) func killedAfterAPendingEvaluation(step: Int) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("full")
            try runs.go("stopped") { ($0.steps.last?.step ?? 0) == step && $0.questions >= 2 }
            for name in ["metrics.jsonl", "samples.jsonl"] {
                let lines = try runs.read(name, of: "full").split(separator: "\n")
                let own = lines.filter { $0.hasPrefix("{\"step\":\(step),") && !$0.contains("learningRate") }
                try #require(!own.isEmpty)
                let before = try runs.read(name, of: "stopped")
                try place.write(before + own.map { $0 + "\n" }.joined(), as: "stopped/" + name)
            }
            try runs.go("stopped", resume: true)
            try Self.expectEqualRuns(runs, "full", "stopped")
        }
    }

    /// A process that dies leaves what it saved last; later lines of the logs are cut off, torn ones too.
    @Test func resumingFromAnOlderCheckpoint() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("full")
            try runs.go("killed") { $0.steps.last?.step ?? 0 >= 18 }
            // As if the last save had not happened, nor the end of the last line.
            try FileManager.default.removeItem(atPath: runs.run("killed").checkpoint(step: 18))
            let metrics = try runs.read("metrics.jsonl", of: "killed")
            #expect(metrics.contains("\"step\":18"))
            try place.write(metrics + "{\"step\":19,\"lo", as: "killed/metrics.jsonl")
            let older = try #require(runs.run("killed").checkpointSteps().last)
            let (_, report) = try runs.go("killed", resume: true)
            #expect(older < 18 && report.steps.first?.step == older + 1)
            try Self.expectEqualRuns(runs, "full", "killed")
        }
    }

    @Test func aBrokenCheckpointIsSkipped() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("full")
            try runs.go("broken") { $0.steps.last?.step ?? 0 >= 18 }
            let name = "broken/step-000018.h5"
            var bytes = try place.read(name)
            bytes[bytes.count / 2] ^= 1
            try place.write(bytes, as: name)
            let (_, report) = try runs.go("broken", resume: true)
            #expect(report.notices.count == 3 && report.notices[1].hasSuffix("renamed to step-000018.h5.broken"))
            #expect(report.notices.first?.hasPrefix("\(place.path)/\(name) is damaged: its SHA-256 should be ") == true)
            #expect(report.notices.first?.hasSuffix("; skipped") == true)
            #expect(report.notices.last?.hasPrefix("resuming from step 1") == true)
            try Self.expectEqualRuns(runs, "full", "broken")
        }
    }

    /// What may change between resumes: how long the run is, and what it keeps and reports.
    @Test func aFinishedRunIsExtended() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a") { $0.steps.last?.step ?? 0 >= 8 }
            let (result, report) = try runs.go("a", resume: true, ["training.steps=34", "training.keepLast=1"])
            #expect(result.steps == 34 && result.stopped == .finished)
            #expect(
                report.notices == [
                    "training.steps changes from 30 to 34", "training.keepLast changes from 3 to 1",
                    "steps: 30 before, 34 now; 8 are taken",
                    "learning rate: 0.000931 at step 8, 0.000931 at step 9, 0.000103 at step 34",
                    "schedule cosine: the rate falls from 0.000931, which it had reached, to 0.0001 over 26 steps, and does "
                        + "not rise again. --set training.schedule=wsd warms up to 0.001 again and cools down over the "
                        + "last 20 % of the steps; such a run can be made longer later",
                    "resuming from step 8",
                ])
            // The new length stays: it is the run's config now.
            #expect(try runs.read("config.json", of: "a").contains("\"steps\": 34"))
        }
    }

    /// Operands in bfloat16, adapters on a base, and both.
    @Test(
        .enabled(if: RoundedWeight.isSupported, "this processor or oneDNN multiplies no bfloat16"),
        arguments: [["bf16"], ["lora"], ["bf16", "lora"]])
    func inEveryMode(modes: [String]) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("base")
            var settings = modes.contains("bf16") ? ["training.precision=bf16"] : []
            if modes.contains("lora") {
                settings += [
                    "model.base=\(place.path)/base", "method.type=lora", "method.rank=3", "method.targets=all",
                    "method.dropout=0.1",
                ]
            }
            try runs.go("full", settings)
            for (index, step) in [5, 7, 16].enumerated() {
                try runs.go("stopped", resume: index > 0, settings) { $0.steps.last?.step ?? 0 >= step }
            }
            let (last, _) = try runs.go("stopped", resume: true, settings)
            #expect(last.stopped == .finished && last.steps == 30)
            try Self.expectEqualRuns(runs, "full", "stopped")
        }
    }

    static func expectEqualRuns(_ runs: TinyRuns, _ one: String, _ other: String, steps: Int = 30) throws {
        for name in [
            RunFolder.checkpointName(step: steps), "metrics.jsonl", "metrics.csv", "samples.jsonl", "latest", "best",
            "config.json",
            "ledger.json",
        ] {
            // Hashes, since a list of bytes that differ would say nothing.
            let hashes = try [one, other].map { try SHA256Digest.hex(of: runs.folder.read("\($0)/\(name)")) }
            #expect(hashes[0] == hashes[1], "\(name) differs")
        }
    }
}
