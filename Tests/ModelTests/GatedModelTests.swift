// A model of RMSNorm, rotary positions, grouped queries and a gated feed-forward layer: both directions, and generation.

import Kernels
import Model
import TestSupport
import Testing

@Suite struct GatedModelTests {
    private static let scalings: [RotaryFrequencies.Scaling] = [
        .none, .linear(factor: 2), .llama3(factor: 4, low: 1, high: 4, originalContext: 16),
    ]

    /// Six query heads on two key/value heads, wider together than the stream.
    static func architecture(_ scaling: RotaryFrequencies.Scaling, biases: Bool = false) throws -> Architecture {
        let norm = NormDescription(kind: .rms, epsilon: 1e-5, hasBias: false)
        let block = BlockDescription(
            attentionNorm: norm,
            attention: AttentionDescription(
                headCount: 6, keyValueHeadCount: 2, headWidth: 8,
                rotary: try RotaryFrequencies(base: 100, width: 8, scaling: scaling), hasInputBias: biases,
                hasOutputBias: biases),
            feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: 27, kind: .gated(activation: biases ? .geluTanh : .silu), hasInputBias: biases,
                hasOutputBias: biases))
        return Architecture(
            vocabularySize: 41, contextLength: 300, modelWidth: 20, embedding: .init(learnsPositions: false),
            blocks: [block, block], finalNorm: norm, head: .init(isTied: !biases))
    }

    /// Norms begin at their initial values, matrices and biases at zero; N(0, 0.3) is added to all.
    static func model(_ architecture: Architecture) throws -> Transformer {
        try architecture.validate()
        let model = Transformer(architecture)
        var generator = SplitMix64(seed: 3)
        for parameter in model.layout.parameters {
            let start: Double = parameter.initializer == .ones ? 1 : 0
            for index in parameter.range { model.weights.base[index] = Float(start + generator.normalPair().0 * 0.3) }
        }
        return model
    }

    static func batch() -> SequenceBatch {
        var (batch, generator) = (SequenceBatch(), SplitMix64(seed: 5))
        for (example, length) in [11, 1, 7].enumerated() {
            let tokens = (0...length).map { _ in Int32(generator.below(41)) }
            let weights = (0..<length).map { Float(($0 + example) % 3) / 2 + (length == 1 ? 1 : 0) }
            batch.append(
                tokens: tokens.dropLast(), targets: tokens.dropFirst(), weights: weights, example: example)
        }
        return batch
    }

    @Test(arguments: scalings, [false, true]) func gradientsAreTheSlopes(
        scaling: RotaryFrequencies.Scaling, biases: Bool
    ) throws {
        Self.expectSlopes(of: try Self.model(Self.architecture(scaling, biases: biases)))
    }

    /// Along each parameter's own gradient the loss changes by the gradient's norm: float losses of size 4 are right to
    /// 1e-6, the step moves them by 1e-3 and more.
    static func expectSlopes(of model: Transformer) {
        let (batch, gradients) = (Self.batch(), FloatArena(count: model.layout.arenaCount))
        let pass = TrainingPass(model)
        _ = pass.accumulateGradients(batch, into: pass.gradientViews(in: gradients), weightSum: batch.weightSum)
        for parameter in model.layout.parameters {
            let gradient = gradients.buffer[parameter.range].map(Double.init)
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let start = Array(model.weights.buffer[parameter.range])
            func loss(at distance: Double) -> Double {
                for (place, index) in parameter.range.enumerated() {
                    model.weights.base[index] = Float(Double(start[place]) + distance * gradient[place] / norm)
                }
                let result = model.evaluate(batch)
                return result.weightedLoss / result.weightSum
            }
            let step = 3e-3
            let slope = (loss(at: step) - loss(at: -step)) / (2 * step)
            _ = loss(at: 0)
            #expect(abs(slope - norm) < 1e-2 * norm + 1e-4, "\(parameter.name): \(slope) for \(norm)")
        }
    }

    @Test(arguments: scalings) func decoderEqualsTheCompletePass(scaling: RotaryFrequencies.Scaling) throws {
        Self.expectEqualDecoder(of: try Self.model(Self.architecture(scaling)))
    }

    /// Prompt and single tokens through the cache give the logits of one pass, past the first table of angles too.
    static func expectEqualDecoder(of model: Transformer) {
        let tokens = (0..<270).map { Int32($0 * $0 % 41) }
        var batch = SequenceBatch()
        batch.append(tokens: tokens, targets: tokens, example: 0)
        let (decoder, cache) = (Decoder(model), KeyValueCache(model.architecture))
        let arena = model.logits(batch)
        let expected = Matrix(arena, rows: tokens.count, columns: 41)
        var position = 0
        for count in [1, 20, 1, 1, 230, 1, 16] {
            let logits = decoder.advance(cache, by: Array(tokens[position..<(position + count)]))
            position += count
            let own = (0..<41).map { logits[$0] }
            #expect(relativeError(own, (0..<41).map { Double(expected.row(position - 1)[$0]) }) < 1e-5)
        }
        withExtendedLifetime(arena) {}
    }

    /// LoRA on parts of layers: the adapters' gradients are the slopes, and merged weights give the same logits.
    @Test func adaptersOfParts() throws {
        var architecture = try Self.architecture(.none)
        architecture.linearModules = [
            LinearModule("q", .attentionInput, .query), LinearModule("v", .attentionInput, .value),
            LinearModule("gate", .feedForwardInput, .gate), LinearModule("up", .feedForwardInput, .up),
            LinearModule("down", .feedForwardOutput),
        ]
        let (block, width) = (architecture.blocks[0], architecture.modelWidth)
        let columns = architecture.linearModules.map { $0.part.columns(of: $0.layer, in: block, modelWidth: width) }
        let total = LinearLayer.attentionInput.size(in: block, modelWidth: width).columns
        #expect(columns[0] == 0..<(total - 32) && columns[1] == (total - 16)..<total)
        let base = try Self.model(architecture)
        let model = base.adapted(AdapterConfig(rank: 2, alpha: 3, targets: ["q", "v", "up", "down"]), seed: 1)
        let adapters = try #require(model.adapters)
        #expect(adapters.layout["h.0.gate.lora_A"] == nil && adapters.layout["h.1.v.lora_B"]?.shape == [2, 16])
        var generator = SplitMix64(seed: 9)
        for index in 0..<adapters.layout.arenaCount {
            adapters.weights.base[index] = Float(generator.normalPair().0 * 0.3)
        }
        let (batch, pass) = (Self.batch(), TrainingPass(model))
        let gradients = FloatArena(count: adapters.layout.arenaCount)
        _ = pass.accumulateGradients(batch, into: pass.gradientViews(in: gradients), weightSum: batch.weightSum)
        for parameter in adapters.layout.parameters {
            let index = parameter.offset
            let value = adapters.weights.base[index]
            func loss(_ change: Float) -> Double {
                adapters.weights.base[index] = value + change
                defer { adapters.weights.base[index] = value }
                let result = model.evaluate(batch)
                return result.weightedLoss / result.weightSum
            }
            let slope = (loss(1e-2) - loss(-1e-2)) / 2e-2
            #expect(abs(slope - Double(gradients.base[index])) < 1e-2 * abs(slope) + 5e-4, "\(parameter.name)")
        }
        let separate = model.logits(batch)
        let merged = model.merged().logits(batch)
        #expect(relativeError(Array(merged.buffer), separate.buffer.map(Double.init)) < 1e-5)
    }
}
