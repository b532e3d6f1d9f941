// Exact resume, proved the hard way: a run killed again and again ends with the same bytes as one left alone.

import Foundation
import StrictJSON
import Testing

@Suite(.serialized) struct ResumeTests {
    /// Dropout, accumulation, saves every 7 steps, the end of an epoch inside: 60 steps.
    static let config = """
        {
            "model": { "blockCount": 2, "headCount": 4, "modelWidth": 256, "contextLength": 24,
                       "embeddingDropout": 0.1, "attentionDropout": 0.1, "residualDropout": 0.1 },
            "tokenizer": { "vocabularySize": 320 },
            "data": { "train": "text.txt", "format": "documents" },
            "training": { "steps": 60, "batchSize": 3, "accumulation": 2, "saveEvery": 7, "logEvery": 1, "threads": 2 },
            "evaluation": { "every": 10, "samples": ["In Dover"] }
        }
        """

    @Test func killedFiveTimesEndsWithTheSameBytes() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(Self.config, to: "small.json")
        let straight = try place.luthier("train", "--config", "small.json", "--run", "straight")
        #expect(straight.code == 0, "\(straight.errors)")

        func step() -> Int { Self.lastStep(place, "killed") }
        func isSaving() -> Bool { place.names(in: "checkpoints/killed").contains { $0.contains(".tmp.") } }
        // Between two saves, while a file is written, and three moments more, one of them before the first save.
        let moments: [() -> Bool] = [
            { step() >= 3 }, { step() >= 11 && step() % 7 == 4 }, { step() >= 20 && isSaving() }, { step() >= 38 },
            { step() >= 52 },
        ]
        for (index, moment) in moments.enumerated() {
            let run = try place.start("train", "--config", "small.json", "--run", "killed", "--resume")
            try #require(run.wait(until: moment), "kill \(index) came too late: \(run.errorsSoFar)")
            run.send(SIGKILL)
            #expect(run.wait().code == SIGKILL)
            if index == 2 {
                let leftovers = place.names(in: "checkpoints/killed").filter { $0.contains(".tmp.") }
                #expect(!leftovers.isEmpty, "the kill missed the file being written")
            }
        }
        let last = try place.luthier("train", "--config", "small.json", "--run", "killed", "--resume")
        #expect(last.code == 0, "\(last.errors)")
        try Self.expectEqualRuns(place, "straight", "killed")

        // Once finished, resuming changes nothing.
        let again = try place.luthier("train", "--config", "small.json", "--run", "killed", "--resume")
        #expect(again.code == 0)
        try Self.expectEqualRuns(place, "straight", "killed")
    }

    #if arch(x86_64)
        /// Which library multiplies is part of the kernel's name, and so of what a run resumes with.
        @Test func oneDNNsProductsAreResumed() throws {
            let place = try Workplace()
            try place.write(SampleText.paragraphs, to: "text.txt")
            try place.write(Self.config, to: "small.json")
            let kernel = ["LUTHIER_BLAS_KERNEL": "Haswell+oneDNN"]
            let straight = try place.luthier(
                "train", "--config", "small.json", "--run", "straight", environment: kernel)
            #expect(straight.code == 0 && straight.errors.contains("kernel Haswell+oneDNN"), "\(straight.errors)")
            // With a checkpoint, and before the first one, when the run starts again at step 0.
            for (name, file) in [("killed", "step-000007.h5"), ("early", "machine.json")] {
                let run = try Running(
                    ["train", "--config", "small.json", "--run", name], in: place.path, input: "", environment: kernel)
                try #require(
                    run.wait { place.names(in: "checkpoints/\(name)").contains(file) }, "\(run.errorsSoFar)")
                run.send(SIGKILL)
                #expect(run.wait().code == SIGKILL)
                let resumed = try place.luthier("train", "--config", "small.json", "--run", name, "--resume")
                #expect(resumed.code == 0, "\(resumed.errors)")
                try Self.expectEqualRuns(place, "straight", name)
            }

            let plain = ["LUTHIER_BLAS_KERNEL": "Haswell"]
            _ = try place.luthier("train", "--config", "small.json", "--run", "plain", environment: plain)
            func metrics(_ run: String) throws -> Data { try place.read("checkpoints/\(run)/metrics.jsonl") }
            #expect(try metrics("plain") != metrics("straight"))
        }
    #endif

    @Test func signalsSaveAndLeaveWithTheirCode() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(Self.config, to: "small.json")
        _ = try place.luthier("train", "--config", "small.json", "--run", "straight")
        for (signal, code, step) in [(SIGINT, Int32(130), 9), (SIGTERM, 143, 30)] {
            let run = try place.start("train", "--config", "small.json", "--run", "stopped", "--resume")
            try #require(run.wait { Self.lastStep(place, "stopped") >= step })
            run.send(signal)
            let outcome = run.wait()
            #expect(outcome.code == code, "\(outcome.errors)")
            #expect(outcome.errors.contains("use --resume to continue"))
        }
        _ = try place.luthier("train", "--config", "small.json", "--run", "stopped", "--resume")
        let final = "step-000060.h5"
        #expect(
            try place.read("checkpoints/straight/\(final)") == place.read("checkpoints/stopped/\(final)"))
        #expect(
            try place.read("checkpoints/straight/metrics.jsonl") == place.read("checkpoints/stopped/metrics.jsonl"))
    }

    @Test func aBrokenNewestCheckpointIsSkipped() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(Self.config, to: "small.json")
        _ = try place.luthier("train", "--config", "small.json", "--run", "straight")
        _ = try place.luthier("train", "--config", "small.json", "--run", "broken")
        // One bit of the newest file flips; the one before it is valid.
        var bytes = try place.read("checkpoints/broken/step-000060.h5")
        bytes[bytes.count / 2] ^= 1
        try place.write(bytes, to: "checkpoints/broken/step-000060.h5")
        let resumed = try place.luthier("train", "--config", "small.json", "--run", "broken", "--resume")
        #expect(resumed.code == 0)
        #expect(resumed.errors.contains("; skipped"), "\(resumed.errors)")
        #expect(resumed.errors.contains("resuming from step 56"), "\(resumed.errors)")
        try Self.expectEqualRuns(place, "straight", "broken")
    }

    @Test func aSecondTrainerIsRefused() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(Self.config, to: "small.json")
        let first = try place.start("train", "--config", "small.json", "--run", "held", "--set", "training.steps=5000")
        try #require(first.wait { Self.lastStep(place, "held") >= 2 })
        let second = try place.luthier("train", "--config", "small.json", "--run", "held", "--resume")
        #expect(second.code == 1)
        #expect(second.errors.contains("\(first.process.processIdentifier)"), "\(second.errors)")
        first.send(SIGKILL)
        _ = first.wait()
    }

    /// The step of the last complete line of a run's metrics.
    private static func lastStep(_ place: Workplace, _ run: String) -> Int {
        guard let data = try? place.read("checkpoints/\(run)/metrics.jsonl") else { return 0 }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.compactMap { (try? JSONText.parse(String($0)))?.object?["step"]?.integer }.max() ?? 0
    }

    /// The same checkpoints, best and metrics, to the byte.
    private static func expectEqualRuns(_ place: Workplace, _ first: String, _ second: String) throws {
        let kept = { (run: String) in
            place.names(in: "checkpoints/\(run)").filter { $0.hasSuffix(".h5") || ["best", "latest"].contains($0) }
        }
        #expect(kept(first) == kept(second))
        for name in kept(first) + ["metrics.jsonl", "samples.jsonl", "ledger.json"] {
            let (one, other) =
                (try place.read("checkpoints/\(first)/\(name)"), try place.read("checkpoints/\(second)/\(name)"))
            // As one value: the difference of megabytes would take an hour to print.
            let isEqual = one == other
            #expect(isEqual, "\(name) differs")
        }
    }
}
