// Two models on the same rows: how well each predicts the answers, also after examples in the prompt.

import Conversations
import Datasets
import Foundation
import Models
import Tokenizer

/// Measures a model row by row, so that two can be compared in pairs.
package struct ModelComparison {
    /// The texts around the turns, the same for both models.
    package let template: ChatTemplate
    /// The labels of a classification, where it is one.
    package let labels: [[UInt8]]?
    package let batchSize: Int

    package init(template: ChatTemplate, labels: [[UInt8]]?, batchSize: Int = 8) {
        self.template = template
        self.labels = labels
        self.batchSize = batchSize
    }

    /// One model's results for each row; nil for rows that do not fit its context.
    package struct Rows: Sendable {
        /// Bits, its end included, over bytes of the row's answers or text.
        package var bits: [PairedBootstrap.Item?]
        /// 1 for the right label, over 1; empty without labels.
        package var labels: [PairedBootstrap.Item?]

        package init(bits: [PairedBootstrap.Item?], labels: [PairedBootstrap.Item?]) {
            self.bits = bits
            self.labels = labels
        }
    }

    /// Measures `documents`, each with the same examples in front.
    package func measure(_ saved: SavedModel, _ documents: [Document], examples: [Document] = []) throws -> Rows {
        var rows = Rows(bits: [], labels: [])
        let shown = ModelComparison.messages(examples, weight: 0)
        var options = EncodingOptions()
        options.template = template
        options.dropsRowsWithoutLoss = true
        let context = saved.model.architecture.contextLength
        let evaluator = Evaluator(window: context, stride: context, batchSize: batchSize)
        let judge = try labels.map { labels throws(TemplateError) in
            try LabelEvaluator(
                saved.model, tokenizer: saved.tokenizer, template: template, labels: labels, examples: shown)
        }
        for start in stride(from: 0, to: documents.count, by: 64) {
            let part = documents[start..<min(start + 64, documents.count)].enumerated().map { index, document in
                // The place in this list stands for the path, so that results can be distinguished. Lines are those of
                // the document: a plain text has many.
                Document(path: "\(index)", line: 0, content: ModelComparison.content(document, after: shown))
            }
            let text = try TokenizedText(part, tokenizer: saved.tokenizer, options)
            let tooLong = Set(text.sources.filter { $0.hasAnswers && $0.tokens.count > context + 1 }.map(\.path))
            var items = [PairedBootstrap.Item?](repeating: nil, count: part.count)
            let result = try evaluator.evaluate(
                saved.model, text, tokenizer: saved.tokenizer, split: "data", keepsLines: true)
            try result?.requireFinite("the rows")
            for line in result?.lines ?? [] where !tooLong.contains(line.path) && line.bytes > 0 {
                guard let index = Int(line.path) else { continue }
                items[index] = .init(
                    amount: (items[index]?.amount ?? 0) + line.summedLoss / log(2),
                    size: (items[index]?.size ?? 0) + Double(line.bytes))
            }
            rows.bits += items
            if let judge {
                for (document, item) in zip(documents[start...], items) {
                    let judged = try item == nil ? nil : judge.classify([document]).first
                    rows.labels.append(judged.map { .init(amount: $0.isRight ? 1 : 0, size: 1) })
                }
            }
        }
        return rows
    }

    /// Measures a plain text, each line an item.
    ///
    /// - Returns: bits and bytes of each line, and the perplexity of all tokens.
    package func measure(
        _ saved: SavedModel, text file: TextFile
    ) throws -> (items: [Int: PairedBootstrap.Item], perplexity: Double) {
        let documents = try Document.documents(of: file, format: .text)
        let text = try TokenizedText(documents, tokenizer: saved.tokenizer, EncodingOptions())
        let context = saved.model.architecture.contextLength
        let evaluator = Evaluator(window: context, stride: max(1, context / 2), batchSize: batchSize)
        let result = try evaluator.evaluate(
            saved.model, text, tokenizer: saved.tokenizer, split: file.path, keepsLines: true)
        try result?.requireFinite(file.path)
        let items = (result?.lines ?? []).reduce(into: [Int: PairedBootstrap.Item]()) { items, line in
            if line.bytes > 0 { items[line.line] = .init(amount: line.summedLoss / log(2), size: Double(line.bytes)) }
        }
        return (items, result?.perplexity ?? .nan)
    }

    private static func messages(_ documents: [Document], weight: Float) -> [Message] {
        documents.flatMap { document -> [Message] in
            guard case .conversation(let messages) = document.content else { return [] }
            return messages.map { Message(role: $0.role, content: $0.content, weight: weight) }
        }
    }

    private static func content(_ document: Document, after shown: [Message]) -> Document.Content {
        guard case .conversation(let messages) = document.content else { return document.content }
        return .conversation(shown + messages)
    }
}

extension LabelledRow {
    /// Whether the most likely label is the row's own.
    package var isRight: Bool {
        guard let right else { return false }
        return probabilities.allSatisfy { $0 <= probabilities[right] }
    }
}
