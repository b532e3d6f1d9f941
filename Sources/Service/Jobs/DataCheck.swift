// Checks the files of a job before it is queued: the strict reader, the number of examples, and what a classifier needs.

import Conversations
import Datasets
import Foundation
import Models
import StrictJSON
import Tokenizer
import Training

/// Reads and encodes the files as training will.
struct DataCheck {
    let order: JobOrder

    init(_ order: JobOrder) { self.order = order }

    /// - Throws: `DatasetError`, or `JobFailure` with what a client is told.
    func run() throws -> JobCheck {
        let train = try documents(order.training)
        let heldOut = try order.validation.map(documents) ?? []
        guard train.count >= max(1, order.leastExamples) else {
            throw JobFailure(
                code: "invalid_training_file",
                message: "Training file must contain at least \(order.leastExamples) examples.", param: "training_file")
        }
        if order.validation != nil, heldOut.isEmpty {
            throw JobFailure(
                code: "invalid_validation_file", message: "Validation file must contain at least 1 example.",
                param: "validation_file")
        }
        let base = try ModelSource(path: order.base)
        let choice = JobTemplate(train[0], base: base.template, isLegacy: order.isLegacy)
        let template = choice.template
        if let classes = order.classes {
            try check(classes, train, heldOut, template: template, tokenizer: base.tokenizer)
        }
        let facts = try TuningFacts.measure(
            train: train, heldOut: heldOut, base: base, template: template, dropsRowsWithoutLoss: false,
            availableBytes: nil)
        var notes = base.notes
        if choice.makesTurns {
            notes.append(
                "prompts and completions become questions and answers of a chat, since the base has a chat template: ask "
                    + "with chat completions")
        }
        if facts.longestRow > base.architecture.contextLength + 1 {
            notes.append(
                "the longest example has \(facts.longestRow) tokens; \(base.architecture.contextLength) fit, and longer "
                    + "examples lose the beginning of their prompt")
        }
        return JobCheck(
            rows: facts.rows, heldOut: facts.heldOut, answerTokens: facts.answerTokens, longestRow: facts.longestRow,
            longestAnswer: facts.longestAnswer, heldOutTokens: facts.heldOutTokens, isRaw: choice.isRaw, notes: notes)
    }

    /// The rows of a file. A file of plain text has none.
    private func documents(_ path: String) throws -> [Document] {
        let objective = order.objective
        let documents = try Document.reading(
            of: TextFile(path: path), format: .auto, readsJudgements: objective.isPreference
        ).documents
        if let first = documents.first, !first.isRow {
            throw DatasetError.badRow(
                path: path, line: first.line, column: 1, reason: "every line must be a JSON dictionary")
        }
        if objective.isPreference { for document in documents { try objective.check(document) } }
        return documents
    }

    /// Every completion is one class, told by its first token.
    private func check(
        _ classes: JobOrder.Classes, _ train: [Document], _ heldOut: [Document], template: ChatTemplate,
        tokenizer: Tokenizer
    ) throws {
        guard !heldOut.isEmpty else {
            throw JobFailure(
                code: "invalid_validation_file", message: "compute_classification_metrics needs a validation file.",
                param: "validation_file")
        }
        let labels = ClassLabels.find(train + heldOut)
        var first: [Int32: String] = [:]
        for label in labels {
            let text = String(decoding: label, as: UTF8.self)
            guard let token = try template.answer(label, tokenizer).first else { continue }
            if let other = first[token] {
                throw JobFailure(
                    code: "invalid_classes",
                    message: "The classes \"\(APIError.shown(other))\" and \"\(APIError.shown(text))\" begin with the "
                        + "same token, so that they cannot be told from each other by it.", param: "training_file")
            }
            first[token] = text
        }
        if let count = classes.count, count != labels.count {
            throw JobFailure(
                code: "invalid_classes",
                message:
                    "classification_n_classes is \(count), but the files have \(labels.count) different completions.",
                param: "classification_n_classes")
        }
        if let positive = classes.positive, ClassLabels.index(of: positive, in: labels) == nil {
            throw JobFailure(
                code: "invalid_classes",
                message: "No completion is the positive class \"\(APIError.shown(positive))\".",
                param: "classification_positive_class")
        }
    }
}

/// The different completions of a classifier's rows.
enum ClassLabels {
    static let most = 512

    /// Sorted by their bytes.
    static func find(_ documents: [Document]) -> [[UInt8]] {
        let found = Set(documents.compactMap { AnswerLabels.split($0)?.answer })
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The label that a request names, with or without the space in front of it.
    static func index(of name: String, in labels: [[UInt8]]) -> Int? {
        labels.firstIndex { String(decoding: $0, as: UTF8.self) == name }
            ?? labels.firstIndex {
                String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces)
                    == name.trimmingCharacters(in: .whitespaces)
            }
    }
}
