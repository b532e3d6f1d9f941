// A small model for the engine, and what a request gave.

import Foundation
import Inference
import Kernels
import Model
import Synchronization
import TestSupport
import Tokenizer

enum EngineFixture {
    /// Room for prompts of several chunks.
    static let shape = ModelShape(
        vocabularySize: 257, contextLength: 320, blockCount: 2, headCount: 2, modelWidth: 32, tiedHead: false)

    /// Large random weights, so that answers depend on everything before them.
    static func transformer(_ shape: ModelShape = shape, seed: UInt64 = 9) -> Transformer {
        let model = Transformer(shape)
        model.layout.initialize(model.weights, seed: seed)
        for parameter in model.layout.parameters where parameter.decays {
            for index in parameter.range { model.weights.base[index] *= 12 }
        }
        return model
    }

    static func model(_ format: WeightFormat? = nil, seed: UInt64 = 9) -> EngineModel {
        EngineModel(transformer(seed: seed), tokenizer: .bytes, format: format)
    }

    static func engine(
        cacheBytes: Int = 1 << 30, _ change: (inout EngineSettings) -> Void = { _ in }
    ) -> BatchEngine {
        var settings = EngineSettings(cacheBytes: cacheBytes)
        change(&settings)
        return BatchEngine(settings)
    }

    /// Random tokens, without the one that ends a text.
    static func prompt(_ count: Int, seed: UInt64 = 1) -> [Int32] {
        var generator = SplitMix64(seed: seed)
        return (0..<count).map { _ in Int32(generator.below(256)) }
    }

    static func request(
        _ prompt: [Int32], _ maximumTokens: Int, temperature: Double = 0, seed: UInt64 = 1, stop: [String] = []
    ) -> EngineRequest {
        EngineRequest(
            prompt: prompt,
            settings: GenerationSettings(
                sampling: SamplingSettings(temperature: temperature), maximumTokens: maximumTokens, stop: stop,
                seed: seed))
    }
}

/// All that a request gave, in the order of its continuations.
struct EngineOutcome: Equatable {
    var reading: PromptReading?
    var tokens: [[DrawnToken]] = []
    var texts: [String] = []
    var completions: [Completion?] = []
    var error: EngineError?

    mutating func add(_ event: EngineEvent) {
        func grow(_ number: Int) {
            while tokens.count <= number {
                tokens.append([])
                texts.append("")
                completions.append(nil)
            }
        }
        switch event {
        case .prompt(let reading): self.reading = reading
        case .tokens(let number, let drawn, let text):
            grow(number)
            tokens[number] += drawn
            texts[number] += text
        case .finished(let number, let completion):
            grow(number)
            completions[number] = completion
        case .failed(let error): self.error = error
        }
    }

    init() {}

    /// Waits for the end.
    init(_ stream: EngineStream) { while let event = stream.next() { add(event) } }

    /// Without what depends on what was known before: how much was read.
    var answer: EngineOutcome {
        var copy = self
        copy.reading?.tokensRead = 0
        copy.reading?.tokensReused = 0
        return copy
    }
}

extension BatchEngine {
    /// Runs a request to its end.
    func run(_ request: EngineRequest, on model: EngineModel) throws -> EngineOutcome {
        EngineOutcome(try start(request, on: model))
    }
}

/// A value that several threads change.
final class Shared<Value: Sendable>: Sendable {
    private let content: Mutex<Value>

    init(_ value: Value) { content = Mutex(value) }

    var value: Value { content.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { content.withLock { body(&$0) } }
}

/// A gate that holds up the engine's thread, so that a test decides what is there when it continues.
final class Gate: Sendable {
    private let reached = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    /// On the engine's thread.
    func pass() {
        reached.signal()
        opened.wait()
    }

    /// Returns when the engine's thread is at the gate.
    func waitUntilReached() { reached.wait() }

    func open() { opened.signal() }
}
