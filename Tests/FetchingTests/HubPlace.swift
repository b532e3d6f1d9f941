// A hub with a small model, and a folder for a cache: what most tests of downloads need.

import Checkpoint
import Fetching
import Foundation
import TestSupport

struct HubPlace {
    static let weights: [UInt8] = {
        var generator = SplitMix(seed: 11)
        return (0..<300_000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }()
    static let contents: [String: [UInt8]] = [
        "config.json": Array("{\"model_type\": \"gpt2\"}".utf8), "tokenizer.json": Array("{}".utf8),
        "model.safetensors": weights, "README.md": Array("not taken".utf8),
        "pytorch_model.bin": Array("not taken".utf8), "onnx/model.onnx": Array("not taken".utf8),
    ]
    static let name = TestHub.repository
    static let folderName = "owner--name"

    let folder: TemporaryFolder
    let hub: TestHub

    /// - Parameter instead: answers paths of the hub in another way.
    init(
        _ contents: [String: [UInt8]] = HubPlace.contents, faults: [TestHub.Fault] = [], hidesSizes: Bool = false,
        instead: (@Sendable (String) -> TestHub.Reply?)? = nil
    ) throws {
        folder = try TemporaryFolder()
        let large = Set(contents.keys.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") })
        hub = try TestHub(contents, large: large, faults: faults, hidesSizes: hidesSizes, instead: instead)
    }

    var cache: String { folder.path + "/cache" }
    var final: String { cache + "/" + HubPlace.folderName }

    func environment(_ others: [String: String] = [:]) -> FetchEnvironment {
        FetchEnvironment(
            ["LUTHIER_CACHE": cache, "HOME": folder.path, "HF_ENDPOINT": hub.address].merging(others) { $1 })
    }

    /// Fetches, with pauses that no test waits for.
    @discardableResult
    func fetch(
        _ name: String = HubPlace.name, output: String? = nil, failures: Int = 6, others: [String: String] = [:]
    ) throws -> FetchedModel {
        let policy = RetryPolicy(mostFailures: failures, firstDelay: 0.001)
        return try ModelFetcher(environment(others), policy: policy) { _ in }.fetch(ModelName(name), output: output)
    }

    /// What a fetch throws.
    func failure(_ name: String = HubPlace.name, failures: Int = 2, others: [String: String] = [:]) -> FetchError? {
        do {
            try fetch(name, failures: failures, others: others)
            return nil
        } catch {
            return error as? FetchError
        }
    }

    /// Whether nothing has the final name.
    var hasNothing: Bool { !FileManager.default.fileExists(atPath: final) }

    func bytes(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: final + "/" + name).map { [UInt8]($0) }
    }

    /// Whether the folder has the weights, and no other files than the model's.
    var isRight: Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: final).sorted()) ?? []
        return names == ["config.json", "fetched.json", "model.safetensors", "tokenizer.json"]
            && bytes("model.safetensors") == HubPlace.weights
            && (try? FileManager.default.contentsOfDirectory(atPath: cache)) == [HubPlace.folderName]
    }
}
