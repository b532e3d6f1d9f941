// Reads a prompt and generates tokens one at a time, as chat does.

import Arguments
import Inference
import Kernels
import Model
import StrictJSON

extension WeightFormat: ExpressibleByArgument {}

struct GenerateBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Read a prompt and generate tokens (greedy): tokens per second of both.")
    @OptionGroup var machine: MachineOptions
    @Option(help: "The model.") var shape: ShapeArgument = .gpt2
    @Option(help: "Length of the prompt in tokens.") var promptTokens: Int = 512
    @Option(help: "Number of tokens to generate.") var tokens: Int = 128
    @Option(help: "Format of the weights during generation.") var precision: WeightFormat = .f32
    @Flag(help: "Print only the JSON line.") var json = false

    mutating func validate() throws(ValidationError) {
        if promptTokens < 1 || tokens < 1 { throw ValidationError("--prompt-tokens and --tokens must be at least 1") }
    }

    mutating func run() throws {
        try machine.prepare()
        let model = Transformer(try shape.architecture(context: promptTokens + tokens))
        model.layout.initialize(model.weights, seed: 1)
        let decoder = Decoder(model, format: precision)
        let cache = KeyValueCache(model.architecture)
        var generator = SplitMix64(seed: 2)
        let prompt = (0..<promptTokens).map { _ in Int32(generator.below(model.architecture.vocabularySize)) }
        _ = decoder.advance(cache, by: prompt)

        let promptRates = (0..<5).map { _ in
            cache.truncate(to: 0)
            let start = monotonicSeconds()
            _ = decoder.advance(cache, by: prompt)
            return Double(promptTokens) / (monotonicSeconds() - start)
        }
        var rates: [Double] = []
        // Measured next to each round, because the memory bandwidth of a shared machine varies.
        var bandwidths = [MachinePeak.bytesPerSecond()]
        for _ in 0..<15 {
            cache.truncate(to: promptTokens - 1)
            var logits = decoder.advance(cache, by: [prompt[promptTokens - 1]])
            let start = monotonicSeconds()
            for _ in 0..<tokens {
                let token = Sampler.next(logits, .greedy, previous: [], using: &generator)
                logits = decoder.advance(cache, by: [token])
            }
            rates.append(Double(tokens) / (monotonicSeconds() - start))
            bandwidths.append(MachinePeak.bytesPerSecond())
        }
        // The position table is not read completely; keys and values are, on average for half of the generated tokens.
        let positions = Double(promptTokens) + Double(tokens) / 2
        let table = model.layout[ParameterKey(.positionEmbedding)]?.count ?? 0
        let weights = Double(model.layout.parameterCount - table)
        let keyWidths = model.architecture.blocks.reduce(0) { $0 + $1.attention.keyWidth }
        let cached = positions * Double(2 * keyWidths * MemoryLayout<Float>.stride)
        let read = weights * precision.bitsPerWeight / 8 + cached
        let shares = rates.indices.map {
            rates[$0] * read / Report.mean(bandwidths[$0...($0 + 1)])
        }
        let share = Report.median(shares)
        let (promptRate, rate) = (Report.median(promptRates), Report.median(rates))
        if !json {
            print("\(shape.text), \(precision.rawValue), batch 1")
            print("  prompt of \(promptTokens): \(Report.column(promptRate)) tokens/s")
            print("  \(tokens) tokens generated: \(Report.column(rate)) tokens/s")
            print(
                "  weights, keys and values read at \(Report.column(100 * share, width: 1)) % of memory's "
                    + "\(Report.column(Report.median(bandwidths) / 1e9, width: 1)) GB/s")
        }
        Report.json(
            "generate",
            [
                ("shape", .string(shape.text)), ("precision", .string(precision.rawValue)),
                ("promptTokensPerSecond", .number(promptRate)),
                ("tokensPerSecond", .number(rate)), ("bytesPerSecond", .number(Report.median(bandwidths))),
                ("shareOfBandwidth", .number(share)),
            ])
    }
}
