// Prompts and texts from files and pipes, stop texts, and rows that are shown before there is a run.

import Foundation
import Testing

@Suite struct TextInputTests {
    private func trained() throws -> Workplace {
        let place = try Workplace()
        try place.write(ChatTests.rows, to: "chat.jsonl")
        try place.write(ChatTests.config, to: "chat.json")
        let outcome = try place.luthier("train", "--config", "chat.json", "--epochs", "2")
        try #require(outcome.code == 0, "\(outcome.errors)")
        return place
    }

    @Test func promptsLoseTheLastLineEnd() throws {
        let place = try trained()
        try place.write("What colour is snow?\n", to: "prompt.txt")
        let asked = try place.luthier("generate", "--prompt", "What colour is snow?", "--json").json()
        let piped = try place.luthier("generate", "-", "--json", input: "What colour is snow?\n").json()
        let read = try place.luthier("generate", "--prompt-file", "prompt.txt", "--json").json()
        for other in [piped, read] {
            #expect(other["prompt"]?.string == asked["prompt"]?.string)
            #expect(
                other["completions"]?.array?.first?.object?["text"]?.string
                    == asked["completions"]?.array?.first?.object?["text"]?.string)
        }
        // Only one line end is the editor's.
        #expect(try place.luthier("generate", "-", "--json", input: "a\n\n").json()["prompt"]?.string == "a\n")
    }

    @Test func aStopTextCanBeALineEnd() throws {
        let place = try Workplace()
        try place.write(String(repeating: "one\ntwo\n", count: 200), to: "text.txt")
        let made = try place.luthier(
            "train", "--train", "text.txt", "--steps", "60", "--set", "model.modelWidth=32", "--set",
            "tokenizer.vocabularySize=257", "--context-length", "32", "--learning-rate", "1e-2")
        try #require(made.code == 0, "\(made.errors)")
        let stopped = try place.luthier(
            "generate", "--prompt", "one\ntw", "--temperature", "0", "--max-tokens", "12", "--stop", "\\n", "--json")
        let text = try stopped.json()["completions"]?.array?.first?.object?["text"]?.string
        #expect(text == "o", "\(stopped.output)")
    }

    @Test func encodingKeepsEveryByte() throws {
        let place = try Workplace()
        try place.write(Data([0xEF, 0xBB, 0xBF, 0x61, 0x0D, 0x0A, 0x62, 0x0D, 0x0A]), to: "text.txt")
        try place.write(String(repeating: "some text\n", count: 9), to: "some.txt")
        let made = try place.luthier(
            "tokenizer", "train", "some.txt", "--vocabulary-size", "257", "--output", "bytes")
        try #require(made.code == 0, "\(made.errors)")
        let ids = try place.luthier("tokenizer", "encode", "text.txt", "--tokenizer", "bytes")
        #expect(ids.output == "239 187 191 97 13 10 98 13 10\n", "\(ids.output) \(ids.errors)")
    }

    @Test func rowsAreShownWithoutARun() throws {
        let place = try Workplace()
        try place.write(ChatTests.rows, to: "chat.jsonl")
        try place.write(ChatTests.config, to: "chat.json")
        let none = try place.luthier("inspect", "chat.jsonl", "--row", "2")
        #expect(none.code == 2)
        #expect(none.errors.contains("--base, --config or --tokenizer"))
        let configured = try place.luthier("inspect", "chat.jsonl", "--row", "2", "--config", "chat.json")
        #expect(configured.output.hasPrefix("<|user|>·"), "\(configured.output) \(configured.errors)")
        #expect(configured.output.contains("chat.jsonl, line 2: ") && configured.output.contains("context 64"))
        _ = try place.luthier("tokenizer", "train", "chat.jsonl", "--vocabulary-size", "257", "--output", "bytes")
        let shown = try place.luthier("inspect", "chat.jsonl", "--row", "2", "--tokenizer", "bytes")
        #expect(shown.output.contains("U·s·e·r·:"), "\(shown.output) \(shown.errors)")
        #expect(shown.output.contains("[<|endoftext|>]"))
        let trained = try place.luthier("train", "--config", "chat.json", "--epochs", "1")
        try #require(trained.code == 0)
        let based = try place.luthier("inspect", "chat.jsonl", "--row", "2", "--base", "checkpoints/chat-1")
        #expect(based.output == configured.output, "\(based.output) \(based.errors)")
        #expect(try place.luthier("inspect", "chat.jsonl", "--base", "checkpoints/chat-1").code == 2)
    }

    @Test func anAnswerThatEndsTooEarlyIsRefused() throws {
        let place = try Workplace()
        let rows = (0..<8).map {
            "{\"messages\":[{\"role\":\"user\",\"content\":\"Play \($0)\"},"
                + "{\"role\":\"assistant\",\"content\":\"Here:\\nUser: line \($0)\"}]}\n"
        }.joined()
        try place.write(rows, to: "plays.jsonl")
        let small = ["--dry-run", "--set", "model.modelWidth=16", "--set", "model.headCount=1"]
        func train(_ settings: String...) throws -> Outcome {
            try Running(["train", "--train", "plays.jsonl"] + small + settings, in: place.path, input: "").wait()
        }
        let refused = try train("--set", "data.template=chat")
        #expect(refused.code == 1)
        #expect(
            refused.errors.contains("line 1: an answer contains \"\\nUser:\", where the template chat ends answers"))
        #expect(try train("--set", "tokenizer.vocabularySize=257").code == 1)
        let passed = try train("--set", "tokenizer.vocabularySize=300")
        #expect(passed.code == 0, "\(passed.errors)")
        #expect(
            try train("--set", "data.template=tokens", "--set", "tokenizer.vocabularySize=257").errors
                .contains("the tokenizer has no special token <|system|>"))
    }
}
