// How a model is asked: prompts put together by its template, its settings, and answers freed of the template's lead.

import Conversations
import Tokenizer

/// What of a model's use is independent of how its answers are computed.
package struct AnswerFrame: Sendable {
    /// nil if the text must be continued as it is.
    package let template: ChatTemplate?
    private let defaults: GenerationSettings
    private let tokenizer: Tokenizer
    private let contextLength: Int

    /// - Parameter settings: those stored with the model.
    package init(
        template: ChatTemplate?, settings: GenerationSettings, tokenizer: Tokenizer, contextLength: Int
    ) {
        (self.template, defaults, self.tokenizer, self.contextLength) = (template, settings, tokenizer, contextLength)
    }

    /// The model's settings with the template's stop texts and end tokens.
    package func settings(seed: UInt64) -> GenerationSettings {
        var settings = defaults
        settings.seed = seed
        settings.stop += template?.stop ?? []
        settings.endIDs = template?.endIDs(tokenizer) ?? []
        return settings
    }

    /// The tokens of a conversation up to the answer.
    package func prompt(_ messages: [Message]) throws -> [Int32] {
        guard let template else {
            return try tokenizer.promptTokens(
                messages.map { String(decoding: $0.content, as: UTF8.self) }.joined())
        }
        let tokens = try template.prompt(messages, tokenizer)
        return tokens.isEmpty ? try tokenizer.promptTokens("") : tokens
    }

    /// The newest part of a conversation that leaves `room` tokens of the context for an answer: the system message
    /// stays, the oldest turns go.
    ///
    /// - Returns: what is left, and how many turns went.
    package func fitting(_ messages: [Message], room: Int) throws -> (messages: [Message], dropped: Int) {
        let limit = limit(room: room)
        var kept = messages
        var dropped = 0
        while try prompt(kept).count > limit {
            guard let first = kept.firstIndex(where: { $0.role != .system }), first < kept.count - 1 else { break }
            kept.remove(at: first)
            dropped += 1
        }
        return (kept, dropped)
    }

    /// Whether a conversation leaves `room` tokens of the context for an answer.
    package func fits(_ messages: [Message], room: Int) throws -> Bool {
        try prompt(messages).count <= limit(room: room)
    }

    /// The most tokens of a prompt: an answer may take half of the context, at most.
    private func limit(room: Int) -> Int { max(1, contextLength - max(1, min(room, contextLength / 2))) }

    /// Removes the template's lead from an answer that comes in pieces.
    package func makeLeadRemover() -> LeadRemover { LeadRemover(template?.answerLead ?? "") }
}

/// Removes what the template puts in front of an answer, however the pieces fall.
package struct LeadRemover: Sendable {
    private var lead: Substring

    package init(_ lead: String) { self.lead = Substring(lead) }

    /// What of the next piece belongs to the answer.
    package mutating func take(_ piece: String) -> String {
        var piece = Substring(piece)
        while let first = lead.first, let next = piece.first {
            guard first == next else {
                lead = ""
                break
            }
            lead.removeFirst()
            piece.removeFirst()
        }
        return String(piece)
    }
}

extension Tokenizer {
    /// The tokens of a text to be continued, after the begin token where the tokenizer puts it in front of every text; of
    /// an empty text the begin token, or the end-of-text token where there is none.
    package func promptTokens(_ text: String) throws(GenerationError) -> [Int32] {
        let tokens: [Int32]
        do { tokens = try encode(text) } catch { throw .unencodable("\(error)") }
        guard tokens.isEmpty || addsBegin else { return tokens }
        guard let start = startID else { throw .emptyPrompt }
        return [Int32(start)] + tokens
    }
}
