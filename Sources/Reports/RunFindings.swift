// What a run's numbers mean, and what to do where they are not good.

import Foundation

/// One thing to know of a run.
package struct RunFinding: Sendable, Equatable {
    package enum Kind: String, Sendable { case good, warning, bad }

    package var kind: Kind
    package var title: String
    /// Why it is so, and what to do.
    package var advice: String
}

extension RunRecord {
    /// Differences of loss below this share are noise here.
    private static let noise = 0.01

    /// The most important one first.
    package var findings: [RunFinding] {
        ([skipped, baseIsBetter, rising, stillFalling, flat, gradients, noValidation].compactMap { $0 }
            .sorted { rank($0.kind) < rank($1.kind) }) + [learned].compactMap { $0 }
    }

    private func rank(_ kind: RunFinding.Kind) -> Int {
        switch kind {
        case .bad: 0
        case .warning: 1
        case .good: 2
        }
    }

    /// Before the first step: the base, or random weights.
    private var atStart: ValidationPoint? { validations.first { $0.step == 0 } }

    private var learned: RunFinding? {
        guard let start = atStart, let best = bestValidation, best.loss < start.loss * (1 - RunRecord.noise) else {
            return nil
        }
        if let pairs = best.pairsInOrder {
            return RunFinding(
                kind: .good, title: "\(Numbers.percent(pairs)) of the held-out pairs are in the right order",
                advice:
                    "In so many the wanted answer has gained more than the other since the start. Perplexity of the wanted "
                    + "answers: \(Numbers.text(start.perplexity)) before, \(Numbers.text(best.perplexity)) now.")
        }
        return RunFinding(
            kind: .good,
            title:
                "Validation perplexity fell from \(Numbers.text(start.perplexity)) to \(Numbers.text(best.perplexity))",
            advice:
                "On rows that it was not trained on, the model is as unsure as between \(Numbers.text(best.perplexity)) "
                + "equally likely tokens, where it was \(Numbers.text(start.perplexity)) before.")
    }

    private var baseIsBetter: RunFinding? {
        guard let start = atStart, let best = validations.filter({ $0.step > 0 }).min(by: { $0.loss < $1.loss }),
            best.loss > start.loss
        else { return nil }
        return RunFinding(
            kind: .bad, title: "Training made the model worse on the validation rows",
            advice: "The smallest validation loss of training, \(Numbers.text(best.loss)), is above that of the start, "
                + "\(Numbers.text(start.loss)). Try a learning rate a third as large, and see whether training and "
                + "validation rows have the same form: luthier inspect DATA --row 1.")
    }

    private var rising: RunFinding? {
        guard let best = bestValidation, let last = validations.last, last.step > best.step,
            last.loss > best.loss * (1 + 2 * RunRecord.noise), best.step > 0
        else { return nil }
        return RunFinding(
            kind: .warning, title: "The validation loss rose after step \(best.step)",
            advice:
                "From there on the model learned the training rows by heart. The checkpoint of step \(best.step) is "
                + "the one that is used. Fewer epochs, more rows, or a smaller learning rate would help more.")
    }

    private var stillFalling: RunFinding? {
        let trained = validations.filter { $0.step > 0 }
        guard trained.count >= 3, let last = trained.last, last.step == bestValidation?.step else { return nil }
        let before = trained[trained.count - 2]
        guard last.loss < before.loss * (1 - 3 * RunRecord.noise) else { return nil }
        return RunFinding(
            kind: .warning, title: "The validation loss was still falling at the end",
            advice: "It fell by \(Numbers.percent(1 - last.loss / before.loss)) between the last two evaluations. More "
                + "epochs would help: luthier train --run \(name) --resume --epochs N.")
    }

    private var flat: RunFinding? {
        let losses = training.compactMap(\.loss)
        guard losses.count >= 10 else { return nil }
        let part = max(1, losses.count / 5)
        let (start, end) = (median(Array(losses.prefix(part))) ?? 0, median(Array(losses.suffix(part))) ?? 0)
        guard end > start * (1 - RunRecord.noise) else { return nil }
        return RunFinding(
            kind: .bad, title: "The training loss did not fall",
            advice:
                "It was \(Numbers.text(start)) in the first fifth and \(Numbers.text(end)) in the last. Try another "
                + "learning rate (ten times as large, then a tenth), and check what is learned: luthier inspect DATA --row 1 "
                + "shows which tokens count.")
    }

    private var skipped: RunFinding? {
        guard let count = training.last?.skippedSteps, count > 0 else { return nil }
        return RunFinding(
            kind: count * 20 > max(1, lastStep) ? .bad : .warning, title: "\(count) steps were skipped",
            advice:
                "Their gradient was not a finite number, so that the weights were left as they were. A smaller learning "
                + "rate or more warm-up helps; the run's messages name the lines of the data.")
    }

    private var gradients: RunFinding? {
        let norms = training.map(\.gradientNorm).filter(\.isFinite)
        guard norms.count >= 10, let middle = median(norms), middle > 0, let largest = norms.max(),
            largest > 20 * middle
        else { return nil }
        let step = training.first { $0.gradientNorm == largest }?.step ?? 0
        return RunFinding(
            kind: .warning, title: "The gradient jumped at step \(step)",
            advice:
                "Its norm was \(Numbers.text(largest, digits: 3)), and \(Numbers.text(middle, digits: 3)) in most steps. "
                + "training.gradientClip bounds what one such step can do; rows of another kind are the usual reason.")
    }

    private var noValidation: RunFinding? {
        guard validations.isEmpty, !training.isEmpty else { return nil }
        return RunFinding(
            kind: .warning, title: "Nothing was held out",
            advice: "Without validation rows nobody can tell learning from learning by heart. Set data.validation, or "
                + "data.validationFraction to 0.1.")
    }
}
