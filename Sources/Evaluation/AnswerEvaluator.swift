// What a model says when it is asked: every answer of a split generated greedily and compared with the right one.

import Conversations
import Datasets
import Inference
import StrictJSON

/// One generated answer with the expected one.
package struct AnswerRecord: Sendable {
    /// The row's number in its split, counted from one, and which of its answers this is.
    package var row: Int
    package var turn: Int
    package var path: String
    package var line: Int
    /// The turn that is answered.
    package var prompt: String
    package var expected: String
    package var answer: String
    package var tokens: Int
    package var finishReason: FinishReason
    /// Equal except for white space at both ends.
    package var isExact: Bool

    /// The record as JSON, for a file of them.
    package var json: JSONOutput {
        .object([
            ("file", .string(path)), ("line", .integer(line)), ("row", .integer(row)), ("turn", .integer(turn)),
            ("prompt", .string(prompt)), ("expected", .string(expected)), ("answer", .string(answer)),
            ("tokens", .integer(tokens)), ("finishReason", .string(finishReason.rawValue)), ("exact", .bool(isExact)),
        ])
    }
}

/// Metrics over many answers.
package struct AnswerSummary: Sendable, Equatable {
    package var answers = 0
    package var exact = 0
    /// Answers that ended by themselves rather than at the limit.
    package var stopped = 0
    package var tokens = 0

    package init(_ records: [AnswerRecord]) {
        answers = records.count
        exact = records.count { $0.isExact }
        stopped = records.count { $0.finishReason == .stop }
        tokens = records.reduce(0) { $0 + $1.tokens }
    }

    package var exactMatch: Double { Double(exact) / Double(max(1, answers)) }
    package var stopRate: Double { Double(stopped) / Double(max(1, answers)) }
    /// The share of answers that were cut off at the limit.
    package var limitRate: Double { 1 - stopRate }
    package var meanTokens: Double { Double(tokens) / Double(max(1, answers)) }
}

package enum AnswerEvaluator {
    /// Answers every assistant's turn of `documents`, the right answers before it standing in the prompt.
    ///
    /// - Parameters:
    ///   - limit: the most rows that are answered; nil for all.
    ///   - progress: called after each answer with the numbers of those given and of all.
    package static func answers(
        _ responder: Responder, _ documents: [Document], limit: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [AnswerRecord] {
        var settings = responder.settings(seed: 1)
        settings.sampling = .greedy
        var records: [AnswerRecord] = []
        var questions: [[Message]] = []
        for (index, document) in documents.prefix(limit ?? documents.count).enumerated() {
            guard case .conversation(let messages) = document.content else { continue }
            var turn = 0
            for (position, message) in messages.enumerated() where message.role == .assistant && message.weight > 0 {
                turn += 1
                let question = messages[..<position]
                questions.append(Array(question))
                records.append(
                    AnswerRecord(
                        row: index + 1, turn: turn, path: document.path, line: document.line,
                        prompt: question.last.map { String(decoding: $0.content, as: UTF8.self) } ?? "",
                        expected: String(decoding: message.content, as: UTF8.self), answer: "", tokens: 0,
                        finishReason: .length, isExact: false))
            }
        }
        var given = 0
        try responder.answer(all: questions, settings) { number, completion in
            records[number].answer = completion.text
            records[number].tokens = completion.tokens.count
            records[number].finishReason = completion.finishReason
            records[number].isExact = trimmed(completion.text) == trimmed(records[number].expected)
            given += 1
            progress(given, questions.count)
        }
        return records
    }

    private static func trimmed(_ text: String) -> Substring {
        text.drop { $0.isWhitespace }.reversedDrop { $0.isWhitespace }
    }
}

extension Substring {
    /// Without the characters at the end that satisfy `condition`.
    fileprivate func reversedDrop(while condition: (Character) -> Bool) -> Substring {
        var end = endIndex
        while end > startIndex, condition(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}
