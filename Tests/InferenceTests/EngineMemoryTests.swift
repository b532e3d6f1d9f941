// What the engine keeps: the limit of caches, who waits for them, and what of earlier prompts is reused.

import Dispatch
import Inference
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite struct EngineMemoryTests {
    @Test func requestsWaitForMemoryInTheirOrder() throws {
        let model = EngineFixture.model()
        // Three requests of 100 positions each at a time.
        let limit = 3 * model.cacheBytes(positions: 100)
        let engine = EngineFixture.engine(cacheBytes: limit)
        defer { engine.stop() }
        let (order, most, done) = (Shared([Int]()), Shared((bytes: 0, drawing: 0)), DispatchSemaphore(value: 0))
        for number in 0..<9 {
            let request = EngineFixture.request(EngineFixture.prompt(70, seed: UInt64(number)), 31)
            try engine.submit(request, to: model) { event in
                let now = engine.statistics
                most.change { $0 = (max($0.bytes, now.cacheBytes + now.keptBytes), max($0.drawing, now.drawing)) }
                if case .prompt = event { order.change { $0.append(number) } }
                if case .finished(_, let completion) = event {
                    #expect(completion.tokens.count == 31)
                    done.signal()
                }
            }
        }
        for _ in 0..<9 { done.wait() }
        #expect(order.value == Array(0..<9))
        #expect(most.value.bytes <= limit && most.value.drawing == 3)
    }

    /// A large request that waits is not overtaken for ever by small ones, and takes what was kept.
    @Test func aLargeRequestGetsItsTurn() throws {
        let model = EngineFixture.model()
        let engine = EngineFixture.engine(cacheBytes: model.cacheBytes(positions: 300))
        defer { engine.stop() }
        #expect(try engine.run(EngineFixture.request(EngineFixture.prompt(128), 1), on: model).error == nil)
        #expect(engine.statistics.keptBytes == model.cacheBytes(positions: 128))
        let (gate, order) = (Gate(), Shared([Int]()))
        try engine.submit(EngineFixture.request(EngineFixture.prompt(10), 20), to: model) {
            if case .prompt = $0 { gate.pass() }
        }
        gate.waitUntilReached()
        let done = DispatchSemaphore(value: 0)
        for (number, count) in [(0, 299), (1, 5), (2, 5)] {
            let request = EngineFixture.request(EngineFixture.prompt(count, seed: 7), 2)
            try engine.submit(request, to: model) { event in
                if case .finished = event {
                    order.change { $0.append(number) }
                    done.signal()
                }
            }
        }
        gate.open()
        for _ in 0..<3 { done.wait() }
        #expect(order.value == [0, 1, 2])
    }

    @Test func whatCanNeverFitIsRefusedAtOnce() throws {
        let model = EngineFixture.model()
        let limit = model.cacheBytes(positions: 100)
        let engine = EngineFixture.engine(cacheBytes: limit)
        defer { engine.stop() }
        var request = EngineFixture.request(EngineFixture.prompt(60), 42)
        #expect(throws: EngineError.tooLarge(bytes: model.cacheBytes(positions: 101), limit: limit)) {
            try engine.submit(request, to: model) { _ in Issue.record("an event of a refused request") }
        }
        request.settings.maximumTokens = 41
        #expect(try engine.run(request, on: model).completions.first??.tokens.count == 41)
        request.settings.maximumTokens = 2
        request.continuations = .max
        let error = #expect(throws: EngineError.self) { try engine.start(request, on: model) }
        #expect(error == .tooLarge(bytes: .max, limit: limit))
        request.continuations = 2
        #expect(throws: EngineError.tooLarge(bytes: 2 * model.cacheBytes(positions: 61), limit: limit)) {
            try engine.start(request, on: model)
        }
    }

    @Test func aFullQueueRefuses() throws {
        let model = EngineFixture.model()
        let engine = EngineFixture.engine { $0.waitingLimit = 2 }
        defer { engine.stop() }
        let gate = Gate()
        let request = EngineFixture.request([1, 2, 3], 5)
        try engine.submit(request, to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let streams = try (0..<2).map { _ in try engine.start(request, on: model) }
        #expect(engine.statistics.waiting == 2)
        #expect(throws: EngineError.queueFull(limit: 2)) {
            try engine.submit(request, to: model) { _ in Issue.record("an event of a refused request") }
        }
        gate.open()
        for stream in streams { #expect(EngineOutcome(stream).completions.first??.tokens.count == 5) }
        #expect(try engine.run(request, on: model).error == nil)
        #expect(engine.statistics.waiting == 0)
    }

    @Test func nobodyElsesRequestEndsByABadOne() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let request = EngineFixture.request(EngineFixture.prompt(30), 50, temperature: 1)
        let expected = try engine.run(request, on: model)
        let stream = try engine.start(request, on: model)
        for (prompt, error) in [
            ([], .emptyPrompt), ([1, 257], .unknownToken(257, vocabularySize: 257)),
            ([-1], .unknownToken(-1, vocabularySize: 257)),
            (EngineFixture.prompt(321), .promptTooLong(tokens: 321, context: 320)),
        ] as [([Int32], EngineError)] {
            #expect(throws: error) { try engine.run(EngineFixture.request(prompt, 5), on: model) }
            #expect(throws: error) { try engine.embedding(of: prompt, with: model) }
        }
        // Settings that no service should let through must end nothing either.
        var wild = EngineFixture.request([1, 2], 5, temperature: .nan)
        wild.settings.sampling.logitBias = [-4: 3, 9999: 3, 5: .nan, 6: .infinity, 7: -.infinity]
        wild.settings.sampling.frequencyPenalty = .nan
        wild.continuations = -3
        wild.alternatives = 1 << 40
        #expect(try engine.run(wild, on: model).completions.count == 1)
        #expect(EngineOutcome(stream).answer == expected.answer)
    }

    // MARK: Prefixes

    /// The turns of a chat: of what was read before, complete chunks are taken; the answers are the same as without.
    @Test(arguments: [nil, .int8] as [WeightFormat?])
    func theNextTurnReadsOnlyWhatIsNew(format: WeightFormat?) throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model(format))
        defer { engine.stop() }
        let chunk = EngineModel.promptChunk
        var prompt = EngineFixture.prompt(150)
        var known = 0
        for turn in 0..<3 {
            var request = EngineFixture.request(prompt, 20, temperature: 0.8, seed: UInt64(turn))
            request.alternatives = 5
            let before = engine.statistics
            let outcome = try engine.run(request, on: model)
            #expect(outcome.reading?.tokensReused == known / chunk * chunk)
            #expect(outcome.reading?.tokensRead == prompt.count - known / chunk * chunk)
            let now = engine.statistics
            #expect(now.promptTokensRead - before.promptTokensRead == outcome.reading?.tokensRead)
            #expect(now.promptTokensReused - before.promptTokensReused == outcome.reading?.tokensReused)
            let fresh = EngineFixture.engine()
            #expect(try fresh.run(request, on: EngineFixture.model(format)).answer == outcome.answer)
            fresh.stop()
            known = prompt.count
            prompt += try #require(outcome.completions.first??.tokens)
            prompt += EngineFixture.prompt(25, seed: UInt64(turn + 10))
        }
        #expect(known > 3 * chunk)
    }

    @Test func theLastTokenIsAlwaysRead() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let prompt = EngineFixture.prompt(2 * EngineModel.promptChunk)
        let first = try engine.run(EngineFixture.request(prompt, 9), on: model)
        let second = try engine.run(EngineFixture.request(prompt, 9), on: model)
        #expect(second.reading?.tokensReused == EngineModel.promptChunk && second.answer == first.answer)
        let longer = try engine.run(EngineFixture.request(prompt + [5], 9), on: model)
        #expect(longer.reading?.tokensReused == 2 * EngineModel.promptChunk)
        // One other token at the beginning, and nothing can be reused.
        let other = try engine.run(EngineFixture.request([prompt[0] ^ 1] + prompt.dropFirst(), 9), on: model)
        #expect(other.reading?.tokensReused == 0 && other.answer != first.answer)
    }

    /// Requests that run at the same time share what they have in common, too.
    @Test func aRunningPromptIsReused() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let gate = Gate()
        try engine.submit(EngineFixture.request([1], 1), to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let common = EngineFixture.prompt(130)
        let streams = try (0..<4).map { number in
            try engine.start(EngineFixture.request(common + [Int32(number)], 40), on: model)
        }
        gate.open()
        let outcomes = streams.map { EngineOutcome($0) }
        #expect(outcomes.map { $0.reading?.tokensReused } == [0, 128, 128, 128])
        for (number, outcome) in outcomes.enumerated() {
            let fresh = EngineFixture.engine()
            let alone = try fresh.run(
                EngineFixture.request(common + [Int32(number)], 40), on: EngineFixture.model())
            fresh.stop()
            #expect(outcome.answer == alone.answer)
        }
    }

    @Test func theLeastRecentlyUsedPrefixLeaves() throws {
        let model = EngineFixture.model()
        // Two prefixes of two chunks, and a request of one chunk or so.
        let engine = EngineFixture.engine(
            cacheBytes: 2 * model.cacheBytes(positions: 128) + model.cacheBytes(positions: 140))
        defer { engine.stop() }
        func reused(_ seed: UInt64) throws -> Int? {
            try engine.run(EngineFixture.request(EngineFixture.prompt(130, seed: seed), 5), on: model).reading?
                .tokensReused
        }
        #expect(try reused(1) == 0)
        #expect(try reused(2) == 0)
        #expect(try reused(1) == 128)
        #expect(try reused(3) == 0)
        // Of 1, 2 and 3, the second was not used for the longest time.
        #expect(try reused(1) == 128)
        #expect(try reused(2) == 0)
        #expect(engine.statistics.keptBytes <= engine.settings.cacheBytes)
    }

    @Test func prefixesBelongToAModel() throws {
        let engine = EngineFixture.engine()
        defer { engine.stop() }
        let (model, other) = (EngineFixture.model(seed: 1), EngineFixture.model(seed: 2))
        let request = EngineFixture.request(EngineFixture.prompt(130), 10)
        let first = try engine.run(request, on: model)
        #expect(engine.statistics.keptBytes == model.cacheBytes(positions: 128))
        #expect(try engine.run(request, on: other).reading?.tokensReused == 0)
        #expect(try engine.run(request, on: model).reading?.tokensReused == 128)
        engine.forget(model)
        #expect(engine.statistics.keptBytes == other.cacheBytes(positions: 128))
        let again = try engine.run(request, on: model)
        #expect(again.reading?.tokensReused == 0 && again == first)
    }
}
