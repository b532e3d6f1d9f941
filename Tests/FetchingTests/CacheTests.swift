// The cache: where models are, what is complete, what is removed, and models of Hugging Face's cache.

import Fetching
import Foundation
import TestSupport
import Testing

@Suite struct CacheTests {
    @Test func whereTheCacheIs() throws {
        #expect(ModelCache(FetchEnvironment(["HOME": "/home/me"])).root == "/home/me/.cache/luthier")
        #expect(ModelCache(FetchEnvironment(["HOME": "/home/me", "LUTHIER_CACHE": "/models"])).root == "/models")
        #expect(
            ModelCache(FetchEnvironment(["HOME": "/home/me", "LUTHIER_CACHE": "~/models"])).root == "/home/me/models")
        #expect(
            ModelCache(FetchEnvironment(["HOME": "/home/me", "LUTHIER_CACHE": ""])).root == "/home/me/.cache/luthier")
        let cache = ModelCache(FetchEnvironment(["LUTHIER_CACHE": "/c"]))
        for (name, folder) in [
            ("smollm2-135m", "smollm2-135m"), ("owner/name", "owner--name"), ("owner/name@v1", "owner--name@v1"),
            ("owner/name/a.gguf", "owner--name--a"), ("owner/name@refs/pr/1", "owner--name@refs--pr--1"),
        ] { #expect(try cache.folder(of: ModelName(name)) == "/c/" + folder) }
    }

    @Test func listedAndRemoved() throws {
        let place = try HubPlace()
        let cache = ModelCache(place.environment())
        #expect(cache.list().isEmpty)
        try place.fetch()
        let model = try #require(cache.list().first)
        #expect(model.name == "owner/name" && model.isComplete && model.path == place.final)
        #expect(model.record?.licence == "apache-2.0")
        #expect(model.bytes == model.record?.bytes)
        let bytes = model.bytes
        try FileManager.default.removeItem(atPath: place.final + "/tokenizer.json")
        #expect(cache.list().first?.defect == "tokenizer.json is missing")
        #expect(try FetchedModels(place.environment()).find(ModelName("owner/name")) == nil)
        #expect(try cache.remove(ModelName("owner/name")) == bytes - 2)
        #expect(cache.list().isEmpty)
        #expect(throws: FetchError.notInCache("owner/name", nearest: nil)) { try cache.remove(ModelName("owner/name")) }
    }

    /// What an interrupted download has left is removed too.
    @Test func partsAreRemoved() throws {
        let place = try HubPlace(faults: [.cut(1000)])
        #expect(place.failure(failures: 1) != nil)
        let cache = ModelCache(place.environment())
        #expect(try cache.remove(ModelName("owner/name")) > 1000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.cache).isEmpty)
    }

    /// Files that people have copied there need no record.
    @Test func copiedModels() throws {
        let place = try HubPlace()
        let models = FetchedModels(place.environment())
        func write(_ name: String) throws {
            try FileManager.default.createDirectory(atPath: place.final, withIntermediateDirectories: true)
            try Data([1]).write(to: URL(fileURLWithPath: place.final + "/" + name))
        }
        try write("config.json")
        #expect(try models.find(ModelName("owner/name")) == nil)
        try write("model-00001-of-00002.safetensors")
        #expect(try models.find(ModelName("owner/name")) == nil)
        try write("model-00002-of-00002.safetensors")
        #expect(try models.find(ModelName("owner/name")) == .cached(place.final))
        #expect(try place.fetch().origin == .alreadyThere)
        #expect(place.hub.hubRequests.isEmpty)
    }

    @Test(arguments: ["HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "HOME"])
    func modelsOfHuggingFacesCache(_ variable: String) throws {
        let place = try HubPlace()
        let folders = [
            "HF_HOME": "x/hub", "HF_HUB_CACHE": "x", "XDG_CACHE_HOME": "x/huggingface/hub",
            "HOME": "x/.cache/huggingface/hub",
        ]
        let model = place.folder.path + "/" + (folders[variable] ?? "") + "/models--owner--name"
        let environment = [variable: place.folder.path + "/x"]
        func write(_ text: String, _ name: String) throws {
            let url = URL(fileURLWithPath: model + "/" + name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        try write("abc123\n", "refs/main")
        try write("{}", "snapshots/abc123/config.json")
        let models = FetchedModels(place.environment(environment))
        // A download that Hugging Face's libraries have not finished is not a model.
        #expect(try models.find(ModelName("owner/name")) == nil)
        try write("weights", "blobs/w")
        try FileManager.default.createSymbolicLink(
            atPath: model + "/snapshots/abc123/model.safetensors", withDestinationPath: "../../blobs/w")
        let path = model + "/snapshots/abc123"
        #expect(try models.find(ModelName("owner/name")) == .huggingFace(path))
        #expect(try models.find(ModelName("owner/name@abc123")) == .huggingFace(path))
        #expect(try models.find(ModelName("owner/name@other")) == nil)
        let fetched = try place.fetch(others: environment)
        #expect(fetched.origin == .huggingFaceCache && fetched.path == path && fetched.record.revision == "abc123")
        #expect(place.hub.hubRequests.isEmpty)
        // The model's own folder comes first.
        try place.fetch(others: environment.merging(["HF_HUB_CACHE": place.folder.path + "/none"]) { $1 })
        #expect(try models.find(ModelName("owner/name")) == .cached(place.final))
    }
}
