// A model that answers: prompts put together by its template, answers freed of what the template put in front.

import Conversations
import Kernels
import Model
import Tokenizer

/// Generation with a model's own template, stop texts and settings.
package final class Responder {
    private let frame: AnswerFrame
    private let generator: TextGenerator

    /// nil if the text must be continued as it is.
    package var template: ChatTemplate? { frame.template }

    /// Shares a generator, and the copy of the weights that it keeps, with others.
    ///
    /// - Parameter settings: those stored with the model.
    package init(generator: TextGenerator, template: ChatTemplate?, settings: GenerationSettings) {
        self.generator = generator
        frame = AnswerFrame(
            template: template, settings: settings, tokenizer: generator.tokenizer,
            contextLength: generator.contextLength)
    }

    /// - Parameters:
    ///   - settings: those stored with the model.
    ///   - format: how the weights are kept for generation.
    package convenience init(
        model: Transformer, tokenizer: Tokenizer, template: ChatTemplate?, settings: GenerationSettings,
        format: WeightFormat? = nil
    ) {
        self.init(
            generator: TextGenerator(model: model, tokenizer: tokenizer, format: format), template: template,
            settings: settings)
    }

    /// The model's settings with the template's stop texts.
    package func settings(seed: UInt64) -> GenerationSettings { frame.settings(seed: seed) }

    /// How many tokens a conversation takes up to the answer.
    package func prompt(_ messages: [Message]) throws -> [Int32] { try frame.prompt(messages) }

    /// Answers a conversation, or continues its last text where there is no template.
    ///
    /// - Parameters:
    ///   - stream: 0, 1, 2 … for several answers under one seed.
    ///   - onText: called with each piece of the answer as soon as it is certain.
    package func answer(
        _ messages: [Message], _ settings: GenerationSettings, stream: Int = 0, onText: (String) -> Void = { _ in }
    ) throws -> Completion {
        var lead = frame.makeLeadRemover()
        var completion = try generator.complete(prompt(messages), settings, stream: stream) { piece in
            let piece = lead.take(piece)
            if !piece.isEmpty { onText(piece) }
        }
        removeLead(&completion)
        return completion
    }

    /// Answers many conversations, several at a time, as `answer` would each; the conversation's number is the stream.
    ///
    /// - Parameter onAnswer: called with the number and the answer as each one ends.
    package func answer(
        all conversations: [[Message]], _ settings: GenerationSettings, onAnswer: (Int, Completion) -> Void
    ) throws {
        try generator.complete(conversations.map(prompt), settings) { number, completion in
            var completion = completion
            removeLead(&completion)
            onAnswer(number, completion)
        }
    }

    private func removeLead(_ completion: inout Completion) {
        guard let front = template?.answerLead, !front.isEmpty, completion.text.hasPrefix(front) else { return }
        completion.text.removeFirst(front.count)
    }

    /// The newest part of a conversation that leaves `room` tokens of the context for an answer: the system message
    /// stays, the oldest turns go.
    ///
    /// - Returns: what is left, and how many turns went.
    package func fitting(_ messages: [Message], room: Int) throws -> (messages: [Message], dropped: Int) {
        try frame.fitting(messages, room: room)
    }

    /// Whether a conversation leaves `room` tokens of the context for an answer.
    package func fits(_ messages: [Message], room: Int) throws -> Bool { try frame.fits(messages, room: room) }
}
