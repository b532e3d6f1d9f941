// What a model's template makes of a conversation, cut into tokens of its own, texts, and what of it is learned.

import Jinja

extension ModelTemplate {
    /// A conversation. Special tokens are recognised in the template's own text alone: what a message contains is text.
    ///
    /// Text is cut at special tokens, and where what is learned begins and ends, so that the tokens before an answer
    /// are those of the prompt that asks for it. What follows the last answer is left out.
    func pieces(_ messages: [Message], _ specials: SpecialTokens) throws(TemplateError) -> [ChatTemplate.Piece] {
        let text = try render(messages, asks: false)
        let weights = try answerWeights(text, messages)
        var pieces = ModelTemplate.cut(text, weights, specials)
        if messages.last?.role == .assistant, let last = pieces.lastIndex(where: \.isAnswer) {
            pieces.removeLast(pieces.count - 1 - last)
        }
        return pieces
    }

    /// A conversation up to where an answer begins, or to its end where the last message is one.
    func prompt(_ messages: [Message], _ specials: SpecialTokens) throws(TemplateError) -> [ChatTemplate.Piece] {
        let text = try render(messages, asks: messages.last?.role != .assistant)
        return ModelTemplate.cut(text, try answerWeights(text, messages), specials)
    }

    /// Of each character that belongs to an answer, its weight; nil for the others.
    private func answerWeights(_ text: JinjaText, _ messages: [Message]) throws(TemplateError) -> [Float?] {
        try marksAnswers()
            ? ModelTemplate.markedWeights(text, messages)
            : callWeights(text, messages, ModelTemplate.contentWeights(text, messages, ends))
    }

    /// The same for messages that call tools: what the template writes before a call, after it asked for the answer, is
    /// learned too.
    private func callWeights(
        _ text: JinjaText, _ messages: [Message], _ weights: [Float?]
    ) throws(TemplateError) -> [Float?] {
        var weights = weights
        for (place, message) in messages.enumerated() where message.role == .assistant && !message.members.isEmpty {
            let asked = try render(Array(messages[..<place]), asks: true)
            guard let first = text.spans.first(where: { $0.origin.source == place + 1 })?.range.lowerBound,
                asked.count <= first, text.scalars.starts(with: asked.scalars)
            else { continue }
            for index in asked.count..<first { weights[index] = message.weight }
        }
        return weights
    }

    /// By `{% generation %}`: all that it encloses, with the weight of the message whose content is inside.
    private static func markedWeights(_ text: JinjaText, _ messages: [Message]) -> [Float?] {
        var weights = [Float?](repeating: nil, count: text.count)
        let spans = text.spans
        var index = 0
        while index < spans.count {
            let first = index
            while index < spans.count, spans[index].origin.isGenerated { index += 1 }
            guard index > first else {
                index += 1
                continue
            }
            let sources = spans[first..<index].lazy.map(\.origin.source)
            let weight = sources.first { $0 > 0 && $0 <= messages.count }.map { messages[$0 - 1].weight } ?? 1
            for place in spans[first].range.lowerBound..<spans[index - 1].range.upperBound { weights[place] = weight }
        }
        return weights
    }

    /// By the origin of characters: an assistant's content, what the template puts between parts of it, and the
    /// template's text after it up to the first end token.
    private static func contentWeights(_ text: JinjaText, _ messages: [Message], _ ends: [String]) -> [Float?] {
        var weights = [Float?](repeating: nil, count: text.count)
        let spans = text.spans
        let ends = ends.map { Array($0.unicodeScalars) }.filter { !$0.isEmpty }
        for (index, span) in spans.enumerated() where (1...messages.count).contains(span.origin.source) {
            let message = messages[span.origin.source - 1]
            guard message.role == .assistant else { continue }
            var learned = span.range
            if index + 1 < spans.count, spans[index + 1].origin.source == 0 {
                let literal = spans[index + 1].range
                if let end = ModelTemplate.firstEnd(of: ends, in: text.scalars, literal) {
                    learned = learned.lowerBound..<end
                } else if index + 2 < spans.count, spans[index + 2].origin == span.origin {
                    learned = learned.lowerBound..<literal.upperBound
                }
            }
            for place in learned { weights[place] = message.weight }
        }
        return weights
    }

    /// Where the first of some texts ends in a part of a text.
    private static func firstEnd(
        of ends: [[Unicode.Scalar]], in scalars: [Unicode.Scalar], _ range: Range<Int>
    ) -> Int? {
        for place in range {
            let rest = scalars[place..<range.upperBound]
            if let end = ends.filter({ rest.starts(with: $0) }).max(by: { $0.count < $1.count }) {
                return place + end.count
            }
        }
        return nil
    }

    /// The text of the token that the template writes after the last answer of a conversation; nil where it writes none.
    func endAfterAnswer(_ specials: SpecialTokens) throws(TemplateError) -> String? {
        let messages = [Message(.user, "Q"), Message(.assistant, "A")]
        let text = try render(messages, asks: false)
        guard let content = text.spans.last(where: { $0.origin.source == messages.count })?.range else { return nil }
        let next = text.spans.first { $0.range.lowerBound >= content.upperBound && $0.origin.source != 0 }
        let literal = content.upperBound..<(next?.range.lowerBound ?? text.count)
        if let token = specials.tokens(in: text.scalars, literal).first { return specials.text(of: token.id) }
        return ends.first { ModelTemplate.firstEnd(of: [Array($0.unicodeScalars)], in: text.scalars, literal) != nil }
    }

    /// Cuts a text at special tokens and where answers begin and end.
    private static func cut(_ text: JinjaText, _ weights: [Float?], _ specials: SpecialTokens) -> [ChatTemplate.Piece] {
        var tokens: [(range: Range<Int>, id: Int32)] = []
        var start = 0
        // A token may be written partly inside `{% generation %}`.
        for (range, origin) in text.spans + [(text.count..<text.count, .init(source: 1))] where origin.source != 0 {
            tokens += specials.tokens(in: text.scalars, start..<range.lowerBound)
            start = range.upperBound
        }
        var pieces: [ChatTemplate.Piece] = []
        func add(_ range: Range<Int>) {
            var start = range.lowerBound
            while start < range.upperBound {
                let weight = weights[start]
                let end = weights[start..<range.upperBound].firstIndex { $0 != weight } ?? range.upperBound
                pieces.append(
                    ChatTemplate.Piece(
                        content: .text(Array(text[start..<end].string.utf8)), isAnswer: weight != nil,
                        weight: weight ?? 0, continuesText: start > range.lowerBound))
                start = end
            }
        }
        var place = 0
        for token in tokens {
            add(place..<token.range.lowerBound)
            let weight = weights[token.range.lowerBound]
            pieces.append(ChatTemplate.Piece(content: .token(token.id), isAnswer: weight != nil, weight: weight ?? 0))
            place = token.range.upperBound
        }
        add(place..<text.count)
        return pieces
    }
}
