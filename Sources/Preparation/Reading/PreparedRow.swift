// A row as it is checked, mended and written: texts with their speakers, whatever the file's format was.

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
        /// Who says it; nil for a text that nobody says.
        var role: Role?
        package var text: [UInt8]
        /// Of an answer in the loss, where the row gives it.
        var weight: Double?
        package var origin: TextOrigin

        var isAnswer: Bool { role == .assistant }
    }

    var kind: Kind
    package var parts: [Part]

    /// The index of the last answer, where there is one.
    var lastAnswer: Int? { parts.lastIndex { $0.isAnswer } }

    /// Which hash a part's speaker has.
    static func speaker(_ part: Part) -> UInt64 {
        part.role.map { FingerprintBuilder.speaker($0) } ?? FingerprintBuilder.text
    }

    /// As one line of JSON.
    package var json: JSONOutput {
        func text(_ part: Part) -> JSONOutput { .string(String(decoding: part.text, as: UTF8.self)) }
        guard kind == .chat else {
            // An input that is empty is left away.
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

    /// The template that frames it where a config names none.
    var template: ChatTemplate {
        switch kind {
        case .chat: .chat
        case .instruction: .instruction
        case .promptCompletion, .text: .raw
        }
    }
}
