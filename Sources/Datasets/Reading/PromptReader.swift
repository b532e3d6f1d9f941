// Rows with prompts, as read by `generate --batch`.

import Conversations

/// A row's conversation up to the answer.
package struct PromptRow: Sendable, Equatable {
    package let line: Int
    package let messages: [Message]
    /// The row's `custom_id`.
    package let customID: String?
}

package enum PromptReader {
    /// Reads rows of any training format, and `{"prompt"}` or `{"messages"}` without an answer.
    package static func read(_ file: TextFile) throws(DatasetError) -> [PromptRow] {
        var options = RowOptions()
        options.wantsAnswer = false
        var rows: [PromptRow] = []
        let reader = StrictReader(file: file, options: options)
        _ = try reader.forEachRow(reader.format()) { (parsed) throws(DatasetError) in
            guard case .conversation(var messages) = parsed.row.content else {
                throw .badRow(path: file.path, line: parsed.line, column: 1, reason: "a text row has no prompt")
            }
            if messages.last?.role == .assistant { messages.removeLast() }
            guard !messages.isEmpty else {
                throw .badRow(path: file.path, line: parsed.line, column: 1, reason: "the row has no prompt")
            }
            rows.append(PromptRow(line: parsed.line, messages: messages, customID: parsed.row.customID))
        }
        return rows
    }
}
