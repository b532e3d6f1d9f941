// Classification labels: a few distinct answers shared by many rows.

import Conversations

/// Detects whether answers are labels.
package enum AnswerLabels {
    /// With more distinct answers, or longer ones, answers are not labels.
    package static let mostLabels = 512
    package static let longestLabel = 80

    /// The distinct answers of rows with one answer each, sorted by their bytes; nil if they are not labels: fewer than
    /// two, at least a third of the row count, too many or too long.
    package static func find(_ documents: [Document]) -> [[UInt8]]? {
        var counts: [[UInt8]: Int] = [:]
        for document in documents {
            guard let (_, answer) = split(document), answer.count <= longestLabel else { return nil }
            counts[answer, default: 0] += 1
            if counts.count > mostLabels { return nil }
        }
        guard counts.count > 1, counts.count * 3 < documents.count else { return nil }
        return counts.keys.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// A row's prompt and its only answer; nil for other documents.
    package static func split(_ document: Document) -> (prompt: [Message], answer: [UInt8])? {
        guard case .conversation(let messages) = document.content, let last = messages.last, last.role == .assistant,
            messages.count(where: { $0.role == .assistant }) == 1
        else { return nil }
        return (Array(messages.dropLast()), last.content)
    }
}
