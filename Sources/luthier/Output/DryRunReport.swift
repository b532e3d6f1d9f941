// The report of `train --dry-run`.

import StrictJSON
import Training

enum DryRunReport {
    static func show(_ estimate: DryRun, json: Bool) {
        Console.message(
            "\(estimate.summary.parameters) parameters, \(estimate.summary.totalSteps) steps, "
                + "\(estimate.summary.stepsPerEpoch) per epoch")
        for line in estimate.summary.data { Console.message("  \(line)") }
        Console.message(
            "measured over \(estimate.measuredSteps) steps: \(Int(estimate.tokensPerSecond)) tokens per second; "
                + "the run would take about \(ProgressPrinter.duration(estimate.expectedSeconds)) "
                + "and \(estimate.peakMemoryBytes >> 20) MiB of memory, "
                + "and each checkpoint \(estimate.checkpointBytes >> 20) MiB on disk")
        Console.message("nothing was written")
        guard json else { return }
        Console.json([
            ("parameters", .integer(estimate.summary.parameters)), ("steps", .integer(estimate.summary.totalSteps)),
            ("tokensPerSecond", .number(estimate.tokensPerSecond)), ("seconds", .number(estimate.expectedSeconds)),
            ("peakMemoryBytes", .integer(estimate.peakMemoryBytes)),
            ("checkpointBytes", .integer(estimate.checkpointBytes)),
        ])
    }
}
