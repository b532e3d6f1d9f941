// Encodes documents and records which ones do not fit.

import Conversations
import Tokenizer

/// Builds the parts of a `TokenizedText`.
struct DocumentEncoder {
    let tokenizer: Tokenizer
    let options: EncodingOptions
    private let specials: SpecialTokens
    private(set) var tokens: [Int32] = []
    private(set) var weights: [Float] = []
    private(set) var sources: [TokenizedText.Source] = []
    private(set) var dropped: [TokenizedText.Remark] = []
    private(set) var cut: [TokenizedText.Remark] = []
    /// Whether any weight differs from 1.
    private(set) var hasWeights = false
    private var overlong: [DatasetError.LongRow] = []

    init(tokenizer: Tokenizer, options: EncodingOptions) {
        self.tokenizer = tokenizer
        self.options = options
        specials = SpecialTokens(tokenizer)
    }

    /// The tokens of one document before they are appended.
    private struct Encoded {
        var tokens: [Int32] = []
        var weights: [Float] = []
        /// Index of the first token of the first answer.
        var firstAnswer: Int?
        /// Of the first answer with a weight: earlier ones are part of what is asked.
        var learnedAnswer: Int?

        mutating func append(_ ids: [Int32], weight: Float) {
            tokens += ids
            weights += [Float](repeating: weight, count: ids.count)
        }
    }

    mutating func add(_ document: Document) throws(DatasetError) {
        let cutBefore = cut.count
        guard let row = try prepared(document.content, document) else { return }
        guard let rejected = document.rejected else {
            return append(row, document, document.isGood.map { $0 ? .good : .bad })
        }
        // Both answers, or none.
        guard let other = try prepared(.conversation(rejected), document) else {
            cut.removeSubrange(cutBefore...)
            return
        }
        if cut.count > cutBefore + 1 { cut.removeLast() }
        append(row, document, .chosen)
        append(other, document, .rejected)
    }

    /// A document's tokens as they fit; nil where it is dropped or reported.
    private mutating func prepared(_ content: Document.Content, _ document: Document) throws(DatasetError) -> Encoded? {
        var row = try encode(content, document)
        if document.isRow, row.tokens.count > options.contextLength + 1 {
            guard let fitted = try fit(row, document) else { return nil }
            row = fitted
        }
        guard row.tokens.count >= 2 else {
            dropped.append(remark(document, "fewer than two tokens: nothing to predict"))
            return nil
        }
        guard row.weights.dropFirst().contains(where: { $0 != 0 }) else {
            guard options.dropsRowsWithoutLoss else {
                throw .withoutLoss(path: document.path, line: document.line)
            }
            dropped.append(remark(document, "no token counts in the loss"))
            return nil
        }
        return row
    }

    private mutating func append(_ row: Encoded, _ document: Document, _ judgement: TokenizedText.Judgement?) {
        let start = tokens.count
        tokens += row.tokens
        weights += row.weights
        hasWeights = hasWeights || row.weights.contains { $0 != 1 }
        var (isStream, hasAnswers) = (false, false)
        switch document.content {
        case .stream: isStream = true
        case .text: break
        case .conversation: hasAnswers = true
        }
        sources.append(
            .init(
                path: document.path, line: document.line, tokens: start..<tokens.count, isStream: isStream,
                hasAnswers: hasAnswers, judgement: judgement,
                answerStart: judgement == nil ? 0 : start + (row.learnedAnswer ?? 0)))
    }

    /// Throws one error that lists all rows that were too long.
    func finish() throws(DatasetError) {
        guard overlong.isEmpty else { throw .overlong(rows: overlong, limit: options.contextLength + 1) }
    }

    private func encode(_ content: Document.Content, _ document: Document) throws(DatasetError) -> Encoded {
        var result = Encoded()
        let end = tokenizer.endOfTextID.map { [Int32($0)] } ?? []
        var pieces: [ChatTemplate.Piece] = []
        if case .conversation(let messages) = content { pieces = try self.pieces(messages, document) }
        if let start = start(of: content, pieces) { result.append([start], weight: 0) }
        switch content {
        case .stream(let bytes):
            result.append(try ids(bytes, document), weight: 1)
        case .text(let bytes):
            result.append(try ids(bytes, document), weight: 1)
            if options.endsTexts { result.append(end, weight: 1) }
        case .conversation:
            for (place, piece) in pieces.enumerated() {
                let weight = piece.isAnswer ? piece.weight : options.promptLossWeight
                if piece.isAnswer {
                    result.firstAnswer = result.firstAnswer ?? result.tokens.count
                    if weight != 0 { result.learnedAnswer = result.learnedAnswer ?? result.tokens.count }
                }
                switch piece.content {
                case .text(let bytes):
                    result.append(
                        try ids(bytes, document, continues: piece.continues(at: place, tokenizer)), weight: weight)
                case .endOfText: result.append(end, weight: weight)
                case .token(let id): result.append([id], weight: weight)
                }
            }
        }
        return result
    }

    /// The token in front of a document; nil where none belongs there.
    private func start(of content: Document.Content, _ pieces: [ChatTemplate.Piece]) -> Int32? {
        if case .conversation = content {
            return options.template.start(of: pieces, tokenizer, specials, isAsked: options.startToken)
        }
        return options.startToken || tokenizer.addsBegin ? tokenizer.startID.map { Int32($0) } : nil
    }

    private func pieces(
        _ messages: [Message], _ document: Document
    ) throws(DatasetError) -> [ChatTemplate.Piece] {
        do { return try options.template.pieces(messages, specials) } catch {
            throw .encoding(path: document.path, line: document.line, reason: "\(error)")
        }
    }

    private func ids(
        _ bytes: [UInt8], _ document: Document, continues: Bool = false
    ) throws(DatasetError) -> [Int32] {
        do { return try tokenizer.encode(bytes, continues: continues) } catch {
            throw .encoding(path: document.path, line: document.line, reason: "\(error)")
        }
    }

    /// What the policy keeps of a row that is too long; nil if the row is dropped or reported.
    private mutating func fit(_ row: Encoded, _ document: Document) throws(DatasetError) -> Encoded? {
        let limit = options.contextLength + 1
        let excess = row.tokens.count - limit
        switch options.overlong {
        case .error:
            overlong.append(.init(path: document.path, line: document.line, tokens: row.tokens.count))
            return nil
        case .drop:
            dropped.append(remark(document, "\(row.tokens.count) tokens, more than \(limit)"))
            return nil
        case .truncatePrompt:
            // The start of an answer is never cut off: if the prompt is not long enough, the rest is cut from the end.
            let front = min(excess, max(0, (row.firstAnswer ?? row.tokens.count) - 1))
            cut.append(remark(document, "\(excess) of \(row.tokens.count) tokens cut off, \(front) at the start"))
            return Encoded(
                tokens: Array(row.tokens[front...].prefix(limit)), weights: Array(row.weights[front...].prefix(limit)),
                learnedAnswer: row.learnedAnswer.map { max(0, $0 - front) })
        case .truncateAnswer:
            cut.append(remark(document, "\(excess) of \(row.tokens.count) tokens cut off at the end"))
            return Encoded(
                tokens: Array(row.tokens.prefix(limit)), weights: Array(row.weights.prefix(limit)),
                learnedAnswer: row.learnedAnswer)
        case .split:
            return row
        }
    }

    private func remark(_ document: Document, _ reason: String) -> TokenizedText.Remark {
        .init(path: document.path, line: document.line, reason: reason)
    }
}
