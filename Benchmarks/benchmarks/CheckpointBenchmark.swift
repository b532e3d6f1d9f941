// The cost of saving during training.

import Arguments
import Foundation
import Kernels
import Model
import Models
import StrictJSON
import Tokenizer
import Training

struct CheckpointBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Measure the cost of a save: training steps with and without writing a checkpoint.")
    @OptionGroup var machine: MachineOptions
    @Option(help: "The model.") var shape: ShapeArgument = .gpt2
    @Option(help: "Precision of matrix multiplications.") var precision: PrecisionArgument = .f32
    @Option(help: "Pairs of four steps, one of them starting with a save.") var pairs: Int = 5
    @Option(help: "Folder of the checkpoint.") var folder: String = NSTemporaryDirectory()
    @Flag(help: "Print only the JSON line.") var json = false

    /// Steps of each half of a pair: a save ends within them.
    private static let half = 4

    mutating func validate() throws(ValidationError) {
        if pairs < 1 { throw ValidationError("--pairs must be at least 1") }
    }

    mutating func run() throws {
        try machine.prepare()
        let steps = 2 + 2 * Self.half * pairs
        let work = try TrainingWork(shape: shape, batch: 4, context: 256, precision: precision, steps: steps)
        let (trainer, precision) = (work.trainer, work.precision)
        let path = folder + "/benchmark-\(ProcessInfo.processInfo.processIdentifier).h5"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let saver = CheckpointSaver()
        trainer.beforeUpdate = { saver.waitForCopy() }
        let saved = SavedModel(model: trainer.model, tokenizer: .bytes, config: RunConfig())
        for _ in 0..<2 { _ = try trainer.step() }
        var (costs, held, written, plain) = ([Double](), [Double](), [Double](), [Double]())
        for _ in 0..<pairs {
            let without = try seconds(trainer)
            let start = monotonicSeconds()
            let content = try saved.content(
                moments: (trainer.optimizer.firstMoment, trainer.optimizer.secondMoment), state: trainer.state)
            try saver.begin(step: trainer.state.step, path: path, content: content) {}
            var longest = 0.0
            for _ in 0..<Self.half { longest = max(longest, try trainer.step().secondsHeld) }
            let with = monotonicSeconds() - start
            try saver.waitForEnd()
            written.append(try saver.takeSaved()?.seconds ?? 0)
            costs.append(with - without)
            held.append(longest)
            plain.append(without / Double(Self.half))
        }
        let (cost, step) = (Report.median(costs), Report.median(plain))
        let share = cost / (50 * step)
        if !json {
            print("\(shape.text), \(precision.rawValue), B 4 × T 256, \(Report.column(1000 * step)) ms per step")
            print("  a save takes \(Report.column(Report.median(written), width: 1)) s during training")
            print(
                "  and costs it \(Report.column(1000 * cost, width: 1)) ms: \(Report.column(100 * share, width: 1)) % every 50 steps"
            )
            print("  longest wait of an update \(Report.column(1000 * (held.max() ?? 0), width: 1)) ms")
            print("  peak memory \(Memory.peakBytes >> 20) MiB")
        }
        Report.json(
            "checkpoint",
            [
                ("shape", .string(shape.text)), ("precision", .string(precision.rawValue)),
                ("secondsPerStep", .number(step)), ("secondsWriting", .number(Report.median(written))),
                ("secondsLost", .number(cost)), ("shareOfFiftySteps", .number(share)),
                ("longestHoldSeconds", .number(held.max() ?? 0)), ("peakMemoryBytes", .integer(Memory.peakBytes)),
            ])
    }

    private func seconds(_ trainer: Trainer) throws -> Double {
        let start = monotonicSeconds()
        for _ in 0..<Self.half { _ = try trainer.step() }
        return monotonicSeconds() - start
    }
}
