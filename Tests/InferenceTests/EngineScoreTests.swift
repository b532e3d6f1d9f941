// Probabilities of tokens, drawn and given, and embeddings: against complete passes in Double.

import Foundation
import Inference
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite struct EngineScoreTests {
    /// log softmax in Double of the logits after each token, by one complete pass.
    static func reference(_ model: Transformer, _ tokens: [Int32]) -> [[Double]] {
        var batch = SequenceBatch()
        batch.append(tokens: tokens, targets: tokens, example: 0)
        let V = model.architecture.vocabularySize
        let logits = model.logits(batch)
        return tokens.indices.map { row in
            let values = logits.buffer[(row * V)..<((row + 1) * V)].map(Double.init)
            let largest = values.max() ?? 0
            let sum = log(values.reduce(0) { $0 + exp($1 - largest) })
            return values.map { $0 - largest - sum }
        }
    }

    /// The logits are some tens; float passes in another order differ by some 1e-5 of that.
    static let tolerance = 2e-3

    static func check(_ token: DrawnToken, _ expected: [Double], _ count: Int) {
        #expect(abs((token.logProbability ?? 1) - expected[Int(token.id)]) < tolerance)
        #expect(token.alternatives.count == count)
        let best = expected.sorted(by: >)
        for (place, alternative) in token.alternatives.enumerated() {
            #expect(abs(alternative.logProbability - best[place]) < tolerance)
            #expect(abs(alternative.logProbability - expected[Int(alternative.id)]) < tolerance)
            #expect(alternative.bytes == (alternative.id < 256 ? [UInt8(alternative.id)] : Array("<|endoftext|>".utf8)))
        }
    }

    /// Also where the draws come from another distribution than the model's own.
    @Test(arguments: [0, 2, 20]) func drawnTokens(count: Int) throws {
        let transformer = EngineFixture.transformer()
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let model = EngineModel(transformer, tokenizer: .bytes)
        var request = EngineFixture.request(EngineFixture.prompt(70), 30, temperature: 1.7)
        request.alternatives = count
        request.settings.sampling.frequencyPenalty = 2
        request.settings.sampling.logitBias = [65: 30, 66: -100]
        request.settings.sampling.topP = 0.9
        let tokens = try #require(try engine.run(request, on: model).tokens.first)
        #expect(tokens.count == 30 && Set(tokens.map(\.id)).count > 1)
        let expected = Self.reference(transformer, request.prompt + tokens.map(\.id))
        for (number, token) in tokens.enumerated() { Self.check(token, expected[69 + number], count) }
    }

    @Test func promptTokens() throws {
        let transformer = EngineFixture.transformer()
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let model = EngineModel(transformer, tokenizer: .bytes)
        for count in [1, 2, 9, 64, 65, 150] {
            var request = EngineFixture.request(EngineFixture.prompt(count), 0)
            (request.scoresPrompt, request.alternatives) = (true, 3)
            // Twice: nothing of the prompt is reused, since its states are needed.
            for _ in 0..<2 {
                let outcome = try engine.run(request, on: model)
                let scores = try #require(outcome.reading?.scores)
                #expect(scores.map(\.id) == request.prompt && outcome.reading?.tokensRead == count)
                #expect(scores[0].logProbability == nil && scores[0].alternatives.isEmpty)
                let expected = Self.reference(transformer, request.prompt)
                for (place, score) in scores.enumerated().dropFirst() { Self.check(score, expected[place - 1], 3) }
            }
        }
        // Scores change nothing of what is drawn.
        var request = EngineFixture.request(EngineFixture.prompt(100), 10)
        let plain = try engine.run(request, on: model)
        request.scoresPrompt = true
        #expect(try engine.run(request, on: model).completions == plain.completions)
    }

    /// The mean of the last hidden states, which a head of unit vectors shows.
    @Test func embeddings() throws {
        let transformer = EngineFixture.transformer()
        let width = EngineFixture.shape.modelWidth
        let head = try #require(transformer.layout["lm_head.weight"])
        for index in head.range { transformer.weights.base[index] = 0 }
        for column in 0..<width { transformer.weights.base[head.offset + column * width + column] = 1 }
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let model = EngineModel(transformer, tokenizer: .bytes)
        for count in [1, 64, 100] {
            let tokens = EngineFixture.prompt(count, seed: 5)
            var batch = SequenceBatch()
            batch.append(tokens: tokens, targets: tokens, example: 0)
            let states = transformer.logits(batch)
            let expected = (0..<width).map { column in
                (0..<count).reduce(0.0) { $0 + Double(states.base[$1 * 257 + column]) } / Double(count)
            }
            for _ in 0..<2 {
                let found = try engine.embedding(of: tokens, with: model)
                #expect(found.count == width)
                #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 })
            }
        }
    }

    @Test func probabilitiesOfARow() {
        let logits: [Float] = [1, 3, -2, 3, .nan, .infinity, -.infinity, 0]
        let arena = FloatArena(count: logits.count)
        arena.base.update(from: logits, count: logits.count)
        withExtendedLifetime(arena) {
            let finite = LogProbabilities(Vector(arena, count: 4))
            let sum = log(exp(1.0) + 2 * exp(3) + exp(-2))
            #expect(abs(finite[0] - (1 - sum)) < 1e-12 && abs(finite[2] - (-2 - sum)) < 1e-12)
            #expect(finite.mostProbable(3).map(\.id) == [1, 3, 0])
            #expect(finite.mostProbable(0).isEmpty && finite.mostProbable(99).map(\.id) == [1, 3, 0, 2])
            // A diverged model must not end anything, and gives numbers.
            let wild = LogProbabilities(Vector(arena, count: 8))
            #expect(wild.mostProbable(8).first?.id == 5 && wild.mostProbable(8).count == 8)
            #expect((0..<8).allSatisfy { wild[Int32($0)].isFinite })
        }
    }
}
