// Rows that ask something: what `generate --batch` reads.

import Conversations
import StrictJSON

/// A row's conversation up to where an answer is wanted.
public struct PromptRow: Sendable, Equatable {
    public let line: Int
    public let messages: [Message]
}

public enum PromptReader {
    /// Reads rows of any format of training, and `{"prompt"}` or `{"messages"}` without an answer.
    public static func read(_ file: TextFile) throws(DatasetError) -> [PromptRow] {
        var rows: [PromptRow] = []
        for line in Document.lines(of: file) where !Document.isBlank(line.bytes) {
            let document = try RowReader.readPrompt(line, path: file.path)
            guard case .conversation(var messages) = document else {
                throw .badRow(
                    path: file.path, line: line.number, column: 1, reason: "a text row asks nothing; it needs a prompt")
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
