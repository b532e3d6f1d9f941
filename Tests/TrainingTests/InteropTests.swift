// Luthier against Transformers on folders that `make interop` makes; skipped without them.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer
import Training

/// One of the folders, read.
private struct InteropModel {
    static let root = ProcessInfo.processInfo.environment["LUTHIER_INTEROP"]
    static let names = root.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0).sorted() } ?? []

    let path: String
    let reference: Fixture
    let model: Transformer
    let batch: SequenceBatch

    init(_ name: String) throws {
        path = try #require(InteropModel.root) + "/" + name
        reference = try Fixture(at: path + "/reference")
        let folder = try HuggingFaceFolder(path: path + "/hf")
        model = Transformer(folder.config)
        try folder.loadWeights(layout: model.layout, into: model.weights)
        var batch = SequenceBatch()
        batch.append(
            tokens: try reference.integers("inputs"), targets: try reference.integers("targets"), example: 0)
        self.batch = batch
    }
}

@Suite(.enabled(if: InteropModel.root != nil, "run by `make interop`"), .serialized) struct InteropTests {
    @Test func thereAreModels() { #expect(InteropModel.names.count >= 7) }

    @Test(arguments: InteropModel.names) func logitsLossAndGradients(name: String) throws {
        let interop = try InteropModel(name)
        let (model, reference) = (interop.model, interop.reference)
        let logits = model.logits(interop.batch)
        #expect(relativeError(Array(logits.buffer), try reference.doubles("logits")) < 1e-5)
        withExtendedLifetime(logits) {}
        let gradients = FloatArena(count: model.layout.arenaCount)
        let views = ModelParameters(model.layout, in: gradients, config: model.config)
        let result = model.accumulateGradients(interop.batch, into: views, weightSum: interop.batch.weightSum)
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
        let (decoder, cache) = (Decoder(interop.model), KeyValueCache(interop.model.config))
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
        let views = ModelParameters(model.layout, in: gradients, config: model.config)
        for _ in 0..<10 {
            _ = model.accumulateGradients(interop.batch, into: views, weightSum: interop.batch.weightSum)
            let norm = optimizer.gradientNorm(gradients)
            optimizer.update(model.weights, gradients: gradients, norm: norm, learningRate: 1e-2)
        }
        try write(model.logits(interop.batch), to: interop.path + "/tuned.logits")
        var config = RunConfig()
        config.adopt(model.config)
        let checkpoint = interop.path + "/tuned.h5"
        try SavedModel(model: model, tokenizer: .bytes, config: config).write(to: checkpoint)
        let report = try ModelExport(ModelSource(path: checkpoint)).write(
            .huggingface, type: .f32, to: interop.path + "/tuned")
        #expect(report.largestDifference == 0)
    }

    private func write(_ arena: FloatArena, to path: String) throws {
        try Data(buffer: arena.buffer).write(to: URL(fileURLWithPath: path))
    }
}
