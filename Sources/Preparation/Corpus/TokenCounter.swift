// Counts the tokens of a row with the template that training uses.

import Datasets
import Tokenizer

/// Counts tokens with its own buffers; use one per thread.
struct TokenCounter {
    private let tokenizer: Tokenizer
    private var ids: [Int32] = []
    private var text: [UInt8] = []

    init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// The tokens of the complete row, and of its longest answer including end-of-text.
    mutating func count(_ row: Row) -> (total: Int, longestAnswer: Int) {
        let template = row.template
        var (total, longest) = (0, 0)
        for (index, part) in row.parts.enumerated() {
            switch part.role {
            case .assistant:
                total += tokens(template.assistant.before, [], "")
                // Plus the end-of-text token.
                let answer = tokens(template.answerLead, part.text, "") + 1
                longest = max(longest, answer)
                total += answer
                if index < row.parts.count - 1 { total += tokens(template.assistant.after, [], "") }
            case .system: total += tokens(template.system.before, part.text, template.system.after)
            case .user, .tool: total += tokens(template.user.before, part.text, template.user.after)
            case nil: total += tokens("", part.text, "")
            }
        }
        for part in row.parts {
            for member in part.members { total += tokens("", member.json, "") }
        }
        return (total, longest)
    }

    private mutating func tokens(_ before: String, _ body: [UInt8], _ after: String) -> Int {
        text.removeAll(keepingCapacity: true)
        text.append(contentsOf: before.utf8)
        text.append(contentsOf: body)
        text.append(contentsOf: after.utf8)
        guard !text.isEmpty else { return 0 }
        ids.removeAll(keepingCapacity: true)
        var result: [Int32] = []
        swap(&result, &ids)
        text.withUnsafeBufferPointer { bytes in try? tokenizer.encode(bytes, into: &result) }
        swap(&result, &ids)
        return ids.count
    }
}
