// What the hub answers: listings, redirects, refusals, hostile names; and the variables that are respected.

import Checkpoint
import Fetching
import Foundation
import TestSupport
import Testing

@Suite struct HubTests {
    /// The token goes to the hub, never to the server of the files.
    @Test func theTokenStaysAtTheHub() throws {
        let place = try HubPlace()
        try place.fetch(others: ["HF_TOKEN": "secret"])
        #expect(place.isRight)
        #expect(place.hub.hubRequests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
        #expect(!place.hub.fileRequests.isEmpty)
        #expect(place.hub.fileRequests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func sizesAreAskedForWhereTheListingHasNone() throws {
        let place = try HubPlace(hidesSizes: true)
        let model = try place.fetch()
        #expect(place.isRight)
        #expect(model.record.files.first { $0.name == "model.safetensors" }?.bytes == 300_000)
        #expect(place.hub.hubRequests.count { $0.method == "HEAD" } == 3)
        #expect(place.hub.fileRequests.count == 1)
        let wrong = try HubPlace(faults: [.otherBytes], hidesSizes: true)
        guard case .wrongHash? = wrong.failure() else {
            Issue.record("the hash of the header is not used")
            return
        }
    }

    @Test(
        arguments: [
            (401, nil, "accessDenied"), (403, "GatedRepo", "accessDenied"), (404, nil, "noRepository"),
            (404, "RevisionNotFound", "noRevision"), (500, nil, "status"), (429, nil, "tooManyRequests"),
            (418, nil, "status"),
        ] as [(Int, String?, String)]) func refusalsAreExplained(_ status: Int, _ code: String?, _ kind: String) throws
    {
        let place = try HubPlace(instead: { path in
            guard path.hasPrefix("/api/") else { return nil }
            return .init(status, Array("no".utf8), headers: code.map { [("X-Error-Code", $0)] } ?? [])
        })
        let error = try #require(place.failure())
        #expect(String(describing: Mirror(reflecting: error).children.first?.label ?? "") == kind)
        #expect(place.hasNothing)
        if kind == "accessDenied" {
            #expect(error.hint?.contains("HF_TOKEN") == true && error.hint?.contains("/owner/name") == true)
            let known = try #require(place.failure(others: ["HF_TOKEN": "x"]))
            #expect(known.hint?.hasPrefix("if the model is gated") == true)
        }
    }

    @Test func similarNamesAreNamed() throws {
        let place = try HubPlace()
        #expect(place.failure("openai/gpt2") == .noRepository("openai/gpt2", nearest: "openai-community/gpt2"))
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/x", "", "gopher://x", "https://host/a b", "relative/path",
    ]) func unsafeRedirectsAreNotFollowed(_ target: String) throws {
        let place = try HubPlace(instead: { path in
            path.hasSuffix(".safetensors") ? .init(302, headers: [("Location", target)]) : nil
        })
        guard case .unsafeRedirect(from: _, to: target)? = place.failure() else {
            Issue.record("followed")
            return
        }
        #expect(place.hasNothing)
    }

    @Test func redirectsEnd() throws {
        let place = try HubPlace(instead: { $0.hasPrefix("/api/") ? .init(307, headers: [("Location", $0)]) : nil })
        guard case .badAnswer(url: _, let reason)? = place.failure() else {
            Issue.record("endless")
            return
        }
        #expect(reason.contains("redirects"))
    }

    /// A repository that was renamed is redirected within the hub.
    @Test func renamedRepositories() throws {
        let place = try HubPlace(instead: { path in
            guard path.hasPrefix("/api/models/old/name/") else { return nil }
            return .init(307, headers: [("Location", path.replacing("old/name", with: "owner/name"))])
        })
        // The files are asked for by the old name, which this hub does not know.
        #expect(place.failure("old/name") == .noRepository("old/name", nearest: nil))
        #expect(place.hub.hubRequests.contains { $0.path.hasPrefix("/api/models/owner/name/") })
    }

    @Test(arguments: ["", "[]", "{}", "{\"siblings\": [], \"sha\": \"../x\"}", "<html>", "{\"siblings\": {}}"])
    func otherAnswersAreNamed(_ text: String) throws {
        let place = try HubPlace(instead: { $0.hasPrefix("/api/") ? .init(200, Array(text.utf8)) : nil })
        guard case .badAnswer? = place.failure() else {
            Issue.record("accepted")
            return
        }
    }

    /// Names that lead out of the folder are not those of files that are taken.
    @Test func hostileFileNames() throws {
        var contents = HubPlace.contents
        for name in [
            "../evil.safetensors", "/etc/config.json", "x/../../config.json", "..", ".hidden.gguf", "a\\b.gguf",
        ] {
            contents[name] = [1]
        }
        let place = try HubPlace(contents)
        try place.fetch()
        #expect(place.isRight)
        #expect(try place.folder.names() == ["cache"])
    }

    @Test(arguments: [
        (["config.json", "pytorch_model.bin"], "pickled"), (["README.md"], "no config.json"),
        (["model.safetensors"], "no config.json"), (["one.gguf"], "owner/name/one.gguf"),
    ]) func nothingToTake(_ names: [String], _ reason: String) throws {
        let place = try HubPlace(Dictionary(uniqueKeysWithValues: names.map { ($0, [UInt8]([1])) }))
        let text = place.failure()?.description
        #expect(text?.contains(reason) == true, "\(text ?? "")")
    }

    @Test func shardsAndAdapters() throws {
        let names = [
            "config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors", "other-00001-of-00001.safetensors", "model.onnx",
        ]
        let place = try HubPlace(Dictionary(uniqueKeysWithValues: names.map { ($0, Array($0.utf8)) }))
        #expect(
            try place.fetch().record.files.map(\.name).sorted() == [
                "config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                "model.safetensors.index.json",
            ])
        let adapter = try HubPlace(["adapter_config.json": [1], "adapter_model.safetensors": [2], "model.bin": [3]])
        #expect(try adapter.fetch().record.files.map(\.name) == ["adapter_config.json", "adapter_model.safetensors"])
    }

    @Test func oneGGUFFileIsChosen() throws {
        let place = try HubPlace(["m-Q4_K_M.gguf": [1], "m-Q8_0.gguf": [2, 2], "m-Q8_0-00001-of-00002.gguf": [3]])
        guard case .severalFiles? = place.failure() else {
            Issue.record("one of several")
            return
        }
        let model = try place.fetch("owner/name:q8_0")
        #expect(
            model.name == "owner/name/m-Q8_0.gguf" && model.path == place.cache + "/owner--name--m-Q8_0/m-Q8_0.gguf")
        #expect(model.sha256 == SHA256Digest.hex(of: [2, 2]) && model.record.bytes == 2)
        // Both ways of naming it find it again.
        for name in ["owner/name:Q8_0", "owner/name/m-Q8_0.gguf"] {
            #expect(try place.fetch(name).origin == .alreadyThere)
            #expect(try FetchedModels(place.environment()).find(ModelName(name)) == .cached(model.path))
        }
        #expect(try FetchedModels(place.environment()).find(ModelName("owner/name:Q4_K_M")) == nil)
        guard case .severalFiles? = place.failure("owner/name:Q5_0") else {
            Issue.record("a type that is not there")
            return
        }
        guard case .nothingToTake? = place.failure("owner/name/m-Q8_0-00001-of-00002.gguf") else {
            Issue.record("a part of a model")
            return
        }
    }

    @Test(arguments: ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"]) func offlineMode(_ variable: String) throws {
        let place = try HubPlace()
        guard case .offline("owner/name", variable: variable, let copying)? = place.failure(others: [variable: "1"])
        else {
            Issue.record("asked")
            return
        }
        #expect(copying.contains(place.final) && place.hub.hubRequests.isEmpty)
        try place.fetch(others: [variable: "0"])
        #expect(try place.fetch(others: [variable: "1"]).origin == .alreadyThere)
    }

    @Test func withoutANetwork() throws {
        let place = try HubPlace()
        let address = try { try TestServer { _ in .init() }.address }()
        guard case .noNetwork("owner/name", let reason, let copying)? = place.failure(others: ["HF_ENDPOINT": address])
        else {
            Issue.record("connected")
            return
        }
        #expect(!reason.isEmpty && copying.contains("hf download owner/name") && copying.contains(place.final))
        #expect(place.failure(others: ["HF_ENDPOINT": "ftp://x"]) == .badEndpoint("ftp://x"))
        #expect(place.failure(others: ["HF_ENDPOINT": "http://user@host"]) == .badEndpoint("http://user@host"))
    }

    @Test func aLibraryThatIsMissing() {
        let error = #expect(throws: FetchError.self) { try CurlLibrary(fileNames: ["libnot-there.so.9"]) }
        guard case .noCurl(let reason)? = error else { return }
        #expect(reason.contains("libnot-there.so.9") && error?.hint == "apt-get install libcurl4")
    }
}
