// The labels of a classification: the few different answers that many rows have.

import Conversations

/// Finds out whether answers are labels.
public enum AnswerLabels {
    /// More different answers, or longer ones, are no labels.
    public static let mostLabels = 512
    public static let longestLabel = 80

    /// The different answers of rows with one answer each, in the order of their bytes; nil where they are no labels:
    /// fewer than two, a third as many as rows or more, too many or too long.
    public static func find(_ documents: [Document]) -> [[UInt8]]? {
        var counts: [[UInt8]: Int] = [:]
        for document in documents {
            guard let (_, answer) = split(document), answer.count <= longestLabel else { return nil }
            counts[answer, default: 0] += 1
            if counts.count > mostLabels { return nil }
        }
        guard counts.count > 1, counts.count * 3 < documents.count else { return nil }
        return counts.keys.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// A row's prompt and its one answer, nil for other documents.
    public static func split(_ document: Document) -> (prompt: [Message], answer: [UInt8])? {
        guard case .conversation(let messages) = document.content, let last = messages.last, last.role == .assistant,
            messages.count(where: { $0.role == .assistant }) == 1
        else { return nil }
        return (Array(messages.dropLast()), last.content)
    }
}
