// A question with the passages that answer it.

import Conversations
import StrictJSON
import Synchronization

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
        var messages = messages
        if messages.first?.role != .system { messages.insert(Message(.system, ""), at: 0) }
        let own = messages[0].content.isEmpty ? [] : messages[0].content + Array("\n\n".utf8)
        messages[0].content = own + Array(block(found).utf8)
        // The functions that a model may call are in the first message.
        if messages.count > 1, !messages[1].tools.isEmpty {
            (messages[0].tools, messages[1].tools) = (messages[1].tools, [])
        }
        return messages
    }

    /// The passages as a model reads them. Training rows made by `prepare --ground` have the same words.
    package static func block(_ found: [FoundPassage]) -> String {
        let head = "Answer from these passages. Where they do not say it, answer: \(notFound)"
        let passages = found.enumerated().map { "[\($0.offset + 1)] \($0.element.passage.searched)" }
        return ([head] + passages).joined(separator: "\n\n")
    }
}

/// A grounding that several threads ask: one at a time.
package final class SharedGrounding: Sendable {
    private let grounding: Mutex<Grounding>

    package init(_ grounding: sending Grounding) { self.grounding = Mutex(grounding) }

    /// As `Grounding.ground`.
    package func ground(
        _ messages: [Message], fits: @Sendable ([Message]) throws -> Bool
    ) throws -> (messages: [Message], sources: [FoundPassage]) {
        try grounding.withLock { try $0.ground(messages, fits: fits) }
    }

    /// How many documents and passages there are.
    package func counts() throws -> (documents: Int, passages: Int) {
        try grounding.withLock { (try $0.index.documentCount, try $0.index.passageCount) }
    }
}

extension [FoundPassage] {
    /// Where an answer comes from.
    package var json: JSONOutput {
        .array(
            map { found in
                [
                    "path": .string(found.path), "firstLine": .integer(found.passage.lines.lowerBound),
                    "lastLine": .integer(found.passage.lines.upperBound), "text": .string(found.passage.searched),
                    "similarity": .number(Double(found.similarity)),
                ]
            })
    }
}
