// Whole training steps through the public Trainer: gradients, clipping, AdamW and the loss, each step.

import Arguments
import Datasets
import Kernels
import Model
import StrictJSON
import Tokenizer
import Training

/// A model's shape on the command line: `gpt2`, `small`, or BLOCKSxWIDTHxHEADSxVOCABULARY.
struct ShapeArgument: ExpressibleByArgument, Sendable {
    let text: String
    let blocks: Int, width: Int, heads: Int, vocabulary: Int

    static let valueKind = "gpt2, small, or BLOCKSxWIDTHxHEADSxVOCABULARY"
    static let gpt2 = ShapeArgument(text: "gpt2", blocks: 12, width: 768, heads: 12, vocabulary: 50257)
    static let small = ShapeArgument(text: "small", blocks: 4, width: 256, heads: 4, vocabulary: 8192)
    var defaultValueDescription: String { text }

    init(text: String, blocks: Int, width: Int, heads: Int, vocabulary: Int) {
        (self.text, self.blocks, self.width) = (text, blocks, width)
        (self.heads, self.vocabulary) = (heads, vocabulary)
    }

    init?(argument: String) {
        if let named = [Self.gpt2, Self.small].first(where: { $0.text == argument }) {
            self = named
            return
        }
        let sizes = argument.split(separator: "x").compactMap { Int($0) }
        guard sizes.count == 4, sizes.allSatisfy({ $0 > 0 && $0 < ModelConfig.largestSize }), sizes[1] % sizes[2] == 0
        else { return nil }
        self.init(text: argument, blocks: sizes[0], width: sizes[1], heads: sizes[2], vocabulary: sizes[3])
    }

    func config(context: Int) -> ModelConfig {
        ModelConfig(
            vocabularySize: vocabulary, contextLength: context, blockCount: blocks, headCount: heads,
            modelWidth: width)
    }
}

extension Precision: ExpressibleByArgument {}

struct TrainBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Training steps on random tokens: tokens per second and peak memory.")
    @OptionGroup var machine: MachineOptions
    @Option(help: "The model.") var shape: ShapeArgument = .gpt2
    @Option(help: "B, sequences in a step.") var batch: Int = 4
    @Option(help: "T, tokens in a sequence.") var context: Int = 256
    @Option(help: "f32 or bf16.") var precision: Precision = .f32
    @Option(help: "Steps that are timed, after two that are not.") var steps: Int = 8
    @Flag(help: "Only the line of JSON.") var json = false

    mutating func validate() throws(ValidationError) {
        if batch < 1 || context < 1 || steps < 1 {
            throw ValidationError("--batch, --context and --steps must be at least 1")
        }
    }

    mutating func run() throws {
        try machine.prepare()
        let model = Transformer(shape.config(context: context))
        model.layout.initialize(model.weights, seed: 1)
        let trainer = makeTrainer(model)
        var seconds: [Double] = []
        var loss = 0.0
        var before = PartClock.seconds
        for index in 0..<(steps + 2) {
            if index == 2 { before = PartClock.seconds }
            let report = try trainer.step()
            loss = report.loss
            if index >= 2 { seconds.append(report.seconds) }
        }
        let after = PartClock.seconds
        let parts = StepPart.allCases.map { ($0, ((after[$0] ?? 0) - (before[$0] ?? 0)) / Double(steps)) }
        let median = Report.median(seconds)
        let rate = Double(batch * context) / median
        // 6 N + 6 L C T multiply and add operations a token, N without the position table (llm.c's count).
        let N = model.layout.parameterCount - context * model.config.modelWidth
        let perToken = 6.0 * Double(N) + 6.0 * Double(model.config.blockCount * model.config.modelWidth * context)
        let peak = MachinePeak.flopsPerSecond()
        let mfu = rate * perToken / peak
        if !json {
            print(
                "\(shape.text), \(model.layout.parameterCount) parameters, B \(batch) × T \(context), full, "
                    + precision.rawValue)
            print("  \(Report.column(rate)) tokens/s, \(Report.column(median * 1000)) ms a step, loss \(loss)")
            print("  MFU \(Report.column(100 * mfu)) % of \(Report.column(peak / 1e9)) GFLOP/s")
            print("  peak memory \(Memory.peakBytes >> 20) MiB")
            let bounds = StepBounds(
                config: model.config, parameterCount: model.layout.parameterCount, rows: batch * context,
                context: context, peak: peak, bandwidth: MachinePeak.bytesPerSecond(), precision: precision)
            show(parts, of: seconds.reduce(0, +) / Double(steps), bounds)
        }
        Report.json(
            "train",
            [
                ("shape", .string(shape.text)), ("batch", .integer(batch)), ("context", .integer(context)),
                ("precision", .string(precision.rawValue)), ("method", "full"), ("tokensPerSecond", .number(rate)), ("mfu", .number(mfu)),
                ("secondsPerStep", .number(median)), ("peakMemoryBytes", .integer(Memory.peakBytes)),
                ("secondsByPart", .object(parts.map { (key: "\($0.0)", value: .number($0.1)) })),
            ])
    }

    /// Each part's time in a step, its share, and its distance from its bound.
    private func show(_ parts: [(StepPart, Double)], of step: Double, _ bounds: StepBounds) {
        print("  part                    ms   share   bound, ms   times the bound")
        func line(_ name: String, _ seconds: Double, _ bound: Double?) {
            let columns = [1000 * seconds, 100 * seconds / step].map { Report.column($0, width: 8) }.joined()
            let limits = bound.map {
                Report.column(1000 * $0, width: 10) + Report.column(seconds / $0, width: 10)
            }
            print("  " + name.padding(toLength: 16, withPad: " ", startingAt: 0) + columns + " %" + (limits ?? ""))
        }
        for (part, seconds) in parts where seconds > 0 { line("\(part)", seconds, bounds[part]) }
        line("everything else", step - parts.reduce(0) { $0 + $1.1 }, nil)
    }

    /// A trainer whose data are random tokens, enough for every step.
    private func makeTrainer(_ model: Transformer) -> Trainer {
        var generator = SplitMix64(seed: 2)
        let count = (steps + 2) * batch * context + 1
        let tokens = (0..<count).map { _ in Int32(generator.below(shape.vocabulary)) }
        let text = TokenizedText(tokens: tokens, path: "random")
        let data = TrainingSet(text, contextLength: context, shuffles: false, seed: 1)
        var config = RunConfig()
        config.adopt(model.config)
        config.training.batchSize = batch
        config.training.precision = precision.rawValue
        config.resolve(totalSteps: steps + 2)
        var state = TrainingState()
        state.totalSteps = steps + 2
        return Trainer(model: model, data: data, tokenizer: .bytes, config: config, state: state)
    }
}
