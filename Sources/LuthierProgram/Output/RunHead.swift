// What a run is about to do, as lines: for its head and for `--dry-run`.

import Files
import Kernels
import Models
import Training

enum RunHead {
    static func lines(_ summary: RunSummary) -> [String] {
        var lines = ["run \(summary.run): \(summary.parameters) parameters, vocabulary \(summary.vocabularySize)"]
        if summary.trainedParameters < summary.parameters {
            let format = summary.memory.baseWeights
            lines.append(
                "  LoRA: \(summary.trainedParameters) parameters are trained, all others are frozen"
                    + (format == .f32 ? "" : " and held in \(format.rawValue)"))
        }
        lines += summary.data.map { "  \($0)" }
        lines.append(
            "  \(summary.totalSteps) steps, \(summary.stepsPerEpoch) per epoch of \(summary.tokensPerEpoch) tokens, about "
                + "\(summary.tokensPerEpoch / max(1, summary.stepsPerEpoch)) a step")
        lines.append("  memory: " + memory(summary))
        lines.append("  disk: " + disk(summary))
        let rounded = summary.precision == .bf16 ? ", products in bf16 by oneDNN \(RoundedWeight.libraryVersion)" : ""
        lines.append("  f32 on \(summary.threads) threads, OpenBLAS kernel \(summary.kernel)\(rounded)")
        return lines
    }

    /// `about 812 MiB: weights 513, gradients 19, moments 37, activations and logits 243`
    static func memory(_ summary: RunSummary) -> String {
        let parts = [("program and data", summary.heldBytes)] + summary.memory.parts
        return "about \(summary.estimatedBytes >> 20) MiB: "
            + parts.map { "\($0.0) \($0.1 >> 20)" }.joined(separator: ", ")
    }

    private static func disk(_ summary: RunSummary) -> String {
        let (each, all) = (summary.checkpointBytes, summary.checkpointBytes * summary.checkpointCount)
        // Runs may be on another disk; before the first one there is no such folder.
        let free =
            (FreeSpace.bytes(of: "checkpoints") ?? FreeSpace.bytes(of: ".")).map { "; \($0 >> 20) MiB are free" } ?? ""
        return "\(size(each)) for each checkpoint, at most \(summary.checkpointCount) at a time: \(size(all))\(free)"
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\((bytes + 1023) >> 10) KiB" : "\(bytes >> 20) MiB"
    }

    /// The keys whose value somebody or something chose, aligned; with `isComplete` all keys.
    static func settings(_ settings: [RunSetting], isComplete: Bool = false) -> [String] {
        let shown = settings.filter {
            isComplete || !($0.isPlainDefault && $0.origin == "default") && $0.origin != "base"
        }
        let keyWidth = shown.map(\.key.count).max() ?? 0
        let texts = shown.map { $0.value.count > 40 ? $0.value.prefix(39) + "…" : $0.value }
        let width = texts.map(\.count).max() ?? 0
        return zip(shown, texts).map { setting, text in
            "  " + padded(setting.key, keyWidth) + "  " + padded(text, width) + "  " + setting.origin
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// `about 12m 30s (11m 50s to 13m 10s by the spread of 12 steps), 2m 5s an epoch, 1503 tokens per second`
    static func time(_ time: TimeEstimate) -> String {
        let duration = ProgressPrinter.duration
        let range = time.spread.map { spread in
            " (\(duration(time.seconds * max(0, 1 - spread))) to \(duration(time.seconds * (1 + spread))) by the spread of "
                + "\(time.steps) steps)"
        }
        return "about \(duration(time.seconds))\(range ?? ""), \(duration(time.secondsPerEpoch)) an epoch, "
            + "\(Int(time.tokensPerSecond)) tokens per second"
    }
}
