// Rows as one line of text each, to compare readings.

import Conversations
import Datasets

enum RowText {
    /// `chat  user: Where?  |  assistant: Bay 0.`; a line feed is ⏎, a weight `assistant*0`, and what a message says next
    /// to its text `+key=JSON`.
    static func text(_ document: Document) -> String {
        let kind = document.row?.rawValue ?? "plain"
        switch document.content {
        case .stream(let bytes): return "stream  \(shown(bytes))"
        case .text(let bytes): return "\(kind)  \(shown(bytes))"
        case .conversation(let messages): return "\(kind)  " + messages.map(text).joined(separator: "  |  ")
        }
    }

    private static func text(_ message: Message) -> String {
        let weight = message.weight == 1 ? "" : "*\(message.weight)"
        var text = "\(message.role.rawValue)\(weight): \(shown(message.content))"
        for member in message.members { text += " +\(member.key)=\(shown(member.json))" }
        if !message.tools.isEmpty { text += " +tools=\(shown(message.tools))" }
        return text
    }

    private static func shown(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).replacing("\n", with: "⏎").replacing("\t", with: "→")
            .replacing("\r", with: "␍")
    }
}
