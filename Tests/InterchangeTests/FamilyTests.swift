// Each of today's families against Transformers: what it saved, its logits, loss, gradients and continuation.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

/// A model that Transformers has saved, and its answers in float64 (Tests/Fixtures/make_families.py).
struct SavedFamily {
    static let names = [
        "qwen2-tied", "qwen2-windows", "qwen3-tied", "qwen3-windows", "neox-parallel", "neox-sequential",
        "gemma3-pattern", "gemma3-capped",
    ]

    let folder: HuggingFaceFolder
    let reference: Fixture
    let model: Transformer

    init(_ name: String) throws {
        let path = TestData.fixture("families/" + name)
        folder = try HuggingFaceFolder(path: path)
        reference = try Fixture(at: path + "/reference")
        model = Transformer(folder.architecture)
        try folder.loadWeights(layout: model.layout, into: model.weights)
    }

    func batch() throws -> SequenceBatch {
        var batch = SequenceBatch()
        batch.append(
            tokens: try reference.integers("inputs"), targets: try reference.integers("targets"), example: 0)
        return batch
    }

    /// A model of the same architecture with a larger vocabulary, all of whose parameters are random.
    static func random(_ name: String, vocabularySize: Int = 261) throws -> Transformer {
        var architecture = try SavedFamily(name).folder.architecture
        architecture.vocabularySize = vocabularySize
        let model = Transformer(architecture)
        var generator = SplitMix64(seed: 7)
        for parameter in model.layout.parameters {
            for index in parameter.range { model.weights.base[index] = Float(generator.normalPair().0 * 0.3) }
        }
        return model
    }
}

@Suite("Families") struct FamilyTests {
    /// As in ParityTests: single precision gives 1e-6, a wrong term 1e-2 and more.
    static let tolerance = 1e-5

    @Test(arguments: SavedFamily.names) func logitsLossAndGradients(name: String) throws {
        let saved = try SavedFamily(name)
        let (model, reference, batch) = (saved.model, saved.reference, try saved.batch())
        let logits = model.logits(batch)
        #expect(relativeError(Array(logits.buffer), try reference.doubles("logits")) < Self.tolerance)
        let gradients = FloatArena(count: model.layout.arenaCount)
        let pass = TrainingPass(model)
        let result = pass.accumulateGradients(
            batch, into: pass.gradientViews(in: gradients), weightSum: batch.weightSum)
        let loss = try reference.double("loss")
        #expect(abs(result.weightedLoss / result.weightSum - loss) < 2e-6 * loss)
        #expect(Set(reference.names(under: "gradient/")) == Set(model.layout.parameters.map(\.name)))
        for parameter in model.layout.parameters {
            let expected = try reference.doubles("gradient/\(parameter.name)")
            let error = relativeError(Array(gradients.buffer[parameter.range]), expected)
            #expect(error < Self.tolerance, "\(parameter.name)")
        }
    }

    @Test(arguments: SavedFamily.names) func greedyContinuation(name: String) throws {
        let saved = try SavedFamily(name)
        let expected = try saved.reference.integers("greedy")
        let (decoder, cache) = (Decoder(saved.model), KeyValueCache(saved.model.architecture))
        var tokens = Array(expected.prefix(6))
        var logits = decoder.advance(cache, by: tokens)
        while tokens.count < expected.count {
            tokens.append(Int32((0..<logits.count).max { logits[$0] < logits[$1] } ?? 0))
            logits = decoder.advance(cache, by: [tokens[tokens.count - 1]])
        }
        #expect(tokens == expected)
    }

    /// Products in bfloat16 change each number by up to 2^-9 of its size, and the loss of a few blocks by as much.
    @Test(
        .enabled(if: RoundedWeight.isSupported, "this processor or oneDNN multiplies no bfloat16"),
        arguments: SavedFamily.names)
    func trainsInBFloat16(name: String) throws {
        let saved = try SavedFamily(name)
        let batch = try saved.batch()
        let pass = TrainingPass(saved.model, precision: .bf16)
        let gradients = FloatArena(count: saved.model.layout.arenaCount)
        let result = pass.accumulateGradients(
            batch, into: pass.gradientViews(in: gradients), weightSum: batch.weightSum)
        let loss = try saved.reference.double("loss")
        #expect(abs(result.weightedLoss / result.weightSum - loss) < 2e-2 * loss)
        for parameter in saved.model.layout.parameters {
            let expected = try saved.reference.doubles("gradient/\(parameter.name)")
            #expect(relativeError(Array(gradients.buffer[parameter.range]), expected) < 0.15, "\(parameter.name)")
        }
    }

    /// Every tensor of the written file is the one that Transformers wrote, by name, shape and bytes.
    @Test(arguments: SavedFamily.names) func writesWhatTransformersWrote(name: String) throws {
        let saved = try SavedFamily(name)
        let place = try TemporaryFolder()
        try HuggingFaceFolder.write(saved.model, endOfText: nil, to: place.path + "/model")
        let opened = try HuggingFaceFolder(path: place.path + "/model")
        #expect(opened.architecture == saved.folder.architecture)
        #expect(opened.family.modelType == saved.folder.family.modelType)
        let expected = try SafetensorsFile(path: saved.folder.path + "/model.safetensors")
        let found = try SafetensorsFile(path: place.path + "/model/model.safetensors")
        #expect(Set(found.entries.map(\.name)) == Set(expected.entries.map(\.name)))
        for entry in expected.entries {
            let own = try #require(found[entry.name])
            let (values, stored) = (try found.floats(own), try expected.floats(entry))
            #expect(own.shape == entry.shape && values == stored, "\(entry.name)")
        }
    }

    /// A checkpoint keeps the architecture as this text.
    @Test(arguments: SavedFamily.names) func theArchitectureIsAText(name: String) throws {
        let architecture = try SavedFamily(name).folder.architecture
        let text = try JSONEncoder().encode(architecture)
        #expect(try JSONDecoder().decode(Architecture.self, from: text) == architecture)
    }

    @Test(arguments: SavedFamily.names) func initialWeightsAreUsable(name: String) throws {
        let saved = try SavedFamily(name)
        saved.model.layout.initialize(saved.model.weights, seed: 1)
        let result = saved.model.evaluate(try saved.batch())
        #expect(abs(result.weightedLoss / result.weightSum - Foundation.log(59)) < 0.1)
    }

    /// Adapters written for PEFT and merged on reading give the weights that they were trained for.
    @Test(arguments: SavedFamily.names, ["attention", "all"]) func adaptersForPEFT(name: String, target: String) throws
    {
        let saved = try SavedFamily(name)
        let model = saved.model.adapted(AdapterConfig(rank: 3, alpha: 6, targets: [target]), seed: 2)
        let adapters = try #require(model.adapters)
        var generator = SplitMix64(seed: 4)
        for index in 0..<adapters.layout.arenaCount {
            adapters.weights.base[index] = Float(generator.normalPair().0 * 0.3)
        }
        let place = try TemporaryFolder()
        let path = place.path + "/adapter"
        try PEFTAdapter.write(adapters, of: model.architecture, base: saved.folder.path, to: path)
        let merged = Transformer(model.architecture)
        try saved.folder.loadWeights(layout: merged.layout, into: merged.weights)
        let opened = try PEFTAdapter(path: path)
        try opened.merge(into: merged)
        let modules = model.architecture.linearModules.filter { $0.isMeant(by: target) }
        for module in modules { #expect(opened.targets.contains("\"\(module.name)\"")) }
        #expect(modules.count == opened.targets.split(separator: ",").count)
        let expected = model.logits(try saved.batch())
        let found = merged.logits(try saved.batch())
        #expect(relativeError(Array(found.buffer), expected.buffer.map(Double.init)) < Self.tolerance)
    }
}
