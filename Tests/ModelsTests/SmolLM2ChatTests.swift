// Answers of SmolLM2-135M-Instruct from its GGUF file, token by token those that Transformers gives.

import Conversations
import Foundation
import Inference
import Models
import StrictJSON
import TestSupport
import Testing

@Suite(
    "SmolLM2ChatTests", .serialized,
    .enabled(if: TestData.isAvailable && TestData.smolLM2.isThere, "the test data or the model's file are absent"))
struct SmolLM2ChatTests {
    private static func ids(_ node: JSONNode?) throws -> [Int32] {
        try #require(node?.array).map { Int32(try #require($0.integer)) }
    }

    private static func messages(_ node: JSONNode?) throws -> [Message] {
        try #require(node?.array).map { node in
            let message = try #require(node.object)
            let role = try #require(message["role"]?.string.flatMap(Role.init(rawValue:)))
            return Message(role, try #require(message["content"]?.string))
        }
    }

    /// Greedy answers to their end, with the template, the tokens and the end tokens that the file names.
    @Test func greedyAnswers() throws {
        let path = TestData.path("weights-smollm2/smollm2-reference.json")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let reference = try #require(JSONText.parse(bytes, options: JSONOptions(maximumBytes: 1 << 26)).object)
        let source = try ModelSource(path: TestData.smolLM2.path)
        #expect(source.template?.jinja == reference["chat_template"]?.string && source.notes.isEmpty)
        let responder = Responder(try source.load())
        var settings = responder.settings(seed: 1)
        (settings.sampling, settings.maximumTokens) = (.greedy, 64)
        let chats = try #require(reference["chats"]?.object).members
        #expect(chats.count == 5)
        for chat in chats {
            let expected = try #require(chat.value.object)
            let messages = try Self.messages(expected["messages"])
            #expect(try responder.prompt(messages) == Self.ids(expected["ids"]), "\(chat.key)")
            let completion = try responder.answer(messages, settings)
            let isEnded = expected["ended_by_im_end"]?.bool == true
            let ids = try Self.ids(expected["greedy_ids"])
            #expect(completion.tokens == (isEnded ? ids.dropLast() : ids[...]).map { $0 }, "\(chat.key)")
            #expect(completion.text == expected["greedy_text"]?.string, "\(chat.key)")
            #expect(completion.finishReason == (isEnded ? .stop : .length), "\(chat.key)")
        }
    }
}
