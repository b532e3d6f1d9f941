// What a model's path or name means: the file that exists, then the fetched model, then a message.

import Fetching
import Foundation
import Models
import TestSupport
import Testing

@Suite struct ModelLocationTests {
    private static func environment(_ folder: TemporaryFolder) -> FetchEnvironment {
        FetchEnvironment(["LUTHIER_CACHE": folder.path, "HF_HUB_CACHE": folder.path + "/hub", "HOME": folder.path])
    }

    private static func make(_ name: String, _ files: [String], in folder: TemporaryFolder) throws -> String {
        let path = folder.path + "/" + name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for file in files { try folder.write("x", as: name + "/" + file) }
        return path
    }

    @Test func pathsComeFirst() throws {
        let folder = try TemporaryFolder()
        _ = try Self.make("owner--name", ["config.json", "model.safetensors"], in: folder)
        let environment = Self.environment(folder)
        let path = try Self.make("a/b", [], in: folder)
        #expect(try ModelLocation(path, environment: environment).path == path)
        #expect(
            try ModelLocation("owner/name", environment: environment).path == folder.path + "/owner--name")
        // Where nothing is, the text itself is what the message of the caller names.
        for text in ["nowhere", "other/name", "x.h5", "", "/", "a//b"] {
            let location = try ModelLocation(text, environment: environment)
            #expect(location.path == text && location.note == nil)
        }
    }

    @Test func knownNamesSayHowToGetThem() throws {
        let folder = try TemporaryFolder()
        for name in ["smollm2-135m", "Qwen/Qwen3-0.6B"] {
            let error = #expect(throws: ModelError.notFetched(name: name)) {
                try ModelLocation(name, environment: Self.environment(folder))
            }
            #expect(error?.hint == "`luthier fetch \(name)` gets it")
        }
        // A file of another size is not the model.
        _ = try Self.make("smollm2-135m", ["SmolLM2-135M-Instruct.Q4_1.gguf"], in: folder)
        #expect(throws: ModelError.notFetched(name: "smollm2-135m")) {
            try ModelLocation("smollm2-135m", environment: Self.environment(folder))
        }
    }

    @Test func huggingFacesCacheIsSaid() throws {
        let folder = try TemporaryFolder()
        let snapshot = try Self.make(
            "hub/models--owner--name/snapshots/abc", ["config.json", "model.safetensors"], in: folder)
        _ = try Self.make("hub/models--owner--name/refs", [], in: folder)
        try folder.write("abc", as: "hub/models--owner--name/refs/main")
        let location = try ModelLocation("owner/name", environment: Self.environment(folder))
        #expect(location.path == snapshot)
        #expect(location.note == "owner/name is used from the cache of Hugging Face's libraries: \(snapshot)")
    }
}
