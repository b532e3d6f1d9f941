// Models by name on the command line: fetched from a hub on this machine, used, listed and removed.

import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct FetchTests {
    /// A folder, and a hub that has a small trained model.
    private static func furnished() throws -> (Workplace, TestHub) {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(EndToEndTests.config, to: "sample.json")
        let trained = try place.luthier("train", "--config", "sample.json", "--steps", "2", "--run", "made")
        try #require(trained.code == 0, "\(trained.errors)")
        let exported = try place.luthier(
            "export", "--checkpoint", "made", "--format", "huggingface", "--output", "exported")
        try #require(exported.code == 0, "\(exported.errors)")
        var contents: [String: [UInt8]] = [:]
        for name in place.names(in: "exported") { contents[name] = [UInt8](try place.read("exported/" + name)) }
        return (place, try TestHub(contents, large: ["model.safetensors"], faults: [.cut(5000)]))
    }

    @Test func fetchedUsedAndRemoved() throws {
        let (place, hub) = try Self.furnished()
        let environment = [
            "LUTHIER_CACHE": place.file("cache"), "HF_ENDPOINT": hub.address, "HF_HUB_CACHE": place.file("none"),
        ]
        func luthier(_ arguments: [String]) throws -> Outcome {
            try Running(arguments, in: place.path, input: "", environment: environment).wait()
        }
        let missing = try luthier(["inspect", "owner/name"])
        #expect(missing.code == 1 && missing.errors.contains("`luthier fetch owner/name` gets it"), "\(missing.errors)")

        let fetched = try luthier(["fetch", "owner/name", "--json"])
        try #require(fetched.code == 0, "\(fetched.errors)")
        let folder = place.file("cache/owner--name")
        let keys = try fetched.json()
        #expect(keys["path"]?.string == folder && keys["licence"]?.string == "apache-2.0")
        #expect(keys["bytes"]?.integer ?? 0 > 100_000 && keys["sha256"]?.string?.count == 64)
        #expect(
            fetched.errors.contains("licence apache-2.0") && fetched.errors.contains("use it with --base owner/name"))

        let shown = try luthier(["inspect", "owner/name"])
        #expect(shown.code == 0 && shown.output.contains("\(folder)\n  gpt2, "), "\(shown.errors)")
        let info = try luthier(["tokenizer", "info", "--tokenizer", "owner/name"])
        #expect(info.output.hasPrefix("vocabulary 320, "), "\(info.errors)")
        try Self.tuned(place, luthier)

        let listed = try luthier(["fetch", "--list", "--json"])
        let models = try listed.json()["models"]?.array ?? []
        #expect(models.first?.object?["name"]?.string == "owner/name" && models.count == 1)
        #expect(models.first?.object?["complete"]?.bool == true && listed.output.contains("smollm2-135m  98.4 MB"))
        let removed = try luthier(["fetch", "--remove", "owner/name"])
        #expect(removed.code == 0 && place.names(in: "cache").isEmpty, "\(removed.errors)")
        let orphan = try luthier(["generate", "--checkpoint", "tuned", "--prompt", "The"])
        #expect(orphan.code == 1 && orphan.errors.contains("luthier fetch owner/name"), "\(orphan.errors)")
    }

    /// A run keeps the name of its base, and its adapters find the base again.
    private static func tuned(_ place: Workplace, _ luthier: ([String]) throws -> Outcome) throws {
        let tuned = try luthier([
            "train", "--config", "sample.json", "--base", "owner/name", "--method", "lora", "--steps", "2", "--run",
            "tuned",
        ])
        try #require(tuned.code == 0, "\(tuned.errors)")
        let config = String(decoding: try place.read("checkpoints/tuned/config.json"), as: UTF8.self)
        #expect(config.contains("\"base\": \"owner/name\""))
        for checkpoint in ["tuned", "owner/name"] {
            let answer = try luthier(["generate", "--checkpoint", checkpoint, "--prompt", "The", "--max-tokens", "2"])
            #expect(answer.code == 0, "\(answer.errors)")
        }
        let resumed = try luthier([
            "train", "--config", "sample.json", "--base", "owner/name", "--method", "lora", "--steps", "3", "--run",
            "tuned", "--resume",
        ])
        #expect(resumed.code == 0, "\(resumed.errors)")
        // A path that exists comes before the name.
        try place.write("{}", to: "owner/name/config.json")
        let other = try luthier(["inspect", "owner/name"])
        #expect(other.code == 1 && other.errors.contains("owner/name/"), "\(other.errors)")
        try FileManager.default.removeItem(atPath: place.file("owner"))
    }

    @Test(arguments: [
        (["train", "--base", "smollm2-135m"], "`luthier fetch smollm2-135m` gets it"),
        (["generate", "--prompt", "x", "--checkpoint", "Qwen/Qwen3-0.6B"], "`luthier fetch Qwen/Qwen3-0.6B` gets it"),
        (["tokenizer", "info", "--tokenizer", "smollm2-135m"], "`luthier fetch smollm2-135m` gets it"),
        (["inspect", "smollm2-135m"], "`luthier fetch smollm2-135m` gets it"),
        (["generate", "--prompt", "x", "--checkpoint", "smolm2-135m"], "did you mean smollm2-135m?"),
        (["generate", "--prompt", "x", "--checkpoint", "some/model"], "`luthier fetch some/model` gets it if"),
        (["generate", "--prompt", "x", "--checkpoint", "runs/model.h5"], "`luthier train --config FILE` makes one"),
        (["fetch", "smolm2-135m"], "did you mean smollm2-135m?"), (["fetch", "../x"], "is not a valid name"),
        (["fetch", "--remove", "smollm2-135m"], "smollm2-135m is not in the cache"),
        (["fetch", "smollm2-135m", "--revision", "main"], "so --revision has no meaning"),
        (["fetch"], "exactly one of a name, --list and --remove"),
        (["fetch", "--list", "--output", "x"], "--output and --revision need the name of a model"),
    ]) func mistakes(_ arguments: [String], _ message: String) throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        let more = arguments[0] == "train" ? ["--train", "text.txt"] : []
        let environment = ["LUTHIER_CACHE": place.file("cache"), "HF_HUB_CACHE": place.file("none")]
        let outcome = try Running(arguments + more, in: place.path, input: "", environment: environment).wait()
        #expect(outcome.code != 0 && outcome.errors.contains(message), "\(outcome.errors)")
    }
}
