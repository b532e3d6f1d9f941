// What to expect of a run, and how it ended, as text and as JSON: for `train` and `tune`.

import StrictJSON
import Training

enum RunReport {
    /// What `--dry-run` says.
    static func show(_ estimate: DryRun) {
        Console.message(
            "\(estimate.summary.parameters) parameters, \(estimate.summary.totalSteps) steps, "
                + "\(estimate.summary.stepsPerEpoch) an epoch")
        for line in estimate.summary.data { Console.message("  \(line)") }
        Console.message(
            "measured over \(estimate.measuredSteps) steps: \(Int(estimate.tokensPerSecond)) tokens per second; "
                + "the run would take about \(ProgressPrinter.duration(estimate.expectedSeconds)) "
                + "and \(estimate.peakMemoryBytes >> 20) MiB of memory, "
                + "and each checkpoint \(estimate.checkpointBytes >> 20) MiB on the disk")
        let (memory, saved) = (estimate.summary.memory, estimate.summary.memory.bytesSavedByRecomputing >> 20)
        Console.message(
            memory.recomputesActivations
                ? "computing activations again saves \(saved) MiB"
                : "training.recomputeActivations would save \(saved) MiB")
    }

    static func members(_ estimate: DryRun) -> [(key: String, value: JSONOutput)] {
        [
            ("parameters", .integer(estimate.summary.parameters)), ("steps", .integer(estimate.summary.totalSteps)),
            ("tokensPerSecond", .number(estimate.tokensPerSecond)), ("seconds", .number(estimate.expectedSeconds)),
            ("peakMemoryBytes", .integer(estimate.peakMemoryBytes)),
            ("checkpointBytes", .integer(estimate.checkpointBytes)),
            ("estimatedMemoryBytes", .integer(estimate.summary.estimatedBytes)),
            ("recomputingSavesBytes", .integer(estimate.summary.memory.bytesSavedByRecomputing)),
        ]
    }

    /// How a run ended.
    static func show(_ result: RunResult) {
        let words: [StopReason: String] = [
            .finished: "finished", .earlyStopping: "stopped early: validation loss did not improve",
            .interrupt: "interrupted; use --resume to continue", .terminate: "terminated; use --resume to continue",
            .hangUp: "the terminal was closed; use --resume to continue",
        ]
        Console.message(
            "\(words[result.stopped] ?? "") after step \(result.steps), "
                + "\(ProgressPrinter.duration(result.seconds)), \(Int(result.tokensPerSecond)) tokens per second, "
                + "peak memory \(result.peakMemoryBytes >> 20) MiB")
        if let best = result.bestCheckpoint { Console.message("best checkpoint: \(best)") }
    }

    static func members(_ result: RunResult) -> [(key: String, value: JSONOutput)] {
        func text(_ value: String?) -> JSONOutput { value.map { .string($0) } ?? .null }
        func number(_ value: Double?) -> JSONOutput { value.map { .number($0) } ?? .null }
        return [
            ("run", .string(result.run)), ("steps", .integer(result.steps)), ("epochs", .number(result.epochs)),
            ("trainLoss", number(result.trainLoss)), ("validationLoss", number(result.validation?.loss)),
            ("validationPerplexity", number(result.validation?.perplexity)),
            ("bestCheckpoint", text(result.bestCheckpoint)), ("lastCheckpoint", text(result.lastCheckpoint)),
            ("tokensPerSecond", .number(result.tokensPerSecond)),
            ("peakMemoryBytes", .integer(result.peakMemoryBytes)), ("seconds", .number(result.seconds)),
            ("stopped", .string(result.stopped.rawValue)),
        ]
    }
}
