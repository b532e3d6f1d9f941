// Which label a model gives to each row: decided over the full text of every label, its end included.

import Conversations
import Datasets
import Foundation
import Model
import Tokenizer

/// One row with a probability for each label.
package struct LabelledRow: Sendable {
    package var path: String
    package var line: Int
    /// Of the row's own label in the list; nil if it is not in the list.
    package var right: Int?
    /// softmax over the labels of Σ log p(token), the end-of-text token among them.
    package var probabilities: [Double]
}

/// Compares labels after prompts.
package struct LabelEvaluator {
    private let model: Transformer
    private let tokenizer: Tokenizer
    private let template: ChatTemplate
    /// The tokens of each label with what leads to it and ends it.
    private let labelTokens: [[Int32]]
    private let labels: [[UInt8]]
    /// Turns in front of each prompt, for a model that is shown examples.
    private let examples: [Message]

    /// - Parameter examples: turns in front of every prompt.
    package init(
        _ model: Transformer, tokenizer: Tokenizer, template: ChatTemplate, labels: [[UInt8]], examples: [Message] = []
    ) throws(TemplateError) {
        (self.model, self.tokenizer, self.template) = (model, tokenizer, template)
        (self.labels, self.examples) = (labels, examples)
        labelTokens = try labels.map { label throws(TemplateError) in try template.answer(label, tokenizer) }
    }

    /// Judges every document that has one answer; others are skipped.
    ///
    /// - Parameter progress: called after each row with the number of rows done.
    package func classify(
        _ documents: [Document], progress: (Int) -> Void = { _ in }
    ) throws(TemplateError) -> [LabelledRow] {
        var rows: [LabelledRow] = []
        for (index, document) in documents.enumerated() {
            guard let (prompt, answer) = AnswerLabels.split(document) else { continue }
            let scores = try scores(template.prompt(examples + prompt, tokenizer))
            let top = scores.max() ?? 0
            let powers = scores.map { exp($0 - top) }
            let sum = powers.reduce(0, +)
            rows.append(
                LabelledRow(
                    path: document.path, line: document.line, right: labels.firstIndex(of: answer),
                    probabilities: powers.map { $0 / sum }))
            progress(index + 1)
        }
        return rows
    }

    /// Σ log p of each label's tokens after a prompt. A prompt that leaves no room loses its beginning.
    private func scores(_ prompt: [Int32]) -> [Double] {
        let context = model.architecture.contextLength
        var result = [Double](repeating: 0, count: labelTokens.count)
        // As many sequences together as one training batch of this model would have at most.
        let together = max(1, 2048 / max(1, min(context, prompt.count + 8)))
        for first in stride(from: 0, to: labelTokens.count, by: together) {
            let part = first..<min(first + together, labelTokens.count)
            var batch = SequenceBatch()
            for (offset, label) in part.enumerated() {
                let tokens = labelTokens[label]
                let full = (prompt.isEmpty ? [Int32(tokenizer.startID ?? 0)] : prompt) + tokens
                let kept = Array(full.suffix(context + 1))
                let count = kept.count - 1
                let weights = (0..<count).map { Float($0 >= count - tokens.count ? 1 : 0) }
                batch.append(tokens: kept.dropLast(), targets: kept.dropFirst(), weights: weights, example: offset)
            }
            let losses = model.evaluate(batch).rows
            for (label, sequence) in zip(part, batch.sequences) {
                result[label] = -sequence.reduce(0) { $0 + losses[$1].loss * Double(batch.weights[$1]) }
            }
        }
        return result
    }
}
