// What the world does to a run: closed streams, full disks, strange names, broken checkpoints, signals.

import Foundation
import LuthierProgram
import StrictJSON
import TestSupport
import Testing

@Suite(.serialized) struct FaultTests {
    /// A small run in a new folder, 60 steps, with checkpoints at 7, 10, 14 …
    private static func trained(_ run: String = "run") throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        let result = try place.luthier("train", "--config", "small.json", "--run", run)
        try #require(result.code == 0, "\(result.errors)")
        return place
    }

    /// Runs a line of shell in the workplace, with the program's path in $LUTHIER.
    private static func shell(_ line: String, in place: Workplace) throws -> Outcome {
        let process = Process()
        let (output, errors) = (place.file("shell.out"), place.file("shell.err"))
        for path in [output, errors] { try Data().write(to: URL(fileURLWithPath: path)) }
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.environment = ProcessInfo.processInfo.environment.merging(["LUTHIER": Running.executable.path]) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: place.path)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    @Test func resultsThatCannotBeWrittenAreAnError() throws {
        let place = try Workplace()
        for line in ["$LUTHIER --help > /dev/full", "$LUTHIER train --help | head -1 > /dev/null; exit 0"] {
            let outcome = try Self.shell(line, in: place)
            if line.contains("full") {
                #expect(outcome.code == 1)
                #expect(outcome.errors.contains("the results could not be written to stdout: No space left"))
            }
        }
        // A shell's own exit code is that of the last command: the first one's goes through a file.
        let broken = try Self.shell("{ $LUTHIER train --help; echo $? > code; } | true; cat code", in: place)
        #expect(["0\n", "1\n"].contains(broken.output), "\(broken.output) \(broken.errors)")
        let closed = try Self.shell("$LUTHIER --version >&-", in: place)
        #expect(closed.code == 1)
        #expect(closed.errors.contains("the results could not be written to stdout"))
    }

    @Test func closedStreamsDoNotLandInFiles() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        _ = try Self.shell(
            "$LUTHIER train --config small.json --steps 12 --run open 2> /dev/null; "
                + "$LUTHIER train --config small.json --steps 12 --run closed <&- >&- 2>&-", in: place)
        for name in ["metrics.jsonl", "samples.jsonl", "ledger.json", "config.json", "latest", "best"] {
            let (one, other) = (
                try place.read("checkpoints/open/\(name)"), try place.read("checkpoints/closed/\(name)")
            )
            #expect(one == other, "\(name)")
        }
    }

    @Test func namesThatLeadElsewhereAreRefused() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        for name in [
            "../x", "/tmp/x", "a/b", "", ".", "..", ".hidden", "a\nb", "a\u{1B}[2J", String(repeating: "n", count: 201),
        ] {
            let outcome = try place.luthier("train", "--train", "text.txt", "--steps", "1", "--run", name)
            #expect(
                outcome.code == 1 && outcome.errors.contains("cannot be the name of a run"),
                "\(name): \(outcome.errors)")
            #expect(!outcome.errors.contains("\u{1B}"))
        }
        #expect(place.names(in: ".") == ["text.txt"])
    }

    @Test(.timeLimit(.minutes(1))) func aPipeInThePlaceOfAFileIsRefused() throws {
        let place = try Workplace()
        #expect(mkfifo(place.file("pipe"), 0o600) == 0)
        for arguments in [
            ["train", "--config", "pipe"], ["train", "--train", "pipe"], ["prepare", "pipe"], ["inspect", "pipe"],
            ["eval", "--checkpoint", "pipe", "--data", "pipe"], ["import", "pipe", "--output", "x.h5"],
            ["tokenizer", "info", "--tokenizer", "pipe"], ["generate", "--checkpoint", "pipe", "--prompt", "x"],
        ] {
            let outcome = try Running(arguments, in: place.path, input: "").wait()
            #expect(outcome.code == 1 && outcome.errors.hasPrefix("error: "), "\(arguments): \(outcome.errors)")
        }
    }

    /// The two newest checkpoints are zeroed. What asks for the best takes the third; so does a resumed run, which does not delete
    /// its new ones for the broken ones.
    @Test func brokenCheckpointsDoNotCount() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        for run in ["straight", "run"] {
            let trained = try place.luthier(
                "train", "--config", "small.json", "--run", run, "--set", "training.keepLast=3")
            #expect(trained.code == 0, "\(trained.errors)")
        }
        let names = place.names(in: "checkpoints/run").filter { $0.hasSuffix(".h5") }
        try #require(names.count >= 3)
        for name in names.suffix(2) {
            let count = try place.read("checkpoints/run/\(name)").count
            try place.write(Data(count: count), to: "checkpoints/run/\(name)")
        }
        let answer = try place.luthier("generate", "--checkpoint", "run", "--prompt", "In Dover", "--max-tokens", "4")
        #expect(answer.code == 0 && answer.errors.contains("is used instead"), "\(answer.errors)")

        // Killed right after its first checkpoint, which is the one that everything depends on.
        let resumed = try place.start("train", "--config", "small.json", "--run", "run", "--resume")
        try #require(resumed.wait { resumed.errorsSoFar.contains("saved ") }, "\(resumed.errorsSoFar)")
        resumed.send(SIGKILL)
        _ = resumed.wait()
        let files = place.names(in: "checkpoints/run")
        #expect(files.count { $0.hasSuffix(".broken") } == 2)
        let latest = String(decoding: try place.read("checkpoints/run/latest"), as: UTF8.self)
        #expect(files.contains(latest.trimmingCharacters(in: .newlines)))

        let last = try place.luthier("train", "--config", "small.json", "--run", "run", "--resume")
        #expect(last.code == 0, "\(last.errors)")
        let final = "step-000060.h5"
        #expect(try place.read("checkpoints/straight/\(final)") == place.read("checkpoints/run/\(final)"))
    }

    @Test func aRunWithoutAnIntactCheckpointIsNotStartedAgain() throws {
        let place = try Self.trained()
        for name in place.names(in: "checkpoints/run") where name.hasSuffix(".h5") {
            try place.write("nothing", to: "checkpoints/run/\(name)")
        }
        let outcome = try place.luthier(
            "train", "--config", "small.json", "--run", "run", "--resume", "--learning-rate", "1")
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("none of them is intact"), "\(outcome.errors)")
        let settings = String(decoding: try place.read("checkpoints/run/config.json"), as: UTF8.self)
        #expect(!settings.contains("\"learningRate\": 1,"))
    }

    @Test func aClosedTerminalSavesAndASignalAsksForACheckpoint() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        let arguments = ["--config", "small.json", "--set", "training.steps=2000", "--set", "training.saveEvery=2000"]
        let run = try Running(
            ["train", "--run", "run"] + arguments + ["--set", "evaluation.every=2000"], in: place.path, input: "")
        try #require(run.wait { run.errorsSoFar.contains("step 5/") })
        run.send(SIGUSR1)
        try #require(
            run.wait { place.names(in: "checkpoints/run").contains { $0.hasSuffix(".h5") } }, "\(run.errorsSoFar)")
        run.send(SIGHUP)
        let outcome = run.wait()
        #expect(outcome.code == 129, "\(outcome.errors)")
        #expect(place.names(in: "checkpoints/run").count { $0.hasSuffix(".h5") } == 2)
        #expect(outcome.errors.contains("use --resume to continue"))
    }

    @Test func aLimitOfFileSizesIsAnErrorThatLosesNothing() throws {
        let place = try Self.trained()
        let before = try place.read("checkpoints/run/latest")
        let outcome = try Self.shell(
            "ulimit -f 400; $LUTHIER train --config small.json --run run --resume --epochs 20", in: place)
        #expect(outcome.code == 1, "\(outcome.code) \(outcome.errors)")
        #expect(outcome.errors.contains("File too large") && outcome.errors.contains("ulimit -f"), "\(outcome.errors)")
        #expect(!place.names(in: "checkpoints/run").contains { $0.contains(".tmp.") })
        #expect(try place.read("checkpoints/run/latest") == before)
    }

    /// OpenBLAS would ask for its buffers for ever.
    @Test(.timeLimit(.minutes(2))) func aLimitOfAddressesIsRefusedWithNumbers() throws {
        guard FileManager.default.fileExists(atPath: "/proc/self/status") else { return }
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        for command in ["train --config small.json --run run", "doctor", "generate --checkpoint x --prompt y"] {
            let outcome = try Self.shell("ulimit -v 700000; exec $LUTHIER \(command)", in: place)
            #expect(outcome.code == 1 && outcome.errors.contains("ulimit -v unlimited"), "\(outcome.errors)")
            let pattern = /take up to (\d+) MiB of address space; the limit of this process leaves (\d+) MiB/
            let match = try #require(outcome.errors.firstMatch(of: pattern), "\(outcome.errors)")
            #expect((Int(match.1) ?? 0) > (Int(match.2) ?? .max))
        }
        #expect(place.names(in: ".") == ["shell.err", "shell.out", "small.json", "text.txt"])
    }

    /// A checkpoint in the place of one of its files would ruin the folder that is imported.
    @Test func aModelIsNotImportedOverItself() throws {
        let place = try Self.trained()
        _ = try place.luthier("export", "--checkpoint", "run", "--format", "huggingface", "--output", "hf")
        let before = try place.read("hf/model.safetensors")
        let outcome = try place.luthier("import", "hf", "--output", "hf/model.safetensors")
        #expect(outcome.errors.contains("belongs to the model that is imported"), "\(outcome.errors)")
        #expect(outcome.code != 0)
        #expect(try place.read("hf/model.safetensors") == before)
    }

    /// A name in a checkpoint or config that would clear the terminal is shown, not obeyed; a long one is cut.
    @Test func textFromFilesDoesNotChangeTheTerminal() throws {
        #expect(PrintableText.escaped("a\u{1B}[2J\tb\n\u{9B}1m\u{202E}c é") == "a\\u{1B}[2J\tb\n\\u{9B}1m\\u{202E}c é")
        let long = PrintableText.bounded("x\n" + String(repeating: "é", count: 5_000))
        #expect(long == "x\n" + String(repeating: "é", count: 4_000) + "… (1000 characters more)")
        let place = try Workplace()
        try place.write(
            "{\"model\": {\"\u{1B}]0;title\u{7}\": 1}}".replacingOccurrences(of: "\u{1B}", with: "\\u001b")
                .replacingOccurrences(of: "\u{7}", with: "\\u0007"), to: "config.json")
        let outcome = try place.luthier("train", "--config", "config.json")
        #expect(outcome.code == 1 && outcome.errors.contains("\\u{1B}]0;title\\u{7}"), "\(outcome.errors)")
        #expect(!outcome.errors.contains("\u{1B}") && !outcome.errors.contains("\u{7}"))
    }

    @Test func moreThreadsThanAreUsefulEnd() throws {
        let place = try Self.trained()
        let many = try place.luthier(
            "generate", "--checkpoint", "run", "--prompt", "In Dover", "--max-tokens", "4", "--threads", "1024")
        #expect(many.code == 0, "\(many.errors)")
        let tooMany = try place.luthier(
            "generate", "--checkpoint", "run", "--prompt", "In Dover", "--threads", "100000")
        #expect(tooMany.code == 2 && tooMany.errors.contains("--threads 100000 must be between 0 and 1024"))
    }

    /// A learning rate that ruins the model ends the run with an error, and what it would have saved is not there.
    @Test func aRuinedModelIsNotSaved() throws {
        let place = try Self.trained()
        let steps = place.names(in: "checkpoints/run").filter { $0.hasSuffix(".h5") }
        let outcome = try place.luthier(
            "train", "--base", "checkpoints/run", "--train", "text.txt", "--steps", "4", "--learning-rate", "1e30",
            "--run", "ruined", "--set", "training.warmupSteps=0", "--set", "training.schedule=constant")
        #expect(outcome.code == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("diverged") || outcome.errors.contains("not finite"), "\(outcome.errors)")
        for name in place.names(in: "checkpoints/ruined") where name.hasSuffix(".h5") {
            let measured = try place.luthier(
                "eval", "--checkpoint", "checkpoints/ruined/\(name)", "--data", "text.txt")
            #expect(measured.code == 0, "\(name): \(measured.errors)")
        }
        #expect(!steps.isEmpty)
    }
}
