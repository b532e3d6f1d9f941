// Requests that are cancelled, and engines that are stopped.

import Dispatch
import Inference
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite struct EngineCancellationTests {
    @Test func endsWithinOneToken() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let other = EngineFixture.request(EngineFixture.prompt(20, seed: 2), 60)
        let expected = try engine.run(other, on: model).answer
        let (gate, done) = (Gate(), DispatchSemaphore(value: 0))
        let (ticket, drawn, errors) = (Shared<Ticket?>(nil), Shared(0), Shared([EngineError]()))
        ticket.change { held in
            held = try? engine.submit(EngineFixture.request(EngineFixture.prompt(20), 300), to: model) { event in
                switch event {
                case .prompt: gate.pass()
                case .tokens(_, let tokens, _):
                    drawn.change { $0 += tokens.count }
                    if drawn.value == 5 { ticket.value?.cancel() }
                case .finished: Issue.record("a cancelled request was finished")
                case .failed(let error):
                    errors.change { $0.append(error) }
                    done.signal()
                }
            }
        }
        gate.waitUntilReached()
        let stream = try engine.start(other, on: model)
        gate.open()
        done.wait()
        #expect(engine.statistics.cancelled == 1)
        #expect(errors.value == [.cancelled] && drawn.value == 5)
        #expect(EngineOutcome(stream).answer == expected)
        ticket.value?.cancel()
        #expect(try engine.run(other, on: model).answer == expected)
        #expect(engine.statistics.cancelled == 1 && engine.statistics.cacheBytes == 0)
    }

    @Test func aPromptIsNotReadToItsEnd() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let gate = Gate()
        // The other text draws a token after each chunk.
        let (other, chunks) = (EngineFixture.request([1, 2], 100), Shared(0))
        let ticket = Shared<Ticket?>(nil)
        try engine.submit(other, to: model) { event in
            switch event {
            case .prompt: gate.pass()
            case .tokens:
                chunks.change { $0 += 1 }
                if chunks.value == 3 { ticket.value?.cancel() }
            case .finished, .failed: break
            }
        }
        gate.waitUntilReached()
        let (error, done) = (Shared<EngineError?>(nil), DispatchSemaphore(value: 0))
        ticket.change { held in
            held = try? engine.submit(EngineFixture.request(EngineFixture.prompt(300), 5), to: model) { event in
                if case .failed(let reason) = event {
                    error.change { $0 = reason }
                    done.signal()
                }
            }
        }
        gate.open()
        done.wait()
        #expect(error.value == .cancelled)
        let read = engine.statistics.promptTokensRead
        #expect(read > 2 && read < 2 + 300, "\(read) tokens")
        // What was read of it is of use to the next one.
        let again = try engine.run(EngineFixture.request(EngineFixture.prompt(300), 5), on: model)
        #expect(again.reading?.tokensReused == (read - 2) / EngineModel.promptChunk * EngineModel.promptChunk)
    }

    @Test func aWaitingRequestLeavesTheQueue() throws {
        let model = EngineFixture.model()
        let engine = EngineFixture.engine { $0.waitingLimit = 1 }
        defer { engine.stop() }
        let gate = Gate()
        try engine.submit(EngineFixture.request([1], 30), to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        let stream = try engine.start(EngineFixture.request([2], 30), on: model)
        stream.cancel()
        gate.open()
        #expect(EngineOutcome(stream).error == .cancelled)
        #expect(stream.next() == nil)
        #expect(engine.statistics.waiting == 0)
    }

    /// Nobody reads the events any more, so nothing is computed for them.
    @Test func aStreamThatIsLetGoCancels() throws {
        let (engine, model) = (EngineFixture.engine(), EngineFixture.model())
        defer { engine.stop() }
        let gate = Gate()
        try engine.submit(EngineFixture.request([1], 1), to: model) { if case .prompt = $0 { gate.pass() } }
        gate.waitUntilReached()
        _ = try engine.start(EngineFixture.request([2], 300), on: model)
        gate.open()
        #expect(try engine.run(EngineFixture.request([3], 5), on: model).error == nil)
        #expect(engine.statistics.cancelled == 1 && engine.statistics.tokensDrawn < 10)
    }

    @Test func stoppingEndsAll() throws {
        let (engine, model) = (EngineFixture.engine { $0.activeLimit = 1 }, EngineFixture.model())
        let gate = Gate()
        let (errors, request) = (Shared([EngineError]()), EngineFixture.request([1], 300))
        let onEvent: @Sendable (EngineEvent) -> Void = { event in
            if case .failed(let error) = event { errors.change { $0.append(error) } }
        }
        try engine.submit(request, to: model) { event in
            if case .prompt = event { gate.pass() }
            onEvent(event)
        }
        gate.waitUntilReached()
        try engine.submit(request, to: model, onEvent: onEvent)
        let stopped = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            engine.stop()
            stopped.signal()
        }
        // Submitting fails so from the moment at which the engine is told to stop; before it, where too many wait.
        var refusal: EngineError?
        while refusal != .stopped {
            do throws(EngineError) { try engine.submit(request, to: model, onEvent: onEvent) } catch { refusal = error }
        }
        gate.open()
        stopped.wait()
        #expect(errors.value.count >= 2 && errors.value.allSatisfy { $0 == .stopped })
        #expect(throws: EngineError.stopped) { try engine.submit(request, to: model) { _ in } }
        #expect(throws: EngineError.stopped) { try engine.embedding(of: [1], with: model) }
        engine.forget(model)
        engine.stop()
    }
}
