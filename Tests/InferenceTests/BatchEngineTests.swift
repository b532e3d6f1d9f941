// The engine: what a request gives alone and among others, and who comes, goes, waits and is refused.

import Foundation
import Inference
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite struct BatchEngineTests {
    /// Twenty requests of every kind: short and long prompts, greedy and not, one continuation and several.
    static func mixedRequests() -> [EngineRequest] {
        (0..<20).map { number in
            var request = EngineFixture.request(
                EngineFixture.prompt([1, 5, 40, 64, 65, 130, 200][number % 7], seed: UInt64(number / 3)),
                [1, 7, 25, 60][number % 4], temperature: [0, 0.7, 1][number % 3], seed: UInt64(number),
                stop: number % 5 == 0 ? ["q"] : [])
            request.alternatives = number % 2 == 0 ? 3 : nil
            request.continuations = number % 6 == 5 ? 3 : 1
            if number % 4 == 3 { request.settings.sampling.frequencyPenalty = 1.5 }
            if number % 4 == 2 { request.settings.sampling.topP = 0.9 }
            return request
        }
    }

    /// Probabilities are Doubles of the logits: where they are equal, so are the logits' bits, or nearly all of them.
    @Test(arguments: [nil, .f32, .int8] as [WeightFormat?])
    func manyAtOnceGiveTheBitsOfEachAlone(format: WeightFormat?) throws {
        let requests = Self.mixedRequests()
        let alone = try requests.map { request in
            let engine = EngineFixture.engine()
            defer { engine.stop() }
            return try engine.run(request, on: EngineFixture.model(format))
        }
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model(format))
        defer { engine.stop() }
        for _ in 0..<2 {
            let streams = try requests.map { try engine.start($0, on: model) }
            for (number, stream) in streams.enumerated() {
                let outcome = EngineOutcome(stream)
                #expect(outcome.answer == alone[number].answer, "request \(number)")
                #expect(outcome.error == nil && outcome.completions.allSatisfy { $0 != nil })
            }
        }
        #expect(Set(alone.map { $0.completions.first??.tokens.count }).count > 3, "texts of one length prove little")
    }

    /// A prompt of one chunk is read as `TextGenerator` reads it, so that all is the same.
    @Test(arguments: [nil, .int8] as [WeightFormat?])
    func answersAreTheGenerators(format: WeightFormat?) throws {
        let transformer = EngineFixture.transformer()
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let model = EngineModel(transformer, tokenizer: .bytes, format: format)
        for count in [1, 3, 17, 64] {
            for temperature in [0, 0.8] {
                let request = EngineFixture.request(
                    EngineFixture.prompt(count), 40, temperature: temperature, seed: 4)
                let found = try engine.run(request, on: model)
                // A new one, which has nothing of an earlier text in its cache.
                let generator = TextGenerator(model: transformer, tokenizer: .bytes, format: format)
                let expected = try generator.complete(request.prompt, request.settings)
                #expect(found.completions == [expected])
                #expect(found.texts == [expected.text])
                #expect(found.tokens.first?.map(\.id) == expected.tokens)
            }
        }
    }

    /// Guesses are made only while one text is alone, and change only the passes.
    @Test func aRepetitiveTextIsGuessedWhileItIsAlone() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        // Everything but one token is forbidden, so that guesses are right: each pass has one, since the last time that
        // the key occurred is one token ago.
        var request = EngineFixture.request([1, 7, 7, 7, 7], 60)
        request.settings.sampling.logitBias = [7: 1000]
        #expect(try engine.run(request, on: model).completions.first??.tokens == [Int32](repeating: 7, count: 60))
        let alone = engine.statistics
        #expect(alone.tokensDrawn == 60 && alone.passes <= 31)
        let streams = try (0..<2).map { _ in try engine.start(request, on: model) }
        for stream in streams { #expect(EngineOutcome(stream).completions.first??.tokens.count == 60) }
        let both = engine.statistics
        #expect(both.tokensDrawn == 180)
    }

    @Test func eightTextsShareAPassAndMoreTakeTurns() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let gate = Gate()
        // Holds the engine's thread until all are there.
        try engine.submit(EngineFixture.request([1], 1), to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let streams = try (0..<12).map { number in
            try engine.start(EngineFixture.request([Int32(number)], 21).inASCII, on: model)
        }
        gate.open()
        let lengths = streams.map { EngineOutcome($0).completions.first??.tokens.count }
        #expect(lengths == [Int?](repeating: 21, count: 12))
        let statistics = engine.statistics
        // The first token of each comes with its prompt. Twelve times twenty in passes of up to eight; some passes have
        // fewer rows while the prompts are read and at the end.
        #expect(statistics.rows == 240 && statistics.passes < 60 && statistics.passes >= 30)
    }

    /// Where no row depends on others: up to 256 tokens. A prompt waits for a beginning that another one is reading.
    @Test(arguments: [(nil, 9), (.f32, 2), (.int8, 2)] as [(WeightFormat?, Int)])
    func promptsThatComeTogetherAreReadTogether(format: WeightFormat?, passes: Int) throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model(format))
        defer { engine.stop() }
        let gate = Gate()
        try engine.submit(EngineFixture.request([1], 1), to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let streams = try (0..<8).map { number in
            try engine.start(EngineFixture.request(EngineFixture.prompt(30, seed: UInt64(number)), 1), on: model)
        }
        gate.open()
        for stream in streams { #expect(EngineOutcome(stream).error == nil) }
        #expect(engine.statistics.promptPasses == passes)
    }

    @Test(arguments: [nil, .f32] as [WeightFormat?])
    func aPromptWaitsForABeginningThatAnotherReads(format: WeightFormat?) throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model(format))
        defer { engine.stop() }
        let gate = Gate()
        try engine.submit(EngineFixture.request([1], 1), to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let beginning = EngineFixture.prompt(128)
        let streams = try (0..<3).map { number in
            try engine.start(EngineFixture.request(beginning + [Int32(number)], 1), on: model)
        }
        gate.open()
        let reused = streams.map { EngineOutcome($0).reading?.tokensReused }
        #expect(reused == [0, 128, 128])
    }

    @Test func modelsTakeTurns() throws {
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let models = [EngineFixture.model(seed: 1), EngineFixture.model(seed: 2)]
        let requests = models.indices.map {
            EngineFixture.request(EngineFixture.prompt(20), 30, seed: UInt64($0)).inASCII
        }
        let alone = try zip(requests, models).map { try engine.run($0, on: $1).answer }
        let (gate, order) = (Gate(), Shared([Int]()))
        try engine.submit(EngineFixture.request([1], 1), to: models[0]) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let done = DispatchSemaphore(value: 0)
        let outcomes = models.map { _ in Shared(EngineOutcome()) }
        for number in models.indices {
            try engine.submit(requests[number], to: models[number]) { event in
                outcomes[number].change { $0.add(event) }
                if case .tokens = event { order.change { $0.append(number) } }
                if case .finished = event { done.signal() }
            }
        }
        gate.open()
        for _ in models { done.wait() }
        #expect(outcomes.map { $0.value.answer } == alone)
        #expect(alone[0] != alone[1])
        // Each has one token in each turn.
        let turns = order.value
        #expect(turns.count > 20 && zip(turns, turns.dropFirst()).count { $0 == $1 } <= 4, "\(turns)")
    }

    @Test func continuationsShareThePrompt() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        var request = EngineFixture.request(EngineFixture.prompt(100), 30, temperature: 0.9, seed: 3)
        request.alternatives = 2
        let alone = try (0..<5).map { number in
            var own = request
            own.stream = number
            let outcome = try engine.run(own, on: model)
            engine.forget(model)
            return outcome
        }
        let before = engine.statistics.promptTokensRead
        #expect(before == 500)
        request.continuations = 4
        request.stream = 1
        let together = try engine.run(request, on: model)
        #expect(together.completions == alone[1...].flatMap(\.completions))
        #expect(together.tokens == alone[1...].flatMap(\.tokens) && together.texts == alone[1...].flatMap(\.texts))
        #expect(engine.statistics.promptTokensRead - before == 100 && together.reading?.tokensRead == 100)
        #expect(Set(together.texts).count == 4)
    }

    /// With a limit of one token, no continuation needs a cache.
    @Test func firstTokensOfManyContinuations() throws {
        let model = EngineFixture.model()
        let engine = EngineFixture.engine(cacheBytes: model.cacheBytes(positions: 70))
        defer { engine.stop() }
        var request = EngineFixture.request(EngineFixture.prompt(70), 1, temperature: 1)
        request.continuations = 50
        let outcome = try engine.run(request, on: model)
        #expect(outcome.completions.count == 50 && outcome.completions.allSatisfy { $0?.tokens.count == 1 })
        #expect(Set(outcome.completions.map { $0?.tokens }).count > 3)
    }

    @Test func nothingToDraw() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        for limit in [0, -5] {
            let outcome = try engine.run(EngineFixture.request([1, 2], limit), on: model)
            let completion = try #require(outcome.completions.first ?? nil)
            #expect(completion.text.isEmpty && completion.tokens.isEmpty && completion.finishReason == .length)
            #expect(outcome.tokens == [[]])
        }
    }

    @Test func theContextEndsIt() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        for limit in [100, Int.max] {
            let outcome = try engine.run(EngineFixture.request(EngineFixture.prompt(310), limit), on: model)
            #expect(outcome.completions.first??.tokens.count == 11)
            #expect(outcome.completions.first??.finishReason == .length)
        }
        let short = EngineModel(EngineFixture.transformer(), tokenizer: .bytes, contextLength: 20)
        let outcome = try engine.run(EngineFixture.request(EngineFixture.prompt(15), 100), on: short)
        #expect(outcome.completions.first??.tokens.count == 6)
        #expect(throws: EngineError.promptTooLong(tokens: 21, context: 20)) {
            try engine.run(EngineFixture.request(EngineFixture.prompt(21), 1), on: short)
        }
    }

    /// Text and tokens come in step: a token with the text that it begins in, none at or after a stop text.
    @Test(
        arguments: [
            // é is two tokens, of which none makes text alone.
            ("aé!", [], ["a", "é", "!"], [[0x61], [0xC3, 0xA9], [0x21]]),
            ("abcd", ["cd"], ["a", "b"], [[0x61], [0x62]]),
            ("abce", ["cd"], ["a", "b", "ce"], [[0x61], [0x62], [0x63, 0x65]]),
        ] as [(String, [String], [String], [[Int32]])])
    func tokensComeWithTheirText(script: String, stop: [String], pieces: [String], tokens: [[Int32]]) throws {
        let transformer = try TextGeneratorTests.scriptedModel(script.utf8.map { Int($0) } + [256])
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let model = EngineModel(transformer, tokenizer: .bytes)
        // Two at a time, so that none is guessed.
        let streams = try (0..<2).map { _ in
            try engine.start(EngineFixture.request([0x78], 20, stop: stop), on: model)
        }
        for stream in streams {
            var (found, ids) = ([String](), [[Int32]]())
            while let event = stream.next() {
                guard case .tokens(_, let drawn, let text) = event else { continue }
                found.append(text)
                ids.append(drawn.map(\.id))
                #expect(drawn.allSatisfy { $0.bytes == [UInt8($0.id)] && $0.logProbability == nil })
            }
            #expect(found == pieces && ids == tokens)
        }
    }
}
