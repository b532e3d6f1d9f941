// Rows with prompts, as read by `generate --batch`.

import Conversations
import StrictJSON

/// A row's conversation up to the answer.
package struct PromptRow: Sendable, Equatable {
    package let line: Int
    package let messages: [Message]
}

package enum PromptReader {
    /// Reads rows of any training format, and `{"prompt"}` or `{"messages"}` without an answer.
    package static func read(_ file: TextFile) throws(DatasetError) -> [PromptRow] {
        var rows: [PromptRow] = []
        for line in Document.lines(of: file) where !Document.isBlank(line.bytes) {
            let document = try RowReader.readPrompt(line, path: file.path)
            guard case .conversation(var messages) = document else {
                throw .badRow(
                    path: file.path, line: line.number, column: 1, reason: "a text row has no prompt")
            }
            if messages.last?.role == .assistant { messages.removeLast() }
            guard !messages.isEmpty else {
                throw .badRow(path: file.path, line: line.number, column: 1, reason: "the row has no prompt")
            }
            rows.append(PromptRow(line: line.number, messages: messages))
        }
        return rows
    }
}
