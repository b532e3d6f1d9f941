// Many requests to the engine: at once against in turn, and how long the first token takes.

import Arguments
import Foundation
import Inference
import Kernels
import Model
import StrictJSON
import Tokenizer

struct ServeBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Generate for several requests at once and in turn: tokens per second, first token.",
        discussion: "Prompts are random tokens. With random weights and a temperature of 1 tokens are random too, so "
            + "that no guess helps those that come alone.")
    @OptionGroup var machine: MachineOptions
    @Option(help: "The model.") var shape: ShapeArgument = .smollm2
    @Option(help: "Format of the weights during generation.") var precision: WeightFormat = .f32
    @Option(help: "Number of requests.") var requests: Int = 8
    @Option(help: "Length of each prompt in tokens.") var promptTokens: Int = 32
    @Option(help: "Number of tokens to generate for each.") var tokens: Int = 64
    @Option(help: "Temperature; 0 takes the most probable token.") var temperature: Double = 1
    @Option(help: "Number of rounds, of which the median counts.") var rounds: Int = 5
    @Flag(help: "Print only the JSON line.") var json = false

    mutating func validate() throws(ValidationError) {
        if requests < 1 || promptTokens < 1 || tokens < 2 || rounds < 1 {
            throw ValidationError(
                "--requests, --prompt-tokens and --rounds must be at least 1, and --tokens at least 2")
        }
    }

    mutating func run() throws {
        try machine.prepare()
        let transformer = Transformer(try shape.architecture(context: max(1024, promptTokens + tokens)))
        transformer.layout.initialize(transformer.weights, seed: 1)
        let model = EngineModel(transformer, tokenizer: .bytes, format: precision)
        let engine = BatchEngine(EngineSettings(cacheBytes: 8 << 30))
        defer { engine.stop() }
        let direct = DirectGeneration(transformer, format: precision)
        var generator = SplitMix64(seed: 2)
        /// New prompts every time, so that no beginning is known already.
        func prompts(_ count: Int) -> [[Int32]] {
            (0..<count).map { _ in
                (0..<promptTokens).map { _ in Int32(generator.below(transformer.architecture.vocabularySize)) }
            }
        }
        _ = try serve(prompts(2), engine, model, atOnce: true)
        var (together, alone, first, directFirst) = ([Double](), [Double](), [Double](), [Double]())
        for _ in 0..<rounds {
            let (own, others) = (prompts(requests), prompts(requests))
            together.append(try serve(own, engine, model, atOnce: true).tokensPerSecond)
            let single = try serve(others, engine, model, atOnce: false)
            alone.append(single.tokensPerSecond)
            // In turns, each the first in half of them, since the speed of a shared machine varies.
            for (number, prompt) in prompts(16).enumerated() {
                let before = number % 2 == 0 ? nil : direct.firstToken(prompt, temperature)
                first += try serve([prompt], engine, model, atOnce: true, limit: 2).firstTokens
                directFirst.append(before ?? direct.firstToken(prompt, temperature))
            }
        }
        report(
            together: Report.median(together), alone: Report.median(alone), first: Report.median(first),
            directFirst: Report.median(directFirst), delay: Report.median(zip(first, directFirst).map { $0 - $1 }))
    }

    private struct Outcome {
        var tokensPerSecond = 0.0
        /// Seconds from a request to its first token.
        var firstTokens: [Double] = []
    }

    private func serve(
        _ prompts: [[Int32]], _ engine: BatchEngine, _ model: EngineModel, atOnce: Bool, limit: Int? = nil
    ) throws -> Outcome {
        var outcome = Outcome()
        let start = monotonicSeconds()
        var count = 0
        func finish(_ stream: EngineStream, from begun: Double) {
            var isFirst = true
            while let event = stream.next() {
                switch event {
                case .tokens(_, let tokens, _):
                    if isFirst, !tokens.isEmpty {
                        outcome.firstTokens.append(monotonicSeconds() - begun)
                        isFirst = false
                    }
                case .finished(_, let completion): count += completion.tokens.count
                case .prompt, .failed: break
                }
            }
        }
        func begin(_ number: Int) throws -> EngineStream {
            var settings = GenerationSettings(
                sampling: SamplingSettings(temperature: temperature), maximumTokens: limit ?? tokens)
            settings.seed = UInt64(number)
            return try engine.start(EngineRequest(prompt: prompts[number], settings: settings), on: model)
        }
        if atOnce {
            let streams = try prompts.indices.map(begin)
            for stream in streams { finish(stream, from: start) }
        } else {
            for number in prompts.indices {
                let begun = monotonicSeconds()
                finish(try begin(number), from: begun)
            }
        }
        outcome.tokensPerSecond = Double(count) / (monotonicSeconds() - start)
        return outcome
    }

    private func report(together: Double, alone: Double, first: Double, directFirst: Double, delay: Double) {
        if !json {
            print(
                "\(shape.text), \(precision.rawValue), \(requests) requests of \(promptTokens) tokens, "
                    + "\(tokens) generated for each")
            print("  at once:             \(Report.column(together)) tokens/s")
            print("  in turn: \(Report.column(alone)) tokens/s")
            print("  ratio:               \(Report.column(together / alone))")
            print(
                "  first token:         \(Report.column(1e3 * first)) ms, without the engine "
                    + "\(Report.column(1e3 * directFirst, width: 1)) ms; in pairs \(Report.column(1e3 * delay, width: 1)) ms later"
            )
        }
        Report.json(
            "serve",
            [
                ("shape", .string(shape.text)), ("precision", .string(precision.rawValue)),
                ("requests", .integer(requests)), ("tokensPerSecond", .number(together)),
                ("tokensPerSecondAlone", .number(alone)), ("ratio", .number(together / alone)),
                ("firstTokenSeconds", .number(first)), ("firstTokenSecondsDirect", .number(directFirst)),
                ("firstTokenDelaySeconds", .number(delay)),
            ])
    }
}

/// The same without an engine: a decoder and a cache.
private struct DirectGeneration {
    private let decoder: Decoder
    private let cache: KeyValueCache

    init(_ model: Transformer, format: WeightFormat?) {
        decoder = Decoder(model, format: format, chunk: EngineModel.promptChunk)
        cache = KeyValueCache(model.architecture)
    }

    /// Seconds from a prompt to the first token.
    func firstToken(_ prompt: [Int32], _ temperature: Double) -> Double {
        let start = monotonicSeconds()
        cache.truncate(to: 0)
        var generator = SplitMix64(seed: 1)
        _ = Sampler.next(
            decoder.advance(cache, by: prompt), SamplingSettings(temperature: temperature), previous: prompt,
            using: &generator)
        return monotonicSeconds() - start
    }
}
