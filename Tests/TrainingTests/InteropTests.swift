// Luthier against Transformers and PEFT on folders that `make interop` makes; skipped without them.

import Foundation
import Interchange
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer
import Training

/// One of the folders, read.
private struct InteropModel {
    static let root = ProcessInfo.processInfo.environment["LUTHIER_INTEROP"]
    static let names = folders(in: "").filter { $0 != "adapters" && $0 != "tokenizers" }
    /// Those with adapters of PEFT's.
    static let adapterNames = folders(in: "/adapters")

    private static func folders(in place: String) -> [String] {
        root.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0 + place).sorted() } ?? []
    }

    let path: String
    let reference: Fixture
    let model: Transformer
    let batch: SequenceBatch

    init(_ name: String) throws {
        // As the program does: on a processor that it does not know, OpenBLAS's own choice is the oldest kernel.
        Machine.prepareIfNeeded()
        path = try #require(InteropModel.root) + "/" + name
        reference = try Fixture(at: path + "/reference")
        let folder = try HuggingFaceFolder(path: path + "/hf")
        model = Transformer(folder.architecture)
        try folder.loadWeights(layout: model.layout, into: model.weights)
        var batch = SequenceBatch()
        batch.append(
            tokens: try reference.integers("inputs"), targets: try reference.integers("targets"), example: 0)
        self.batch = batch
    }
}

@Suite(.enabled(if: InteropModel.root != nil, "run by `make interop`"), .serialized) struct InteropTests {
    @Test func thereAreModels() { #expect(InteropModel.names.count >= 10 && InteropModel.adapterNames.count >= 6) }

    @Test(arguments: InteropModel.names) func logitsLossAndGradients(name: String) throws {
        let interop = try InteropModel(name)
        let (model, reference) = (interop.model, interop.reference)
        let logits = model.logits(interop.batch)
        #expect(relativeError(Array(logits.buffer), try reference.doubles("logits")) < 1e-5)
        withExtendedLifetime(logits) {}
        let gradients = FloatArena(count: model.layout.arenaCount)
        let pass = TrainingPass(model)
        let views = pass.gradientViews(in: gradients)
        let result = pass.accumulateGradients(interop.batch, into: views, weightSum: interop.batch.weightSum)
        // A relative difference of perplexities is an absolute one of losses.
        #expect(abs(result.weightedLoss / result.weightSum - (try reference.double("loss"))) < 1e-5)
        #expect(Set(reference.names(under: "gradient/")) == Set(model.layout.parameters.map(\.name)))
        for parameter in model.layout.parameters {
            let expected = try reference.doubles("gradient/\(parameter.name)")
            #expect(relativeError(Array(gradients.buffer[parameter.range]), expected) < 1e-5, "\(parameter.name)")
        }
    }

    @Test(arguments: InteropModel.names) func greedyContinuation(name: String) throws {
        let interop = try InteropModel(name)
        let expected = try interop.reference.integers("greedy")
        let (decoder, cache) = (Decoder(interop.model), KeyValueCache(interop.model.architecture))
        var tokens = Array(expected.prefix(8))
        var logits = decoder.advance(cache, by: tokens)
        while tokens.count < expected.count {
            let best = Int32((0..<logits.count).max { logits[$0] < logits[$1] } ?? 0)
            tokens.append(best)
            logits = decoder.advance(cache, by: [best])
        }
        #expect(tokens == expected)
    }

    /// Ten steps, then the export, whose logits Transformers will compute.
    @Test(arguments: InteropModel.names) func tunesAndExports(name: String) throws {
        let interop = try InteropModel(name)
        let model = interop.model
        try write(model.logits(interop.batch), to: interop.path + "/start.logits")
        let optimizer = Optimizer(
            model.layout, .init(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1))
        let gradients = FloatArena(count: model.layout.arenaCount)
        let pass = TrainingPass(model)
        let views = pass.gradientViews(in: gradients)
        for number in 1...10 {
            _ = pass.accumulateGradients(interop.batch, into: views, weightSum: interop.batch.weightSum)
            let norm = optimizer.gradientNorm(gradients)
            optimizer.update(model.weights, gradients: gradients, norm: norm, learningRate: 1e-2, number: number)
        }
        try write(model.logits(interop.batch), to: interop.path + "/tuned.logits")
        var config = RunConfig()
        config.adopt(model.architecture)
        let checkpoint = interop.path + "/tuned.h5"
        try SavedModel(model: model, tokenizer: .bytes, config: config).write(to: checkpoint)
        let source = try ModelSource(path: checkpoint)
        let report = try ModelExport(source, loaded: source.load()).write(
            .huggingface, type: .f32, to: interop.path + "/tuned")
        #expect(report.largestDifference == 0)
    }

    /// Adapters of PEFT's as model sources: found next to their base, merged on reading.
    @Test(arguments: InteropModel.adapterNames) func adaptersOfPEFT(name: String) throws {
        let path = try #require(InteropModel.root) + "/adapters/" + name
        try Tokenizer.bytes.write(to: path + "/base")
        let reference = try Fixture(at: path + "/reference")
        // The published one calls its base by a name that is not a folder here.
        let source = try ModelSource(path: path + "/adapter", base: name == "published" ? path + "/base" : nil)
        let (tokens, model) = (try reference.integers("inputs"), try source.load().model)
        var batch = SequenceBatch()
        batch.append(tokens: tokens, targets: tokens, example: 0)
        let logits = model.logits(batch)
        let error = relativeError(Array(logits.buffer), try reference.doubles("logits"))
        #expect(error < 1e-5, "\(name): \(error)")
        withExtendedLifetime(logits) {}
        guard FileManager.default.fileExists(atPath: path + "/merged") else { return }
        let folder = try HuggingFaceFolder(path: path + "/merged")
        let merged = Transformer(folder.architecture)
        try folder.loadWeights(layout: merged.layout, into: merged.weights)
        #expect(merged.layout.parameters.map(\.name) == model.layout.parameters.map(\.name))
        for parameter in model.layout.parameters {
            let expected = merged.weights.buffer[try #require(merged.layout[parameter.name]).range].map(Double.init)
            let error = relativeError(Array(model.weights.buffer[parameter.range]), expected)
            #expect(error < 1e-6, "\(name), \(parameter.name): \(error)")
        }
    }

    /// Ten steps from the adapters that PEFT began with, on families whose modules are parts of Luthier's layers.
    /// Adapters named `merged-…` are of forms that are merged on reading and not trained here.
    @Test(
        arguments: InteropModel.adapterNames.filter {
            !$0.hasPrefix("gpt") && !$0.hasPrefix("merged-") && $0 != "published"
        })
    func tenLossesAsPEFT(name: String) throws {
        let path = try #require(InteropModel.root) + "/adapters/" + name
        let reference = try Fixture(at: path + "/reference")
        let folder = try HuggingFaceFolder(path: path + "/base")
        let base = Transformer(folder.architecture)
        try folder.loadWeights(layout: base.layout, into: base.weights)
        let start = try PEFTAdapter(path: path + "/start")
        // As the config lists them: names between quotation marks, of which the last two parts are within a block.
        let names = start.targets.split(separator: "\"").filter { $0.first?.isLetter == true }
        let targets = names.map { $0.split(separator: ".").suffix(2).joined(separator: ".") }
        let config = AdapterConfig(rank: start.rank, alpha: Double(start.scale) * Double(start.rank), targets: targets)
        let model = base.adapted(config, seed: 0)
        let adapters = try #require(model.adapters)
        try fill(adapters, from: SafetensorsFile(path: start.weightsFile), folder)

        let tokens = try reference.integers("inputs")
        var batch = SequenceBatch()
        batch.append(tokens: tokens, targets: tokens.dropFirst() + [0], example: 0)
        let optimizer = Optimizer(
            adapters.layout, .init(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1))
        let (pass, gradients) = (TrainingPass(model), FloatArena(count: adapters.layout.arenaCount))
        let views = pass.gradientViews(in: gradients)
        for (step, expected) in try reference.doubles("losses").enumerated() {
            let result = pass.accumulateGradients(batch, into: views, weightSum: batch.weightSum)
            #expect(abs(result.weightedLoss / result.weightSum - expected) < 1e-5 * expected, "step \(step)")
            let norm = optimizer.gradientNorm(gradients)
            pass.updateWeights {
                optimizer.update($0, gradients: gradients, norm: norm, learningRate: 1e-2, number: step + 1)
            }
        }
    }

    /// Copies PEFT's matrices, which are the transposes of Luthier's. GPT-NeoX has queries, keys and values head by head.
    private func fill(_ adapters: Adapters, from file: SafetensorsFile, _ folder: HuggingFaceFolder) throws {
        let attention = folder.architecture.blocks[0].attention
        let (H, D) = (attention.headCount, attention.headWidth)
        for parameter in adapters.layout.parameters {
            let name = parameter.name.replacing(
                "h.", with: "base_model.model.\(folder.family.prefix)layers.", maxReplacements: 1)
            let isFused = name.hasSuffix("query_key_value.lora_B")
            let entry = try #require(file[name + ".weight"], "\(name)")
            let values = try file.floats(entry)
            let (rows, columns) = (parameter.shape[0], parameter.shape[1])
            #expect(entry.shape == [columns, rows])
            for row in 0..<rows {
                for column in 0..<columns {
                    let place = column / D % H * 3 * D + column / (H * D) * D + column % D
                    adapters.weights.base[parameter.offset + row * columns + column] =
                        values[(isFused ? place : column) * rows + row]
                }
            }
        }
    }

    /// Ten steps of LoRA, then the export, whose logits PEFT will compute.
    @Test(arguments: InteropModel.adapterNames.filter { $0 != "published" })
    func tunesAndExportsAdapters(name: String) throws {
        let path = try #require(InteropModel.root) + "/adapters/" + name
        try Tokenizer.bytes.write(to: path + "/base")
        let reference = try Fixture(at: path + "/reference")
        let tokens = try reference.integers("inputs")
        var batch = SequenceBatch()
        batch.append(tokens: tokens, targets: tokens.dropFirst() + [0], example: 0)
        let base = try ModelSource(path: path + "/base").load().model
        let hash = SavedModel.hash(of: base)
        try write(base.logits(batch), to: path + "/start.logits")
        var config = RunConfig()
        config.adopt(base.architecture)
        config.model.base = path + "/base"
        (config.method.type, config.method.rank, config.method.targets) = ("lora", 4, ["all"])
        let model = base.adapted(try #require(config.adapter), seed: 5)
        let (layout, weights) = model.trained
        let optimizer = Optimizer(
            layout, .init(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1))
        let gradients = FloatArena(count: layout.arenaCount)
        let pass = TrainingPass(model)
        let views = pass.gradientViews(in: gradients)
        for number in 1...10 {
            _ = pass.accumulateGradients(batch, into: views, weightSum: batch.weightSum)
            let norm = optimizer.gradientNorm(gradients)
            optimizer.update(weights, gradients: gradients, norm: norm, learningRate: 1e-2, number: number)
        }
        try write(model.logits(batch), to: path + "/tuned.logits")
        let run = path + "/run"
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        try Data(config.serialized().utf8).write(to: URL(fileURLWithPath: run + "/config.json"))
        try SavedModel(model: model, tokenizer: .bytes, config: config, baseHash: hash).write(to: run + "/tuned.h5")
        let source = try ModelSource(path: run + "/tuned.h5")
        let report = try ModelExport(source, loaded: source.load()).write(
            .peft, type: .f32, to: path + "/tuned")
        #expect(report.parameters == layout.parameterCount && report.largestDifference < 1e-4)
    }

    private func write(_ arena: FloatArena, to path: String) throws {
        try Data(buffer: arena.buffer).write(to: URL(fileURLWithPath: path))
    }
}
