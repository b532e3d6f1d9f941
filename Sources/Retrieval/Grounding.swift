// A question with the passages that answer it.

import Conversations

/// Puts what documents say in front of a question, for a model that has read none of them.
package struct Grounding {
    /// The answer where nothing in the documents is near enough. No model is asked then.
    package static let notFound = "Not in the documents."

    package let index: DocumentIndex
    /// Passages in a prompt, at most.
    package let count: Int
    /// The cosine that the nearest of them must have.
    package let leastSimilarity: Float

    package init(index: DocumentIndex, count: Int, leastSimilarity: Float) {
        (self.index, self.count, self.leastSimilarity) = (index, count, leastSimilarity)
    }

    /// Finds the passages for the last question of a conversation, and puts as many of them as fit into its system message.
    ///
    /// - Parameter fits: whether a conversation leaves room for an answer.
    /// - Returns: the conversation to answer, and the passages in it, the best first; without any where nothing is near enough.
    package func ground(
        _ messages: [Message], fits: ([Message]) throws -> Bool
    ) throws -> (messages: [Message], sources: [FoundPassage]) {
        guard let question = messages.last(where: { $0.role == .user }) else { return (messages, []) }
        var found = try index.search(String(decoding: question.content, as: UTF8.self), count: count)
        guard found.contains(where: { $0.similarity >= leastSimilarity }) else { return (messages, []) }
        while found.count > 1, try !fits(Grounding.conversation(messages, found)) { found.removeLast() }
        return (Grounding.conversation(messages, found), found)
    }

    /// A conversation with passages at the end of its system message, which is made where there is none.
    package static func conversation(_ messages: [Message], _ found: [FoundPassage]) -> [Message] {
        let own = messages.first.flatMap { $0.role == .system ? $0 : nil }
        let text = own.map { String(decoding: $0.content, as: UTF8.self) + "\n\n" } ?? ""
        return [Message(.system, text + block(found))] + messages.dropFirst(own == nil ? 0 : 1)
    }

    /// The passages as a model reads them. Training rows made by `prepare --ground` have the same words.
    package static func block(_ found: [FoundPassage]) -> String {
        let head = "Answer from these passages. Where they do not say it, answer: \(notFound)"
        let passages = found.enumerated().map { "[\($0.offset + 1)] \($0.element.passage.searched)" }
        return ([head] + passages).joined(separator: "\n\n")
    }
}
