// A row as both commands read it: texts with their roles, independent of the file's format.

import Conversations
import StrictJSON

/// One example.
package struct Row: Sendable, Equatable {
    /// The formats of a row, which training separates.
    package enum Kind: String, Sendable, CaseIterable {
        case promptCompletion = "prompt-completion"
        case instruction
        case chat
        case text
    }

    /// A member of a row or message that is kept as it is written: what only some templates express, and what is not
    /// understood.
    package struct Member: Sendable, Equatable {
        package var key: String
        package var json: [UInt8]
        package var isUnderstood: Bool
        /// Whether it only describes the row. Such members are kept where rows are written again.
        package var isHarmless = false

        var isUnknown: Bool { !isUnderstood && !isHarmless }

        var output: (key: String, value: JSONOutput) { (key, .raw(json)) }
    }

    /// One text of a row.
    package struct Part: Sendable, Equatable {
        package var key: String
        /// The author; nil for a text without a role.
        package var role: Role?
        package var text: [UInt8]
        /// The loss weight of an answer, if the row has one.
        package var weight: Double?
        package var origin: TextOrigin
        package var members: [Member] = []

        package init(key: String, role: Role?, text: [UInt8], weight: Double? = nil, origin: TextOrigin) {
            self.key = key
            self.role = role
            self.text = text
            self.weight = weight
            self.origin = origin
        }

        package var isAnswer: Bool { role == .assistant }
        /// Whether it says something next to its text, such as a call of a tool.
        package var hasCalls: Bool { members.contains { $0.isUnderstood } }
    }

    package var kind: Kind
    package var parts: [Part]
    /// Members of the row, `tools` among them.
    package var members: [Member] = []
    /// The same with an answer that people like less than the one of `parts`; nil where a row gives one answer.
    package var rejected: [Part]?
    /// Whether people like the answer, where a row says so.
    package var isGood: Bool?
    /// `custom_id`, by which a program finds the row again.
    package var customID: String?

    package init(kind: Kind, parts: [Part]) {
        self.kind = kind
        self.parts = parts
    }

    /// The index of the last answer, if any.
    package var lastAnswer: Int? { parts.lastIndex { $0.isAnswer } }

    /// Whether members of it or of its messages are not understood.
    package var hasUnknownMembers: Bool {
        members.contains { $0.isUnknown } || parts.contains { $0.members.contains { $0.isUnknown } }
    }

    /// Without the members that are not understood.
    package var withoutUnknownMembers: Row {
        var row = self
        row.members.removeAll { $0.isUnknown }
        for index in row.parts.indices { row.parts[index].members.removeAll { $0.isUnknown } }
        return row
    }

    /// The hash of a part's speaker.
    package static func speaker(_ part: Part) -> UInt64 {
        part.role.map { FingerprintBuilder.speaker($0) } ?? FingerprintBuilder.text
    }

    /// The template used if the config names none.
    package var template: ChatTemplate {
        switch kind {
        case .chat: .chat
        case .instruction: .instruction
        case .promptCompletion, .text: .raw
        }
    }

    /// Whether the row says how good an answer is.
    package var isJudged: Bool { rejected != nil || isGood != nil }

    /// The messages of a row that is not a text.
    package var messages: [Message] { messages(of: parts) }

    /// The messages with the answer that is liked less.
    package var rejectedMessages: [Message]? { rejected.map { messages(of: $0) } }

    private func messages(of parts: [Part]) -> [Message] {
        var messages: [Message] = []
        for part in parts {
            // An input continues its instruction on the next line.
            if part.key == "input", let last = messages.indices.last {
                if !part.text.isEmpty { messages[last].content += [0x0A] + part.text }
                continue
            }
            var message = Message(role: part.role ?? .user, content: part.text, weight: Float(part.weight ?? 1))
            message.members = part.members.filter(\.isUnderstood).map { .init(key: $0.key, json: $0.json) }
            messages.append(message)
        }
        if let tools = members.first(where: { $0.key == "tools" && $0.isUnderstood }), !messages.isEmpty {
            messages[0].tools = tools.json
        }
        return messages
    }

    package var content: Document.Content {
        kind == .text ? .text(parts.first?.text ?? []) : .conversation(messages)
    }
}

extension Row {
    /// As one line of JSON.
    package var json: JSONOutput {
        var object: [(key: String, value: JSONOutput)] =
            kind == .chat ? [("messages", .array(parts.map(\.message)))] : pairs
        object += members.map(\.output)
        return .object(object)
    }

    /// The members of a row that has no list of messages. An empty input is omitted.
    private var pairs: [(key: String, value: JSONOutput)] {
        var object: [(key: String, value: JSONOutput)] = []
        var history: [JSONOutput] = []
        for part in parts where part.key != "input" || !part.text.isEmpty {
            if part.key == "history" { history.append(part.string) } else { object.append((part.key, part.string)) }
            object += part.members.map(\.output)
        }
        if !history.isEmpty {
            let turns = stride(from: 0, to: history.count, by: 2).map {
                JSONOutput.array(Array(history[$0..<min($0 + 2, history.count)]))
            }
            object.append(("history", .array(turns)))
        }
        if let weight = parts.last?.weightOutput { object.append(("weight", weight)) }
        return object
    }
}

extension Row.Part {
    var string: JSONOutput { .string(String(decoding: text, as: UTF8.self)) }

    /// The weight as people write it: 0 and 1 without a fraction.
    fileprivate var weightOutput: JSONOutput? {
        weight.map { $0 == 0 || $0 == 1 ? .integer(Int($0)) : .number($0) }
    }

    /// As a message.
    fileprivate var message: JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [("role", .string(role?.rawValue ?? "user"))]
        // A message that only calls a tool has no content.
        members.append(("content", text.isEmpty && hasCalls && isAnswer ? .null : string))
        if let weight = weightOutput { members.append(("weight", weight)) }
        return .object(members + self.members.map(\.output))
    }
}
