// Conversations with the program: training on rows, answers with the stored template, chat, batches, inspection.

import Foundation
import StrictJSON
import Testing

@Suite struct ChatTests {
    static let config = """
        {
            "model": { "blockCount": 2, "headCount": 4, "modelWidth": 64, "contextLength": 64 },
            "tokenizer": { "vocabularySize": 300 },
            "data": { "train": "chat.jsonl", "validationFraction": 0.1 },
            "training": { "epochs": 60, "batchSize": 8, "learningRate": 4e-3 },
            "generation": { "maximumTokens": 20, "temperature": 0 }
        }
        """

    /// Forty conversations that ask for one of four colours.
    static let rows: String = (0..<40).map { index in
        let thing = ["grass", "snow", "coal", "blood"][index % 4]
        let colour = ["green", "white", "black", "red"][index % 4]
        let question = ["What colour is \(thing)?", "Tell me the colour of \(thing)."][index / 4 % 2]
        return """
            {"messages": [{"role": "user", "content": "\(question)"}, \
            {"role": "assistant", "content": "It is \(colour)."}]}
            """
    }.joined(separator: "\n")

    /// - Parameter template: nil for the default, `tokens`.
    private func trained(template: String? = nil) throws -> Workplace {
        let place = try Workplace()
        try place.write(Self.rows, to: "chat.jsonl")
        try place.write(Self.config, to: "chat.json")
        let outcome = try place.luthier(
            "train", "--config", "chat.json", "--set", "data.template=\(template ?? "null")")
        try #require(outcome.code == 0, "\(outcome.errors)")
        #expect(
            outcome.errors.contains("train: 36 documents read = 36 full + 0 cut + 0 dropped"), "\(outcome.errors)")
        return place
    }

    @Test func answersAreRightEverywhere() throws {
        let place = try trained(template: "chat")
        let eval = try place.luthier("eval", "--generate", "--json").json()
        #expect(eval["exactMatch"]?.number == 1)
        #expect(eval["stopRate"]?.number == 1)
        #expect(eval["sequenceAccuracy"]?.number == 1)
        #expect(eval["answers"]?.integer == 4)

        let answer = try place.luthier("generate", "--prompt", "What colour is snow?")
        #expect(answer.output == "It is white.\n")
        let raw = try place.luthier("generate", "--raw", "--prompt", "User: What colour is coal?\nAssistant:")
        #expect(raw.output.hasPrefix("User: What colour is coal?\nAssistant: It is black."))

        let chat = try place.luthier(
            "chat", input: "What colour is blood?\n\n/reset\nTell me the colour of grass.\n/quit\n")
        #expect(chat.output == "It is red.\nIt is green.\n", "\(chat.output)")
    }

    @Test func oldMessagesAreDroppedFromAFullContext() throws {
        let place = try trained()
        let question = "What colour is snow?\n"
        let chat = try place.luthier("chat", input: String(repeating: question, count: 8))
        #expect(chat.code == 0, "\(chat.errors)")
        #expect(chat.errors.contains("note: the context is full; the oldest"), "\(chat.errors)")
        #expect(chat.output.split(separator: "\n").count == 8)
    }

    @Test func aBatchIsAnswered() throws {
        let place = try trained()
        try place.write(
            """
            {"custom_id": "first", "prompt": "What colour is coal?"}

            {"messages": [{"role": "user", "content": "Tell me the colour of snow."}]}
            """, to: "questions.jsonl")
        let outcome = try place.luthier("generate", "--batch", "questions.jsonl", "--output", "answers.jsonl")
        #expect(outcome.code == 0, "\(outcome.errors)")
        let lines = String(decoding: try place.read("answers.jsonl"), as: UTF8.self).split(separator: "\n")
        let answers = try lines.map { try JSONText.parse(String($0)).object }
        #expect(answers.map { $0?["line"]?.integer } == [1, 3])
        #expect(answers.map { $0?["text"]?.string } == ["It is black.", "It is white."])
        #expect(answers.map { $0?["custom_id"]?.string } == ["first", nil])
        #expect(answers.first??["finishReason"]?.string == "stop")
        let again = try place.luthier("generate", "--batch", "questions.jsonl", "--output", "answers.jsonl")
        #expect(again.code == 2 && again.errors.contains("answers.jsonl: the file exists"))
        let broken = try place.luthier("generate", "--batch", "chat.json", "--output", "x.jsonl")
        #expect(broken.code == 1)
    }

    @Test func inspection() throws {
        let place = try trained()
        let row = try place.luthier("inspect", "chat.jsonl", "--row", "2")
        #expect(row.output.contains("<|assistant|>·[It]") && row.output.contains("[<|end|>]"))
        #expect(row.output.contains("chat.jsonl, line 2:"))
        #expect(!row.output.contains("[What"))
        #expect(try place.luthier("inspect", "chat.jsonl", "--row", "41").code == 2)
        let checkpoint = try place.luthier("inspect", "checkpoints/chat-1")
        #expect(checkpoint.output.contains("/model/h.1.mlp.c_proj.weight  [256, 64]  float32"))
        #expect(checkpoint.output.contains("/template"))
    }

    @Test func aModelOfPlainTextDoesNotChat() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        let made = try place.luthier(
            "train", "--train", "text.txt", "--steps", "2", "--set", "model.modelWidth=32", "--set",
            "tokenizer.vocabularySize=257", "--context-length", "32")
        #expect(made.code == 0, "\(made.errors)")
        let chat = try place.luthier("chat", input: "hello\n")
        #expect(chat.code == 2)
        #expect(chat.errors.contains("error: this model was trained on plain text and has no chat template"))
    }
}
