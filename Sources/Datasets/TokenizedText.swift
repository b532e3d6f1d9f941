// Documents as token ids with loss weights.

import Conversations
import Tokenizer

/// A split as the model sees it: the concatenated tokens of all documents.
package struct TokenizedText: Sendable {
    /// Everything about one document except its tokens.
    package struct Source: Sendable, Equatable {
        package let path: String
        package let line: Int
        /// Its range in `tokens`, including start and end tokens.
        package let tokens: Range<Int>
        /// Whether it is a stream, which each epoch may cut at other places.
        package let isStream: Bool
        /// Whether it has answers, which can be counted as correct or wrong.
        package let hasAnswers: Bool
        /// What people think of its answer; nil for a row that is learned as it is.
        package let judgement: Judgement?
        /// Where a judged answer begins, as an index into `tokens`.
        package let answerStart: Int

        package init(
            path: String, line: Int, tokens: Range<Int>, isStream: Bool, hasAnswers: Bool, judgement: Judgement? = nil,
            answerStart: Int = 0
        ) {
            (self.path, self.line, self.tokens) = (path, line, tokens)
            (self.isStream, self.hasAnswers) = (isStream, hasAnswers)
            (self.judgement, self.answerStart) = (judgement, answerStart)
        }

        /// The tokens of a judged answer.
        package var answer: Range<Int> { answerStart..<tokens.upperBound }
    }

    /// What people think of an answer. A chosen one is followed by the one that was rejected.
    package enum Judgement: Int, Sendable {
        case chosen = 1, rejected, good, bad

        package var isWanted: Bool { self == .chosen || self == .good }
    }

    /// A document that was dropped or shortened, and why.
    package struct Remark: Sendable, Equatable {
        package let path: String
        package let line: Int
        package let reason: String

        package init(path: String, line: Int, reason: String) {
            self.path = path
            self.line = line
            self.reason = reason
        }
    }

    package let tokens: [Int32]
    /// The loss weight of each token; empty if all are 1.
    package let weights: [Float]
    package let sources: [Source]
    /// Documents that are not among the sources.
    package let dropped: [Remark]
    /// Documents that were shortened.
    package let cut: [Remark]

    /// Encodes `documents`.
    ///
    /// - Throws: `encoding` for bytes without a token, `overlong` and `withoutLoss` for rows that the options do not
    ///   allow.
    package init(
        _ documents: [Document], tokenizer: Tokenizer, _ options: EncodingOptions
    ) throws(DatasetError) {
        var encoder = DocumentEncoder(tokenizer: tokenizer, options: options)
        for document in documents { try encoder.add(document) }
        try encoder.finish()
        tokens = encoder.tokens
        weights = encoder.hasWeights ? encoder.weights : []
        (sources, dropped, cut) = (encoder.sources, encoder.dropped, encoder.cut)
    }

    /// A text that was encoded earlier.
    package init(tokens: [Int32], weights: [Float], sources: [Source], dropped: [Remark], cut: [Remark]) {
        (self.tokens, self.weights, self.sources) = (tokens, weights, sources)
        (self.dropped, self.cut) = (dropped, cut)
    }

    /// One stream with known tokens.
    package init(tokens: [Int32], path: String) {
        self.tokens = tokens
        weights = []
        sources =
            tokens.count < 2
            ? [] : [Source(path: path, line: 1, tokens: 0..<tokens.count, isStream: true, hasAnswers: false)]
        (dropped, cut) = ([], [])
    }

    /// Rows with known tokens and the loss weight of each token.
    package init(rows: [(tokens: [Int32], weights: [Float])], path: String) {
        var (tokens, sources) = ([Int32](), [Source]())
        for (index, row) in rows.enumerated() where row.tokens.count > 1 {
            precondition(
                row.tokens.count == row.weights.count,
                "a row of \(row.tokens.count) tokens and \(row.weights.count) weights")
            let range = tokens.count..<(tokens.count + row.tokens.count)
            sources.append(Source(path: path, line: index + 1, tokens: range, isStream: false, hasAnswers: true))
            tokens += row.tokens
        }
        self.tokens = tokens
        self.sources = sources
        weights = rows.filter { $0.tokens.count > 1 }.flatMap(\.weights)
        (dropped, cut) = ([], [])
    }

    /// Documents that are not dropped: a pair of answers is one.
    package var documentCount: Int { sources.count { $0.judgement != .rejected } }

    /// The loss weight of the token at `position`.
    package func weight(_ position: Int) -> Float { weights.isEmpty ? 1 : weights[position] }

    /// The number of predictions that count in the loss.
    package var predictionCount: Int {
        guard !weights.isEmpty else { return tokens.count - sources.count }
        return sources.reduce(0) { $0 + $1.tokens.dropFirst().count { weights[$0] != 0 } }
    }

    /// The line of the file where the token at `position` starts, found by counting the newlines before it.
    package func line(of position: Int, source index: Int, tokenizer: Tokenizer) -> Int {
        let source = sources[index]
        guard source.isStream else { return source.line }
        return tokens[source.tokens.lowerBound..<position].reduce(source.line) { line, token in
            line + tokenizer.bytes(of: Int(token)).count { $0 == 0x0A }
        }
    }
}

/// How rows longer than the context are handled.
package enum OverlongPolicy: String, Sendable, CaseIterable {
    /// An error that lists the rows.
    case error
    case drop
    /// The start of the row is cut off, but never its first answer.
    case truncatePrompt = "truncate-prompt"
    /// The end of the row is cut off.
    case truncateAnswer = "truncate-answer"
    /// The row becomes several windows.
    case split
}

/// How documents become tokens.
package struct EncodingOptions: Sendable, Equatable {
    /// Whether every document starts with end-of-text.
    package var startToken = false
    /// Whether texts end with end-of-text, so that the model learns to stop. Answers always do.
    package var endsTexts = false
    package var template = ChatTemplate.raw
    /// Weight of prompt tokens in the loss.
    package var promptLossWeight: Float = 0
    package var overlong = OverlongPolicy.error
    /// T: a row may have T + 1 tokens.
    package var contextLength = Int.max - 1
    /// Whether rows without loss tokens are dropped; otherwise they are an error.
    package var dropsRowsWithoutLoss = false

    package init() {}
}
