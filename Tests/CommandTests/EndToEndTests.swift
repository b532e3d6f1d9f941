// The main path of a user: train, evaluate, generate; and the JSON keys.

import Foundation
import StrictJSON
import Testing

@Suite struct EndToEndTests {
    static let config = """
        { // A model that learns the sample text by heart.
            "model": { "blockCount": 2, "headCount": 2, "modelWidth": 64, "contextLength": 48 },
            "tokenizer": { "vocabularySize": 320 },
            "data": { "train": "text.txt", "format": "documents", "testFraction": 0.1 },
            "training": { "epochs": 12, "batchSize": 8, "learningRate": 4e-3 },
            "generation": { "maximumTokens": 30, "temperature": 0 }
        }
        """

    private func trained() throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(Self.config, to: "sample.json")
        let outcome = try place.luthier("train", "--config", "sample.json", "--json")
        try #require(outcome.code == 0, "\(outcome.errors)")
        let json = try outcome.json()
        #expect(json["run"]?.string == "sample-1")
        #expect(json["stopped"]?.string == "finished")
        #expect(json["steps"]?.integer == 144)
        #expect(json["epochs"]?.number == 12)
        for key in ["trainLoss", "validationLoss", "validationPerplexity", "tokensPerSecond", "seconds"] {
            #expect(json[key]?.number ?? 0 > 0, "\(key)")
        }
        #expect(json["peakMemoryBytes"]?.integer ?? 0 > 1 << 20)
        for key in ["bestCheckpoint", "lastCheckpoint"] {
            #expect(FileManager.default.fileExists(atPath: place.file(json[key]?.string ?? "none")), "\(key)")
        }
        return place
    }

    @Test func trainEvaluateGenerate() throws {
        let place = try trained()
        let names = place.names(in: "checkpoints/sample-1")
        let expected = [
            "best", "config.json", "data-hashes", "latest", "ledger.json", "machine.json", "metrics.csv",
            "metrics.jsonl",
            "origins.json", "run.lock", "samples.jsonl", "timings.jsonl",
        ]
        #expect(names.filter { !$0.hasPrefix("step-") && !$0.hasPrefix("events.") } == expected)

        // Every batch size gives the same metrics, equal to those at the end of training.
        var losses: [Double] = []
        for size in ["1", "3", "8"] {
            let outcome = try place.luthier("eval", "--split", "validation", "--batch-size", size, "--json")
            let json = try outcome.json()
            losses.append(json["loss"]?.number ?? .nan)
            #expect(json["split"]?.string == "validation")
            #expect(json["sequenceAccuracy"]?.isNull == true)
            #expect(json["examples"]?.integer == 12)
            #expect(json["tokenAccuracy"]?.number ?? 0 > 0.5)
            #expect(abs((json["perplexity"]?.number ?? 0) - exp(losses[0])) < 1e-6 * exp(losses[0]))
        }
        for loss in losses { #expect(abs(loss - losses[0]) < 1e-6 * losses[0]) }
        #expect(try place.luthier("eval", "--split", "test", "--json").json()["examples"]?.integer == 12)

        let greedy = ["generate", "--prompt", "In Dover the sky", "--json"]
        let first = try Running(greedy, in: place.path, input: "").wait().json()
        let second = try Running(greedy + ["--threads", "1"], in: place.path, input: "").wait().json()
        let text = first["completions"]?.array?.first?.object?["text"]?.string ?? ""
        #expect(text.hasPrefix(" is "), "\(text)")
        #expect(text == second["completions"]?.array?.first?.object?["text"]?.string)
        #expect(first["prompt"]?.string == "In Dover the sky")
        #expect(first["completions"]?.array?.first?.object?["finishReason"]?.string == "stop")
    }

    @Test func generationOptions() throws {
        let place = try trained()
        let several = try place.luthier(
            "generate", "--prompt", "In Corby", "--temperature", "1", "--n", "3", "--seed", "7", "--json")
        #expect(try several.json()["completions"]?.array?.count == 3)
        let stopped = try place.luthier("generate", "-", "--stop", "degrees", "--json", input: "In Aston the")
        let completion = try stopped.json()["completions"]?.array?.first?.object
        #expect(completion?["text"]?.string?.contains("degrees") == false)
        #expect(completion?["finishReason"]?.string == "stop")
        let short = try place.luthier("generate", "--prompt", "In Elgin", "--max-tokens", "3", "--json")
        let length = try short.json()["completions"]?.array?.first?.object
        #expect(length?["tokens"]?.integer == 3)
        #expect(length?["finishReason"]?.string == "length")
        let streamed = try place.luthier("generate", "--prompt", "In Elgin", "--max-tokens", "3")
        #expect(streamed.output == "In Elgin" + (length?["text"]?.string ?? "") + "\n")
    }

    @Test func dryRunWritesNothingAndMeasures() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(Self.config, to: "sample.json")
        let outcome = try place.luthier("train", "--config", "sample.json", "--dry-run", "--json")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let json = try outcome.json()
        #expect(json["seconds"]?.number ?? 0 > 0)
        #expect(json["tokensPerSecond"]?.number ?? 0 > 0)
        #expect(place.names(in: ".") == ["sample.json", "text.txt"])
    }

    @Test func anExistingRunIsRefusedAndAFinishedOneContinued() throws {
        let place = try trained()
        let again = try place.luthier("train", "--config", "sample.json", "--run", "sample-1")
        #expect(again.code == 1)
        #expect(again.errors.contains("error: the run checkpoints/sample-1 exists already"))
        #expect(again.errors.contains("--resume continues it"))
        let changed = try place.luthier(
            "train", "--config", "sample.json", "--resume", "--set", "training.batchSize=4")
        #expect(changed.code == 1)
        #expect(changed.errors.contains("the run was started with training.batchSize = 8 and cannot continue with 4"))
        let longer = try place.luthier("train", "--config", "sample.json", "--resume", "--epochs", "13", "--json")
        #expect(longer.errors.contains("training.epochs changes from 12 to 13"), "\(longer.errors)")
        #expect(longer.errors.contains("note: steps: 144 before, 156 now; 144 are taken"), "\(longer.errors)")
        #expect(longer.errors.contains("note: schedule cosine: the rate falls from "), "\(longer.errors)")
        #expect(try longer.json()["steps"]?.integer == 156)
        // Epochs replace steps that the run was given, and the other way round.
        let steps = try place.luthier("train", "--config", "sample.json", "--resume", "--steps", "158", "--json")
        #expect(try steps.json()["steps"]?.integer == 158)
        let epochs = try place.luthier("train", "--run", "sample-1", "--resume", "--epochs", "14", "--json")
        #expect(try epochs.json()["steps"]?.integer == 168)
        try place.write(SampleText.paragraphs + "One more.\n", to: "text.txt")
        let other = try place.luthier("train", "--config", "sample.json", "--resume", "--epochs", "15")
        #expect(other.code == 1)
        #expect(other.errors.contains("the data has changed since the run was started"), "\(other.errors)")
    }

    @Test func tokenizerCommands() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        let made = try place.luthier(
            "tokenizer", "train", "text.txt", "--vocabulary-size", "300", "--output", "tokens")
        #expect(made.code == 0, "\(made.errors)")
        let text = "Naïve ☀ <|endoftext|>\n"
        let encoded = try place.luthier("tokenizer", "encode", "--tokenizer", "tokens", "-", "--json", input: text)
        let ids = try encoded.json()["ids"]?.array?.compactMap(\.integer) ?? []
        #expect(!ids.contains(299), "end-of-text came out of text")
        let plain = try place.luthier("tokenizer", "encode", "--tokenizer", "tokens", "-", input: text)
        #expect(plain.output == ids.map(String.init).joined(separator: " ") + "\n")
        let decoded = try place.luthier(
            "tokenizer", "decode", "--tokenizer", "tokens", "-", input: ids.map(String.init).joined(separator: " "))
        #expect(decoded.output == text)
    }

    @Test func versionAndHelp() throws {
        let place = try Workplace()
        #expect(try place.luthier("--version").output.hasPrefix("luthier "))
        let help = try place.luthier("train", "--help")
        #expect(help.code == 0)
        for key in ["training.learningRate", "data.validationFraction", "evaluation.samples", "--dry-run"] {
            #expect(help.output.contains(key), "\(key)")
        }
    }

    /// LoRA runs: small checkpoints, exact resume, merged for use, and rejected with another base.
    @Test func adapters() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(ResumeTests.config, to: "small.json")
        let base = try place.luthier("train", "--config", "small.json", "--run", "base", "--steps", "20")
        #expect(base.code == 0, "\(base.errors)")
        let method = [
            "train", "--config", "small.json", "--base", "checkpoints/base", "--method", "lora", "--steps", "20",
            "--learning-rate", "1e-2", "--set", "method.targets=[\"all\"]",
        ]
        let tuned = try Running(method + ["--run", "tuned", "--json"], in: place.path, input: "").wait()
        #expect(tuned.code == 0, "\(tuned.errors)")
        let sizes = try ["base", "tuned"].map { try place.read("checkpoints/\($0)/step-000020.h5").count }
        #expect(10 * sizes[1] < 3 * sizes[0], "\(sizes)")
        // Evaluation of the merged model gives the same loss as training with separate adapters.
        let trained = try #require(tuned.json()["validationLoss"]?.number)
        let last = "checkpoints/tuned/step-000020.h5"
        let merged = try place.luthier("eval", "--checkpoint", last, "--split", "validation", "--json")
        let loss = try #require(merged.json()["loss"]?.number)
        #expect(abs(loss - trained) < 1e-5 * trained)
        // Stopped half way and resumed: the same bytes.
        let half = try Running(method + ["--run", "half"], in: place.path, input: "")
        #expect(half.wait(until: { place.names(in: "checkpoints/half").contains("step-000007.h5") }))
        half.send(SIGKILL)
        _ = half.wait()
        let resumed = try Running(method + ["--run", "half", "--resume"], in: place.path, input: "").wait()
        #expect(resumed.code == 0, "\(resumed.errors)")
        let isEqual = try place.read(last) == place.read("checkpoints/half/step-000020.h5")
        #expect(isEqual, "the resumed adapters differ")

        // Another base is refused by its hash.
        let other = try place.luthier(
            "train", "--config", "small.json", "--run", "base", "--resume", "--steps", "27")
        #expect(other.code == 0, "\(other.errors)")
        let refused = try place.luthier("eval", "--checkpoint", last, "--split", "validation")
        #expect(refused.code == 1 && refused.errors.contains("its adapters belong to a model with SHA-256"))
    }
}
