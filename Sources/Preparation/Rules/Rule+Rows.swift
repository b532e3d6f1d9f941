// Rules that check each row.

import Conversations
import Datasets

extension Rule {
    static let rows = [
        Rule(
            "no-answer", .error, effect: "no token of the row counts in the loss", .optional("drop the row"),
            .row(
                find: { view in
                    guard view.row.kind == .chat else { return nil }
                    let answers = view.row.parts.filter(\.isAnswer)
                    guard answers.allSatisfy({ $0.weight == 0 }) else { return nil }
                    let reason =
                        answers.isEmpty ? "no assistant message" : "every assistant message has weight 0"
                    return RowMatch(part: nil, message: reason)
                }, fix: nil)),
        Rule(
            "empty-answer", .error, effect: "the model learns to give an empty answer", .optional("drop the row"),
            .row(
                find: { view in
                    let parts = view.row.parts
                    let empty = parts.firstIndex {
                        ($0.isAnswer || $0.role == nil) && isBlank($0.text) && !$0.hasCalls
                    }
                    return empty.map { RowMatch(part: $0, message: "\(parts[$0].key) is empty") }
                }, fix: nil)),
        Rule(
            "stop-text", .warning,
            effect: "templates with text marks end the answer there, so training with one of them rejects the row",
            .advice("train with data.template tokens, or with a base model that has its own template"),
            .row(
                find: { view in
                    guard view.row.kind == .chat || view.row.kind == .instruction else { return nil }
                    let template = view.row.template
                    for (index, part) in view.row.parts.enumerated()
                    where part.isAnswer && part.weight != 0 && part.text.contains(0x0A) {
                        let message = Message(role: .assistant, content: part.text)
                        guard let stop = template.stopText(in: [message]) else { continue }
                        return RowMatch(
                            part: index, message: "the answer contains \"\(shown(Array(stop.utf8)))\", a stop text")
                    }
                    return nil
                }, fix: nil)),
        Rule(
            "long-answer", .error, effect: "the answer does not fit a window, so its end is never learned",
            .optional("drop the row; increase model.contextLength to keep it"),
            .row(
                find: { view in
                    guard view.row.kind != .text, view.longestAnswer > view.contextLength else { return nil }
                    return RowMatch(
                        part: view.row.lastAnswer,
                        message: "an answer of \(view.longestAnswer) tokens; the context has \(view.contextLength)")
                }, fix: nil)),
        Rule(
            "over-long", .error, effect: "training rejects the row, or truncates it",
            .optional("drop the row; increase model.contextLength or set data.overlong to keep it"),
            .row(
                find: { view in
                    guard view.row.kind != .text, view.tokens > view.contextLength + 1,
                        view.longestAnswer <= view.contextLength
                    else { return nil }
                    return RowMatch(
                        part: nil, message: "\(view.tokens) tokens; \(view.contextLength + 1) fit the context")
                }, fix: nil)),
        Rule(
            "long-text", .note, effect: "the text is split into windows, each without the text before it",
            .advice("set data.overlong to split, or increase model.contextLength"),
            .row(
                find: { view in
                    guard view.row.kind == .text, view.tokens > view.contextLength + 1 else { return nil }
                    return RowMatch(
                        part: nil, message: "\(view.tokens) tokens; \(view.contextLength + 1) fit the context")
                }, fix: nil)),
        Rule(
            "role-order", .warning, effect: "questions without an answer, or answers without a question, are learned",
            .optional("join consecutive messages of one role, and drop messages without a counterpart"),
            .row(find: { RoleOrder.first(in: $0.row) }, fix: { RoleOrder.fixed($0) })),
        Rule(
            "long-repeat", .warning, effect: "the model learns to repeat itself", .optional("drop the row"),
            .row(find: { Repeats.first(in: $0) }, fix: nil)),
        Rule(
            "prompt-ends-with-space", .warning,
            effect: "the space becomes a separate token, and the answer's first word gets an unusual token",
            .optional("remove the spaces"),
            .row(
                find: { view in
                    guard view.row.kind == .promptCompletion, view.row.parts[0].text.last == 0x20,
                        !isBlank(view.row.parts[0].text)
                    else { return nil }
                    return RowMatch(part: 0, message: "the prompt ends with a space")
                },
                fix: { row in
                    var row = row
                    while row.parts[0].text.last == 0x20 { row.parts[0].text.removeLast() }
                    return row
                })),
    ]

    static func isBlank(_ text: [UInt8]) -> Bool { text.allSatisfy { SourceFormat.isSpace($0) } }
}

/// The order of roles in a conversation: at most one system message, first; then user and assistant alternate.
enum RoleOrder {
    static func first(in row: Row) -> Rule.RowMatch? {
        guard row.kind == .chat, row.lastAnswer != nil else { return nil }
        var previous: Role?
        for (index, part) in row.parts.enumerated() {
            switch part.role {
            case .system where index > 0:
                return .init(part: index, message: "a system message that is not the first message")
            case .assistant where previous == nil || previous == .system:
                return .init(part: index, message: "an assistant message before the first user message")
            case .tool where previous != .assistant && previous != .tool:
                return .init(part: index, message: "a tool's result that no assistant message asked for")
            case .user where previous == .user, .assistant where previous == .assistant:
                return .init(part: index, message: "two \(part.role?.rawValue ?? "") messages in a row")
            default: previous = part.role
            }
        }
        if row.parts.last?.role != .assistant {
            return .init(
                part: row.parts.count - 1,
                message: "the last message is not the assistant's, so nothing is learned from it")
        }
        return nil
    }

    static func fixed(_ row: Row) -> Row? {
        var parts: [Row.Part] = []
        for (index, part) in row.parts.enumerated() {
            if part.role == .system, index > 0 { continue }
            if part.role == .assistant, parts.isEmpty || parts.last?.role == .system { continue }
            if let last = parts.last, last.role == part.role, part.role == .user || part.role == .assistant,
                last.members.isEmpty, part.members.isEmpty
            {
                parts[parts.count - 1].text += [0x0A] + part.text
            } else {
                parts.append(part)
            }
        }
        while let last = parts.last, last.role != .assistant { parts.removeLast() }
        guard !parts.isEmpty else { return nil }
        var fixed = row
        fixed.parts = parts
        return fixed
    }
}

/// Repeated characters and words.
enum Repeats {
    /// Limits: one character this many times, or a group of up to eight words this many times and over this many words.
    static let characters = 60
    static let times = 6
    static let words = 16

    static func first(in view: RowView) -> Rule.RowMatch? {
        for (index, part) in view.row.parts.enumerated() where part.text.count >= characters {
            var run = 1
            for place in 1..<part.text.count {
                run = part.text[place] == part.text[place - 1] ? run + 1 : 1
                if run == characters {
                    return .init(part: index, message: "one character at least \(characters) times in a row")
                }
            }
        }
        let list = view.words
        guard list.count >= words else { return nil }
        for period in 1...8 {
            var run = 0
            for place in period..<max(period, list.count) {
                run = list[place] == list[place - period] ? run + 1 : 0
                if run + period >= max(words, times * period) {
                    let group = period == 1 ? "one word" : "the same \(period) words"
                    return .init(part: nil, message: "\(group) at least \((run + period) / period) times in a row")
                }
            }
        }
        return nil
    }
}
