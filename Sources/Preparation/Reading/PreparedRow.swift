// A row as it is checked, fixed and written: texts with their roles, independent of the file's format.

import Conversations
import Datasets
import StrictJSON

/// One example.
package struct PreparedRow: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case promptCompletion = "prompt-completion"
        case instruction
        case chat
        case text
    }

    /// One text of a row.
    package struct Part: Sendable, Equatable {
        var key: String
        /// The author; nil for a text without a role.
        var role: Role?
        package var text: [UInt8]
        /// The loss weight of an answer, if the row has one.
        var weight: Double?
        package var origin: TextOrigin

        var isAnswer: Bool { role == .assistant }
    }

    var kind: Kind
    package var parts: [Part]

    /// The index of the last answer, if any.
    var lastAnswer: Int? { parts.lastIndex { $0.isAnswer } }

    /// The hash of a part's speaker.
    static func speaker(_ part: Part) -> UInt64 {
        part.role.map { FingerprintBuilder.speaker($0) } ?? FingerprintBuilder.text
    }

    /// As one line of JSON.
    package var json: JSONOutput {
        func text(_ part: Part) -> JSONOutput { .string(String(decoding: part.text, as: UTF8.self)) }
        guard kind == .chat else {
            // An empty input is omitted.
            let shown = parts.filter { $0.key != "input" || !$0.text.isEmpty }
            return .object(shown.map { (key: $0.key, value: text($0)) })
        }
        let messages = parts.map { part -> JSONOutput in
            var members: [(key: String, value: JSONOutput)] = [
                ("role", .string(part.role?.rawValue ?? "user")), ("content", text(part)),
            ]
            if let weight = part.weight { members.append(("weight", .number(weight))) }
            return .object(members)
        }
        return .object([("messages", .array(messages))])
    }

    /// The template used if the config names none.
    var template: ChatTemplate {
        switch kind {
        case .chat: .chat
        case .instruction: .instruction
        case .promptCompletion, .text: .raw
        }
    }
}
