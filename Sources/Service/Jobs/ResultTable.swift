// The table of a job's results as CSV, in the columns of each generation of the API.

import Foundation

enum ResultTable {
    /// `step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy`, a line for each step.
    static func table(_ steps: [StepMetrics]) -> String {
        lines(
            ["step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy"],
            steps.map { step in
                [
                    "\(step.step)", number(step.trainLoss), number(step.trainTokenAccuracy), number(step.validLoss),
                    number(step.validTokenAccuracy),
                ]
            })
    }

    /// The columns of the older API: those of validation and of a classifier only where there are such numbers.
    static func legacyTable(_ steps: [StepMetrics], classColumns: [String]) -> String {
        let hasValidation = steps.contains { $0.validLoss != nil || $0.fullValidLoss != nil }
        var header = [
            "step", "elapsed_tokens", "elapsed_examples", "training_loss", "training_sequence_accuracy",
            "training_token_accuracy",
        ]
        if hasValidation {
            header += ["validation_loss", "validation_sequence_accuracy", "validation_token_accuracy"]
        }
        var (tokens, examples) = (0, 0)
        let rows = steps.map { step in
            tokens += step.tokens
            examples += step.examples
            var row = [
                "\(step.step)", "\(tokens)", "\(examples)", number(step.trainLoss),
                number(step.trainSequenceAccuracy), number(step.trainTokenAccuracy),
            ]
            if hasValidation {
                row += [
                    number(step.fullValidLoss ?? step.validLoss), number(step.fullValidSequenceAccuracy),
                    number(step.fullValidTokenAccuracy ?? step.validTokenAccuracy),
                ]
            }
            return row + classColumns.map { number(step.classes[$0]) }
        }
        return lines(header + classColumns, rows)
    }

    /// The columns of a classifier, in OpenAI's order.
    static func classColumns(_ classes: JobOrder.Classes?) -> [String] {
        guard let classes else { return [] }
        guard classes.positive != nil else {
            return ["classification/accuracy", "classification/weighted_f1_score"]
        }
        return ["accuracy", "precision", "recall", "auroc", "auprc"].map { "classification/" + $0 }
            + classes.betas.map { "classification/f\($0)" }
    }

    private static func lines(_ header: [String], _ rows: [[String]]) -> String {
        ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
    }

    /// Five digits after the point, without zeros at the end; nothing for a number that is not there.
    private static func number(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "" }
        var text = String(format: "%.5f", value)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text += "0" }
        return text
    }
}
