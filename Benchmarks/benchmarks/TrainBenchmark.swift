// Complete training steps with the public Trainer: gradients, clipping, AdamW and the loss in each step.

import Arguments
import Communication
import Foundation
import Kernels
import Model
import Models
import StrictJSON
import Training

/// The training method.
enum Method: String, ExpressibleByArgument, CaseIterable {
    case full, lora
}

struct TrainBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Measure training steps on random tokens: tokens per second, peak memory, and the time of each part.")
    @OptionGroup var machine: MachineOptions
    @Option(help: "The model.") var shape: ShapeArgument = .gpt2
    @Option(help: "B, sequences per step.") var batch: Int = 4
    @Option(help: "T, tokens per sequence.") var context: Int = 256
    @Option(help: "Precision of matrix multiplications; auto measures which is faster.")
    var precision: PrecisionArgument = .f32
    @Option(help: "Train all weights, or LoRA on all linear layers.") var method: Method = .full
    @Option(help: "LoRA rank.") var rank: Int = 8
    @Option(help: "Timed steps, after two untimed steps.") var steps: Int = 8
    @Option(
        help: ArgumentHelp("Train the model in this Hugging Face folder instead of random weights.", valueName: "path"))
    var model: String?
    @Option(
        help: ArgumentHelp(
            "Train on the rows of this file instead of random tokens; one {\"tokens\", \"weights\"} per line.",
            valueName: "file"))
    var rows: String?
    @Option(
        help: ArgumentHelp(
            "Write a checkpoint to this folder during the timed steps, then remove it.", valueName: "folder"))
    var save: String?
    @Option(help: "Micro-batches of --batch sequences per step.") var accumulation: Int = 1
    @Flag(help: "Under mpirun: divide the optimizer's state over the ranks.") var shard = false
    @Flag(help: "Print only the JSON line.") var json = false

    mutating func validate() throws(ValidationError) {
        if accumulation < 1 || batch < 1 || context < 1 || steps < 1 || rank < 1 {
            throw ValidationError("--batch, --accumulation, --context, --rank and --steps must be at least 1")
        }
    }

    mutating func run() throws {
        try machine.prepare()
        let environment = ProcessInfo.processInfo.environment
        let ranks = try Launch(environment: environment).map { launch in
            try RankGroup.join(
                launch, processorCount: ParallelFor.availableProcessors, path: environment["LUTHIER_MPI"]
            ) { member, _ in print("lost: \(member?.description ?? "a rank")") }
        }
        defer { ranks?.leave() }
        let work = try TrainingWork(
            shape: shape, batch: batch, accumulation: accumulation, context: context, precision: precision,
            steps: steps + 2, model: model, rows: rows, ranks: ranks, shards: shard,
            adapter: method == .lora ? AdapterConfig(rank: rank, alpha: Double(2 * rank), targets: ["all"]) : nil)
        let trainer = work.trainer
        var reports: [StepReport] = []
        var before = PartClock.seconds
        let saver = CheckpointSaver()
        let path = (save ?? "") + "/benchmark-\(ProcessInfo.processInfo.processIdentifier).h5"
        defer { if save != nil { try? FileManager.default.removeItem(atPath: path) } }
        trainer.beforeUpdate = { saver.waitForCopy() }
        for index in 0..<(steps + 2) {
            if index == 2 {
                before = PartClock.seconds
                if save != nil {
                    let saved = SavedModel(model: trainer.model, tokenizer: .bytes, config: RunConfig())
                    let content = try saved.content(
                        moments: (trainer.optimizer.firstMoment, trainer.optimizer.secondMoment), state: trainer.state)
                    try saver.begin(step: trainer.state.step, path: path, content: content) {}
                }
            }
            reports.append(try trainer.step())
        }
        try saver.waitForEnd()
        let after = PartClock.seconds
        let parts = StepPart.allCases.map { ($0, ((after[$0] ?? 0) - (before[$0] ?? 0)) / Double(steps)) }
        if ranks?.rank ?? 0 == 0 { show(reports, parts, trainer.model, work.precision) }
    }

    private func show(
        _ reports: [StepReport], _ parts: [(StepPart, Double)], _ model: Transformer, _ precision: Precision
    ) {
        let timed = reports.dropFirst(2)
        let median = Report.median(timed.map(\.seconds))
        let rate = Report.median(timed.map { Double($0.tokens) / $0.seconds })
        let tokens = timed.reduce(0) { $0 + $1.tokens } / timed.count
        let peak = MachinePeak.flopsPerSecond()
        let mfu =
            rate
            * model.architecture.trainingFlopsPerToken(
                sequenceLength: context, isFrozen: method == .lora) / peak
        let count = model.layout.parameterCount
        if !json {
            print(
                "\(shape.text), \(count) parameters, B \(batch) × T \(context), \(method.rawValue), \(precision.rawValue)"
            )
            print("  \(Report.column(rate)) tokens/s, \(Report.column(median * 1000)) ms per step of \(tokens) tokens")
            print("  MFU \(Report.column(100 * mfu)) % of \(Report.column(peak / 1e9)) GFLOP/s, the peak in f32")
            print("  peak memory \(Memory.peakBytes >> 20) MiB")
            let bounds = StepBounds(
                architecture: model.architecture, parameterCount: count, rows: tokens, context: context, peak: peak,
                bandwidth: MachinePeak.bytesPerSecond(), precision: precision,
                isFrozen: method == .lora, trainedCount: model.trained.layout.parameterCount)
            show(parts, of: timed.reduce(0) { $0 + $1.seconds } / Double(steps), bounds)
        }
        Report.json(
            "train",
            [
                ("shape", .string(shape.text)), ("batch", .integer(batch)), ("accumulation", .integer(accumulation)),
                ("context", .integer(context)),
                ("precision", .string(precision.rawValue)), ("method", .string(method.rawValue)),
                ("tokensPerSecond", .number(rate)),
                (
                    "examplesPerSecond",
                    .number(Double(batch * accumulation * steps) / timed.reduce(0) { $0 + $1.seconds })
                ),
                ("mfu", .number(mfu)), ("secondsPerStep", .number(median)),
                ("peakMemoryBytes", .integer(Memory.peakBytes)),
                ("losses", .array(reports.map { .number($0.loss) })),
                ("hiddenShares", .array(timed.compactMap { $0.ranks.map { .number($0.hiddenShare) } })),
                ("secondsTransferred", .array(timed.compactMap { $0.ranks.map { .number($0.transferred) } })),
                ("secondsWaited", .array(timed.compactMap { $0.ranks.map { .number($0.waited[0]) } })),
                ("secondsByPart", .object(parts.map { (key: "\($0.0)", value: .number($0.1)) })),
            ])
    }

    /// Each part's time in a step, its share, and its ratio to the bound.
    private func show(_ parts: [(StepPart, Double)], of step: Double, _ bounds: StepBounds) {
        print("  part                    ms   share   bound, ms   times the bound")
        func line(_ name: String, _ seconds: Double, _ bound: Double?) {
            let columns = [1000 * seconds, 100 * seconds / step].map { Report.column($0, width: 8) }.joined()
            let limits = bound.map {
                Report.column(1000 * $0, width: 10) + Report.column(seconds / $0, width: 10)
            }
            print("  " + name.padding(toLength: 16, withPad: " ", startingAt: 0) + columns + " %" + (limits ?? ""))
        }
        for (part, seconds) in parts where seconds > 1e-6 || (part == .saving && save != nil) {
            line("\(part)", seconds, bounds[part])
        }
        line("everything else", step - parts.reduce(0) { $0 + $1.1 }, nil)
    }
}
