// Adapters of PEFT's as models to start from, and a run's adapters written for PEFT.

import Conversations
import Foundation
import Interchange
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer
import Training

@Suite struct AdapterSourceTests {
    static let config = ModelShape(
        vocabularySize: 257, contextLength: 16, blockCount: 2, headCount: 2, modelWidth: 8)

    /// A base at `place/base`.
    private static func writeBase(_ place: TemporaryFolder, context: Int = 16) throws -> Transformer {
        var config = config
        config.contextLength = context
        let model = Transformer(config)
        model.layout.initialize(model.weights, seed: 9)
        try HuggingFaceFolder.write(model, endOfText: 256, to: place.path + "/base-of-adapter")
        try Tokenizer.bytes.write(to: place.path + "/base-of-adapter")
        return model
    }

    /// A model with adapters whose B is not zero.
    private static func adapted(_ base: Transformer, _ config: AdapterConfig) -> Transformer {
        let model = base.adapted(config, seed: 3)
        let (layout, weights) = model.trained
        var generator = SplitMix64(seed: 4)
        for parameter in layout.parameters {
            for index in parameter.range { weights.base[index] = Float(generator.normalPair().0 * 0.2) }
        }
        return model
    }

    private static func writeAdapter(_ place: TemporaryFolder, base: String, as name: String = "adapter") throws {
        let model = adapted(Transformer(config), AdapterConfig(rank: 2, alpha: 4, targets: ["all"]))
        let adapters = try #require(model.adapters)
        try PEFTAdapter.write(adapters, of: model.architecture, base: base, to: place.path + "/" + name)
    }

    @Test func theBaseIsFound() throws {
        try withTemporaryFolder { place in
            let model = Self.adapted(
                try Self.writeBase(place), AdapterConfig(rank: 2, alpha: 4, targets: ["all"])
            ).merged()
            // Next to the adapter, by an absolute path, and as it is given.
            for (name, given) in [
                ("../base-of-adapter", nil), (place.path + "/base-of-adapter", nil),
                ("openai-community/gpt2", place.path + "/base-of-adapter"),
            ] {
                try Self.writeAdapter(place, base: name)
                let source = try ModelSource(path: place.path + "/adapter", base: given)
                #expect(
                    source.base?.hasSuffix("/base-of-adapter") == true && source.hash == nil && !source.holdsAdapters)
                let found = try source.load()
                let largest = zip(found.model.weights.buffer, model.weights.buffer).map { abs($0 - $1) }.max()
                #expect(try #require(largest) < 1e-6)
                #expect(found.tokenizer == .bytes)
            }
            try Self.writeAdapter(place, base: "openai-community/gpt2")
            let path = place.path + "/adapter"
            let error = #expect(throws: ModelError.self) { try ModelSource(path: path) }
            #expect(error == .adapterBaseNotFound(path: path, name: "openai-community/gpt2"))
            #expect(error?.description.contains("\"openai-community/gpt2\"") == true)
            #expect(error?.hint?.contains("luthier import \(path) --base FOLDER --output merged.h5") == true)
        }
    }

    @Test func aShorterContextGoesThroughToTheBase() throws {
        try withTemporaryFolder { place in
            _ = try Self.writeBase(place)
            try Self.writeAdapter(place, base: "../base-of-adapter")
            var source = try ModelSource(path: place.path + "/adapter")
            source.shortenContext(to: 5)
            #expect(try source.load().model.architecture.contextLength == 5)
        }
    }

    @Test func adaptersThatNameEachOtherAreRefused() throws {
        try withTemporaryFolder { place in
            try Self.writeAdapter(place, base: "../second", as: "first")
            try Self.writeAdapter(place, base: "../first", as: "second")
            let error = #expect(throws: ModelError.self) { try ModelSource(path: place.path + "/first") }
            guard case .tooManyBases? = error else {
                Issue.record("\(error.map(\.description) ?? "opened")")
                return
            }
        }
    }

    @Test func aBaseOfAnotherWidthIsRefused() throws {
        try withTemporaryFolder { place in
            _ = try Self.writeBase(place)
            var other = Self.config
            other.modelWidth = 12
            let model = Self.adapted(Transformer(other), AdapterConfig(rank: 2))
            try PEFTAdapter.write(
                try #require(model.adapters), of: model.architecture, base: "../base-of-adapter",
                to: place.path + "/adapter")
            let error = #expect(throws: InterchangeError.self) { try ModelSource(path: place.path + "/adapter") }
            #expect(error?.description.hasSuffix("has the shape [2, 12]; the config asks for [2, 8]") == true)
        }
    }

    /// A run's adapters: written, read back over the run's base, and with the tokenizer and template of the run.
    @Test func aRunsAdaptersAreExported() throws {
        try withTemporaryFolder { place in
            let base = try Self.writeBase(place)
            let hash = SavedModel.hash(of: base)
            var config = RunConfig()
            config.adopt(base.architecture)
            config.model.base = place.path + "/base-of-adapter"
            (config.method.type, config.method.rank, config.method.targets) = ("lora", 2, ["c_attn", "c_fc"])
            config.data.template = .chat
            let adapter = try #require(config.adapter)
            let model = Self.adapted(base, adapter)
            let saved = SavedModel(model: model, tokenizer: .bytes, config: config, baseHash: hash)
            try FileManager.default.createDirectory(atPath: place.path + "/run", withIntermediateDirectories: true)
            try place.write(config.serialized(), as: "run/config.json")
            try saved.write(to: place.path + "/run/tuned.h5")
            let source = try ModelSource(path: place.path + "/run/tuned.h5")
            #expect(source.holdsAdapters)
            let path = place.path + "/out"
            let report = try ModelExport(source, loaded: source.load()).write(.peft, type: .f32, to: path)
            #expect(report.parameters == 2 * 2 * (8 + 24 + 8 + 32) && report.largestDifference < 1e-5)
            let again = try ModelSource(path: path)
            #expect(again.template?.user == ChatTemplate.chat.user && again.base == config.model.base)
            #expect(try again.load().largestDifference(from: source.load()) < 1e-6)
            let card = try String(contentsOfFile: path + "/README.md", encoding: .utf8)
            #expect(
                card.contains("library_name: peft") && card.contains("base_model: \"\(place.path)/base-of-adapter\""))
            let settings = try String(contentsOfFile: path + "/adapter_config.json", encoding: .utf8)
            for part in [
                "\"r\": 2,", "\"lora_alpha\": 16,", "\"attn.c_attn\"", "\"mlp.c_fc\"", "\"fan_in_fan_out\": true",
            ] {
                #expect(settings.contains(part), "\(part) in \(settings)")
            }
        }
    }

    @Test func aModelWithoutAdaptersHasNoneToExport() throws {
        try withTemporaryFolder { place in
            _ = try Self.writeBase(place)
            let source = try ModelSource(path: place.path + "/base-of-adapter")
            let export = ModelExport(source, loaded: try source.load())
            #expect(throws: ModelError.noAdapters) {
                try export.write(.peft, type: .f32, to: place.path + "/adapter")
            }
            #expect(try place.names() == ["base-of-adapter"])
        }
    }
}
