// Looks after a run: what goes wrong is said once, with the reason and what to do. It stops nothing.

/// Each function takes what was measured and returns what to say about it. What it has said is not repeated while it
/// lasts.
package struct Watchdog: Sendable {
    /// What is wrong, why, and what to do.
    package struct Warning: Sendable, Equatable {
        /// What it is about, as `warnings.jsonl` names it.
        package enum Kind: String, Sendable, CaseIterable {
            case aboveStart = "validation loss above the base's"
            case rising = "validation loss rising"
            case memory = "memory running short"
            case disk = "disk running full"
            case lossSpike = "loss spike"
        }

        package let kind: Kind
        package let text: String

        package init(_ kind: Kind, _ text: String) { (self.kind, self.text) = (kind, text) }
    }

    /// Less memory than this may be gone at the next step.
    package static let leastMemory = 256 << 20
    /// Of the disk, this much is left in addition to the next two checkpoints.
    package static let leastDisk = 64 << 20

    /// Validation losses in order, from step 0 on where it was measured.
    private var losses: [(step: Int, loss: Double)] = []
    private var memoryIsShort = false
    private var diskIsShort = false

    /// Whether the config ends the run where the loss does not improve.
    private let hasPatience: Bool

    /// - Parameters:
    ///   - earlier: the evaluations before, of a run that is resumed.
    ///   - hasPatience: whether the config sets `training.earlyStoppingPatience`.
    package init(earlier: [(step: Int, loss: Double)] = [], hasPatience: Bool = false) {
        (losses, self.hasPatience) = (earlier, hasPatience)
    }

    /// After an evaluation of the validation split: `loss` in nats per token.
    package mutating func evaluated(step: Int, loss: Double) -> [Warning] {
        losses.removeAll { $0.step >= step }
        losses.append((step, loss))
        return [aboveStart.map { .init(.aboveStart, $0) }, rising.map { .init(.rising, $0) }].compactMap { $0 }
    }

    private var aboveStart: String? {
        guard let start = losses.first, start.step == 0, let last = losses.last, last.step > 0, last.loss > start.loss,
            losses[losses.count - 2].step == 0 || losses[losses.count - 2].loss <= start.loss
        else { return nil }
        return "the validation loss is above that before the first step: \(Self.text(last.loss)), and "
            + "\(Self.text(start.loss)) then; training makes the model worse on rows that it does not see. Try a third of "
            + "training.learningRate, and see whether training and validation rows have the same form: "
            + "luthier inspect DATA --row 1"
    }

    private var rising: String? {
        let count = losses.count
        func rises(_ index: Int) -> Bool { index > 0 && losses[index].loss > losses[index - 1].loss }
        guard rises(count - 1), rises(count - 2), !rises(count - 3),
            let best = losses.min(by: { $0.loss < $1.loss })
        else { return nil }
        return "the validation loss has risen twice running: "
            + losses.suffix(3).map { Self.text($0.loss) }.joined(separator: ", ")
            + "; from here on the model may learn the training rows by heart. Step \(best.step) is the best so far and "
            + "is kept. "
            + (hasPatience
                ? "training.earlyStoppingPatience ends the run if it continues to rise"
                : "Ctrl-C ends the run with all it has; training.earlyStoppingPatience ends a run by itself")
    }

    /// Before a checkpoint is written, and from time to time.
    ///
    /// - Parameters:
    ///   - memory: bytes that the system could still give; nil where it does not say.
    ///   - disk: bytes free where the run's folder is; nil where it does not say.
    ///   - checkpointBytes: what a checkpoint needs.
    package mutating func measured(memory: Int?, disk: Int?, checkpointBytes: Int) -> [Warning] {
        var warnings: [Warning] = []
        let isMemoryShort = memory.map { $0 < Self.leastMemory } ?? false
        if isMemoryShort, !memoryIsShort, let memory {
            let text =
                "memory is running short: \(memory >> 20) MiB are left. Close other programs, or stop with Ctrl-C "
                + "and continue later with --resume; a new run needs less with a smaller training.batchSize or with "
                + "training.recomputeActivations"
            warnings.append(.init(.memory, text))
        }
        let isDiskShort = disk.map { $0 < 2 * checkpointBytes + Self.leastDisk } ?? false
        if isDiskShort, !diskIsShort, let disk {
            let text =
                "the disk is running full: \(disk >> 20) MiB are left, and a checkpoint needs "
                + "\(checkpointBytes >> 20) MiB. Free some space; a smaller training.keepLast keeps fewer checkpoints"
            warnings.append(.init(.disk, text))
        }
        (memoryIsShort, diskIsShort) = (isMemoryShort, isDiskShort)
        return warnings
    }

    /// Four decimal places.
    private static func text(_ loss: Double) -> String {
        guard abs(loss) < 1e9 else { return "\(loss)" }
        let rounded = Int((loss * 10_000).rounded())
        let part = String(abs(rounded) % 10_000)
        return (rounded < 0 ? "-" : "") + "\(abs(rounded) / 10_000)."
            + String(repeating: "0", count: 4 - part.count) + part
    }
}
