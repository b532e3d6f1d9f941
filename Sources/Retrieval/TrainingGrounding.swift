// Rows of training data with what retrieval would give for them.

import Conversations

/// A row with passages in its system message.
package struct GroundedRow: Sendable, Equatable {
    /// The conversation with the passages for its last question, and its own answer, which they support.
    package let answered: [Message]
    /// The same question over passages that do not answer it, and an answer that says so; nil where there are no others.
    package let declined: [Message]?
}

extension Grounding {
    /// How many more passages are looked at for those that do not answer.
    private static let depth = 4

    /// Finds passages for a conversation that ends with an answer.
    ///
    /// - Returns: nil where the passages do not support the answer: a model would learn to invent it.
    package func trainingRow(_ messages: [Message]) throws -> GroundedRow? {
        guard let answer = messages.last, answer.role == .assistant,
            let question = messages.last(where: { $0.role == .user })
        else { return nil }
        let text = String(decoding: answer.content, as: UTF8.self)
        let found = try index.search(
            String(decoding: question.content, as: UTF8.self), count: count * Grounding.depth)
        let given = Array(found.prefix(count))
        guard Support.isGiven(text, by: given.map(\.passage.searched)) else { return nil }
        let others = Array(found.filter { !Support.isGiven(text, by: [$0.passage.searched]) }.prefix(count))
        var declined: [Message]?
        if !others.isEmpty, !Support.isGiven(text, by: others.map(\.passage.searched)) {
            declined =
                Grounding.conversation(messages, others).dropLast() + [Message(.assistant, Grounding.notFound)]
        }
        return GroundedRow(answered: Grounding.conversation(messages, given), declined: declined)
    }
}

/// Whether passages say what an answer says.
enum Support {
    /// Every number of the answer is in the passages, and half of its words that are not common.
    static func isGiven(_ answer: String, by passages: [String]) -> Bool {
        let there = Set(passages.flatMap(words))
        let said = SearchWords.of(answer)
        let (numbers, others) = (said.filter(isNumber), said.filter { !isNumber($0) })
        guard !said.isEmpty, numbers.allSatisfy(there.contains) else { return false }
        return 2 * others.count(where: there.contains) >= others.count
    }

    private static func isNumber(_ word: String) -> Bool { word.contains { $0.isNumber } }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
