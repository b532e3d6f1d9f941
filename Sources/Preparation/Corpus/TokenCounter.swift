// How many tokens a row takes, framed as training frames it.

import Datasets
import Tokenizer

/// Counts rows one after the other in memory of its own; one for each thread.
struct TokenCounter {
    private let tokenizer: Tokenizer
    private var ids: [Int32] = []
    private var text: [UInt8] = []

    init(tokenizer: Tokenizer) { self.tokenizer = tokenizer }

    /// The tokens of the whole row, and of its longest answer with its end.
    mutating func count(_ row: PreparedRow) -> (whole: Int, longestAnswer: Int) {
        let template = row.template
        var (whole, longest) = (0, 0)
        for (index, part) in row.parts.enumerated() {
            switch part.role {
            case .assistant:
                whole += tokens(template.assistant.before, [], "")
                // The end-of-text token counts as well.
                let answer = tokens(template.answerLead, part.text, "") + 1
                longest = max(longest, answer)
                whole += answer
                if index < row.parts.count - 1 { whole += tokens(template.assistant.after, [], "") }
            case .system: whole += tokens(template.system.before, part.text, template.system.after)
            case .user: whole += tokens(template.user.before, part.text, template.user.after)
            case nil: whole += tokens("", part.text, "")
            }
        }
        return (whole, longest)
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
