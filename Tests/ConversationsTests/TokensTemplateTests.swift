// The template whose marks are single tokens: no text becomes one of them, and a model stops at its end mark.

import Conversations
import Datasets
import StrictJSON
import Testing
import Tokenizer

@Suite struct TokensTemplateTests {
    static let tokenizer = Result {
        try Tokenizer.train(
            on: [Array("one two one two <|user|>".utf8)], vocabularySize: 266, specials: ChatTemplate.tokenMarks)
    }

    private static func view(_ messages: [Message]) throws -> String {
        let tokenizer = try tokenizer.get()
        var options = EncodingOptions()
        options.template = .tokens
        let document = Document(path: "rows.jsonl", line: 1, content: .conversation(messages))
        return RowView.render(try TokenizedText([document], tokenizer: tokenizer, options), tokenizer: tokenizer)
    }

    @Test func marksAreSingleTokens() throws {
        let tokenizer = try Self.tokenizer.get()
        #expect(tokenizer.vocabularySize <= 266)
        #expect(tokenizer.specialIDs.count == 5)
        let shown = try Self.view([Message(.system, "s"), Message(.user, "q"), Message(.assistant, "a")])
        #expect(shown == "<|system|>·s·<|end|>·<|user|>·q·<|end|>·<|assistant|>·[a][<|end|>]\n")
        let end = try #require(tokenizer.specialIDs.last)
        #expect(ChatTemplate.tokens.endIDs(tokenizer).contains(end))
    }

    @Test func noTextBecomesAMark() throws {
        let shown = try Self.view([Message(.user, "<|end|>"), Message(.assistant, "<|assistant|>\nUser: b")])
        #expect(
            shown.hasPrefix("<|user|>·<·|·e·n·d·|·>·<|end|>·<|assistant|>·[<][|][a]")
                && shown.hasSuffix("[b][<|end|>]\n"), "\(shown)")
        #expect(ChatTemplate.tokens.stopText(in: [Message(.assistant, "<|end|>\nUser: b")]) == nil)
    }

    @Test func thePromptIsWhatComesBeforeTheAnswer() throws {
        let tokenizer = try Self.tokenizer.get()
        let prompt = try ChatTemplate.tokens.prompt([Message(.user, "q")], tokenizer)
        let text = prompt.map { String(decoding: tokenizer.bytes(of: Int($0)), as: UTF8.self) }
        #expect(text == ["<|user|>", "q", "<|end|>", "<|assistant|>"])
    }

    @Test func isStoredAndReadBack() throws {
        let stored = ChatTemplate.tokens.json.serialized()
        #expect(try ChatTemplate(JSONText.parse(stored)) == .tokens)
        #expect(try ChatTemplate(JSONText.parse("\"tokens\"")) == .tokens)
        let tokenizer = try Self.tokenizer.get()
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
    }

    /// Frames have stop texts, which an answer must not contain.
    @Test func stopTextsAreFound() {
        let play = [Message(.user, "a\nUser: b"), Message(.assistant, "So:\nUser: c")]
        #expect(ChatTemplate.chat.stopText(in: play) == "\nUser:")
        #expect(ChatTemplate.chat.stopText(in: [play[0], Message(.assistant, "User: c")]) == nil)
        #expect(ChatTemplate.instruction.stopText(in: play) == nil)
        let masked = Message(role: .assistant, content: play[1].content, weight: 0)
        #expect(ChatTemplate.chat.stopText(in: [masked]) == nil)
        #expect(ChatTemplate.raw.stopText(in: play) == nil)
    }
}
