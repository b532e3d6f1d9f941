// What to expect of a run, and how it ended, as text and as JSON: for `train` and `tune`.

import StrictJSON
import Training

enum RunReport {
    /// What `--dry-run` says.
    ///
    /// - Parameter settings: whether every key is shown.
    static func show(_ estimate: DryRun, settings: Bool = true) {
        if settings {
            Console.message("settings, and where each comes from:")
            for line in RunHead.settings(estimate.summary.settings, isComplete: true) { Console.message(line) }
        }
        for line in RunHead.lines(estimate.summary) { Console.message(line) }
        if let time = estimate.time { Console.message("the run would take \(RunHead.time(time))") }
        Console.message("measured: a peak of \(estimate.peakMemoryBytes >> 20) MiB of memory")
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
            ("secondsPerEpoch", estimate.time.map { .number($0.secondsPerEpoch) } ?? .null),
            ("spread", estimate.time?.spread.map { .number($0) } ?? .null),
            ("measuredSteps", .integer(estimate.time?.steps ?? 0)),
            ("tokensPerEpoch", .integer(estimate.summary.tokensPerEpoch)),
            ("memory", .object(memory(estimate.summary))),
            ("settings", .object(estimate.summary.settings.map { ($0.key, setting($0)) })),
        ]
    }

    private static func memory(_ summary: RunSummary) -> [(key: String, value: JSONOutput)] {
        ([("program and data", summary.heldBytes)] + summary.memory.parts).map { ($0.0, .integer($0.1)) }
    }

    private static func setting(_ setting: RunSetting) -> JSONOutput {
        let value = (try? JSONText.parse(setting.value)).map { JSONOutput($0) } ?? .null
        return ["value": value, "origin": .string(setting.origin)]
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
            ("trainLoss", number(result.trainLoss)), ("validationLoss", number(result.validation?.learnedLoss)),
            ("validationPerplexity", number(result.validation?.perplexity)),
            ("bestCheckpoint", text(result.bestCheckpoint)), ("lastCheckpoint", text(result.lastCheckpoint)),
            ("tokensPerSecond", .number(result.tokensPerSecond)),
            ("peakMemoryBytes", .integer(result.peakMemoryBytes)), ("seconds", .number(result.seconds)),
            ("stopped", .string(result.stopped.rawValue)),
        ]
    }
}
