// Several clients at once: a full queue, clients that leave, and answers that do not mix.

import Dispatch
import Foundation
import HTTPServer
import Inference
import Service
import StrictJSON
import Synchronization
import TestSupport
import Testing

@Suite struct AnswersLoadTests {
    private static let long =
        #"{"model": "plain", "prompt": "x", "max_tokens": 300, "stream": true, "logit_bias": {"65": 100}}"#

    /// Asks for a stream and leaves at its fourth piece. The model is in use as long as the response is there.
    ///
    /// - Returns: how many pieces came; nil where there was no stream.
    private func leave(_ fixture: AnswersFixture, _ target: String, _ body: String) -> Int? {
        guard case .stream(let produce) = fixture.send("POST", target, body).body else { return nil }
        let writes = Mutex(0)
        produce(
            HTTPStream { _ in
                writes.withLock { count in
                    count += 1
                    return count < 4
                }
            })
        return writes.withLock { $0 }
    }

    /// The stream's producer stops at the first write that nobody takes, and the engine with it.
    @Test func aClientThatLeavesEndsItsAnswer() throws {
        let fixture = try AnswersFixture()
        for target in ["/v1/completions", "/v1/chat/completions"] {
            let before = fixture.service.engine.statistics
            let body =
                target == "/v1/completions"
                ? Self.long
                : #"{"model": "chatty", "max_tokens": 290, "stream": true, "logit_bias": {"65": 100}, \#(AnswersChatTests.hello)}"#
            #expect(leave(fixture, target, body) == 4)
            #expect(fixture.wait { fixture.service.engine.statistics.cancelled == before.cancelled + 1 })
            #expect(fixture.wait { fixture.service.pool.loaded.allSatisfy { $0.users == 0 } })
            #expect(fixture.service.engine.statistics.tokensDrawn - before.tokensDrawn < 290)
        }
    }

    /// A response that the server never sends is an answer that ends.
    @Test func aStreamThatNobodyTakesEnds() throws {
        let fixture = try AnswersFixture()
        let open = try fixture.holdEngine()
        var response: HTTPResponse? = fixture.send("POST", "/v1/completions", Self.long)
        #expect(response?.status == 200)
        response = nil
        open()
        #expect(fixture.wait { fixture.service.engine.statistics.cancelled == 1 })
    }

    @Test func aFullQueueIsToldToTryAgain() throws {
        let fixture = try AnswersFixture(waiting: 1, cacheBytes: 200_000)
        // One that runs, and one that waits.
        let open = try fixture.holdEngine()
        let second = fixture.send("POST", "/v1/completions", Self.long)
        #expect(second.status == 200)
        let third = fixture.send("POST", "/v1/completions", #"{"model": "plain", "prompt": "x", "max_tokens": 300}"#)
        #expect(third.status == 429)
        #expect(third.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
        let json = try JSONText.parse(third.body.collected ?? [])
        #expect(json["error"]?["code"]?.string == "rate_limit_exceeded")
        open()
        withExtendedLifetime(second) {}
    }

    /// Twenty at once: each gets what it gets alone.
    @Test func answersDoNotMix() throws {
        let fixture = try AnswersFixture()
        @Sendable func ask(_ number: Int) -> String {
            let response = fixture.send(
                "POST", "/v1/completions",
                #"{"model": "plain", "prompt": "number \#(number)", "max_tokens": 20, "seed": \#(number), "logprobs": 2}"#
            )
            let json = try? JSONText.parse(response.body.collected ?? [])
            return json?["choices"]?.text ?? "status \(response.status)"
        }
        let alone = (0..<20).map(ask)
        let together = Mutex([Int: String]())
        DispatchQueue.concurrentPerform(iterations: 20) { number in
            let text = ask(number)
            together.withLock { $0[number] = text }
        }
        #expect((0..<20).map { together.withLock { $0 }[$0] } == alone)
        #expect(Set(alone).count == 20)
    }

    /// An error after the stream has begun is an event with an error.
    @Test func aStreamThatFailsSaysSo() throws {
        let fixture = try AnswersFixture()
        let open = try fixture.holdEngine()
        guard case .stream(let produce) = fixture.send("POST", "/v1/completions", Self.long).body else {
            Issue.record("no stream")
            return
        }
        let engine = fixture.service.engine
        let stopped = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            engine.stop()
            stopped.signal()
        }
        // The engine takes no more requests: it is ending.
        let lease = try fixture.service.pool.lease(fixture.place.path + "/checkpoints/plain")
        let other = EngineRequest(prompt: [1], settings: GenerationSettings(sampling: .greedy, maximumTokens: 1))
        #expect(
            fixture.wait {
                do { try engine.submit(other, to: lease.model) { _ in }.cancel() } catch {
                    return (error as? EngineError) == .stopped
                }
                return false
            })
        open()
        stopped.wait()
        let text = Mutex("")
        produce(
            HTTPStream { bytes in
                text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
                return true
            })
        let lines = text.withLock { $0 }.components(separatedBy: "\n\n")
        #expect(lines.dropLast().last == "data: [DONE]")
        let error = try JSONText.parse(String(lines[lines.count - 3].dropFirst(6)))
        #expect(error["error"]?["code"]?.string == "stopped")
    }
}
