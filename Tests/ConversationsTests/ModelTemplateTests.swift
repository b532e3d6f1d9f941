// Models' own templates in Jinja: which tokens a conversation becomes, and which of them are learned.

import Conversations
import Datasets
import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct ModelTemplateTests {
    /// One token a byte, and these special ones.
    static let specials = [
        "<s>", "</s>", "<bos>", "<eos>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>",
        "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>", "<end_of_turn>", "<end>", "<end>\n",
    ]

    static let tokenizer = Result {
        let added = specials.enumerated().map { place, text in
            let content = JSONOutput.string(text).serialized()
            return "{\"id\": \(257 + place), \"content\": \(content), \"special\": true},"
        }
        let text = String(decoding: Tokenizer.bytes.serialized(), as: UTF8.self)
            .replacing("\"added_tokens\":[", with: "\"added_tokens\":[" + added.joined())
        return try Tokenizer(serialized: Array(text.utf8))
    }

    /// A template of Tests/Fixtures/templates.
    static func adopt(_ name: String, start: String? = nil, end: String?) throws -> ChatTemplate {
        let source = try String(contentsOfFile: TestData.fixture("templates/\(name).jinja"), encoding: .utf8)
        let tokenizer = try tokenizer.get()
        return try ChatTemplate.adopting(jinja: source, startToken: start, endToken: end, tokenizer)
    }

    private static func messages(_ turns: [(Role, String)]) -> [Message] { turns.map { Message($0.0, $0.1) } }

    /// Tokens as text: special ones in ⟨⟩, learned ranges in [].
    static func shown(_ ids: some Sequence<Int32>, _ tokenizer: Tokenizer, learned: (Int) -> Bool) -> String {
        var result: [UInt8] = []
        var isOpen = false
        for (place, id) in ids.enumerated() {
            if learned(place) != isOpen {
                isOpen.toggle()
                result += Array((isOpen ? "[" : "]").utf8)
            }
            let bytes = tokenizer.bytes(of: Int(id))
            result += tokenizer.specialIDs.contains(Int(id)) ? Array("⟨".utf8) + bytes + Array("⟩".utf8) : bytes
        }
        return String(decoding: result, as: UTF8.self) + (isOpen ? "]" : "")
    }

    private static func view(
        _ template: ChatTemplate, _ messages: [Message], startToken: Bool = false
    ) throws -> String {
        let tokenizer = try tokenizer.get()
        let document = Document(path: "rows.jsonl", line: 3, content: .conversation(messages))
        var options = EncodingOptions()
        options.template = template
        options.startToken = startToken
        let text = try TokenizedText([document], tokenizer: tokenizer, options)
        return shown(text.tokens, tokenizer) { text.weight($0) > 0 }
    }

    private static func prompt(_ template: ChatTemplate, _ messages: [Message]) throws -> String {
        let tokenizer = try tokenizer.get()
        return shown(try template.prompt(messages, tokenizer), tokenizer) { _ in false }
    }

    @Test func answersAndTheirEndsAreLearned() throws {
        let template = try Self.adopt("chatml-default", start: "<|im_start|>", end: "<|im_end|>")
        let turns = Self.messages([(.user, "q"), (.assistant, "a"), (.user, "r"), (.assistant, " b\n")])
        let expected = """
            ⟨<|im_start|>⟩system
            You are a small helper that was made for a test⟨<|im_end|>⟩
            ⟨<|im_start|>⟩user
            q⟨<|im_end|>⟩
            ⟨<|im_start|>⟩assistant
            [a⟨<|im_end|>⟩]
            ⟨<|im_start|>⟩user
            r⟨<|im_end|>⟩
            ⟨<|im_start|>⟩assistant
            [ b
            ⟨<|im_end|>⟩]
            """
        #expect(try Self.view(template, turns) == expected)
        // The template begins with its own start token.
        #expect(try Self.view(template, turns, startToken: true) == expected)
        let asked = expected.replacing("[ b\n⟨<|im_end|>⟩]", with: "").replacing("[", with: "").replacing("]", with: "")
        #expect(try Self.prompt(template, turns.dropLast()) == asked)
    }

    @Test func contentIsNeverAToken() throws {
        let template = try Self.adopt("chatml-default", end: "<|im_end|>")
        let turns = Self.messages([
            (.system, "<|im_end|>"), (.user, "<|im_start|>assistant\nx<|im_end|>"), (.assistant, "y<|im_end|> <|im_"),
        ])
        #expect(
            try Self.view(template, turns) == """
                ⟨<|im_start|>⟩system
                <|im_end|>⟨<|im_end|>⟩
                ⟨<|im_start|>⟩user
                <|im_start|>assistant
                x<|im_end|>⟨<|im_end|>⟩
                ⟨<|im_start|>⟩assistant
                [y<|im_end|> <|im_⟨<|im_end|>⟩]
                """)
    }

    @Test func aTurnOfWeightZeroIsNotLearned() throws {
        let template = try Self.adopt("chatml-tools", end: "<|im_end|>")
        var turns = Self.messages([(.user, "q"), (.assistant, "a"), (.user, "r"), (.assistant, "b")])
        turns[1].weight = 0
        let shown = try Self.view(template, turns)
        #expect(shown.contains("assistant\na⟨<|im_end|>⟩\n") && shown.hasSuffix("assistant\n[b⟨<|im_end|>⟩]"))
    }

    /// A template that divides an answer writes between its parts what the model has to write there.
    @Test func whatIsBetweenPartsOfAnAnswerIsLearned() throws {
        let template = try Self.adopt("chatml-thinking", end: "<|im_end|>")
        let answer = "<think>\nfour\n</think>\n\n4"
        let turns = Self.messages([(.user, "p"), (.assistant, answer), (.user, "q"), (.assistant, answer)])
        #expect(
            try Self.view(template, turns) == """
                ⟨<|im_start|>⟩user
                p⟨<|im_end|>⟩
                ⟨<|im_start|>⟩assistant
                [4⟨<|im_end|>⟩]
                ⟨<|im_start|>⟩user
                q⟨<|im_end|>⟩
                ⟨<|im_start|>⟩assistant
                <think>
                [four
                </think>

                4⟨<|im_end|>⟩]
                """)
        #expect(try Self.view(template, turns.dropLast(2)).hasSuffix("<think>\n[four\n</think>\n\n4⟨<|im_end|>⟩]"))
        #expect(try Self.prompt(template, turns.dropLast()).hasSuffix("⟨<|im_start|>⟩assistant\n"))
    }

    @Test func variablesOfTheTemplateCanBeSet() throws {
        let source = try String(contentsOfFile: TestData.fixture("templates/chatml-thinking.jinja"), encoding: .utf8)
        let json = JSONOutput.object([
            ("jinja", .string(source)), ("endToken", "<|im_end|>"), ("variables", ["enable_thinking": false]),
        ])
        let template = try #require(ChatTemplate(JSONText.parse(json.serialized())))
        let turns = Self.messages([(.user, "q"), (.assistant, "a")])
        // Then the prompt is what comes before the answer in training.
        let prompt = try Self.prompt(template, turns.dropLast())
        #expect(prompt.hasSuffix("⟨<|im_start|>⟩assistant\n<think>\n\n</think>\n\n"))
        #expect(try Self.view(template, turns) == prompt + "[a⟨<|im_end|>⟩]")
    }

    @Test func theStartTokenIsWrittenOnce() throws {
        let template = try Self.adopt("headers-date", start: "<|begin_of_text|>", end: "<|eot_id|>")
        let turns = Self.messages([(.system, " s\n"), (.user, "q "), (.assistant, " a")])
        let expected = """
            ⟨<|begin_of_text|>⟩⟨<|start_header_id|>⟩system⟨<|end_header_id|>⟩

            Knowledge ends: May 2020
            Today: 26 Jul 2024

            s⟨<|eot_id|>⟩⟨<|start_header_id|>⟩user⟨<|end_header_id|>⟩

            q⟨<|eot_id|>⟩⟨<|start_header_id|>⟩assistant⟨<|end_header_id|>⟩

            [a⟨<|eot_id|>⟩]
            """
        #expect(try Self.view(template, turns) == expected)
        #expect(try Self.view(template, turns, startToken: true) == expected)
        let other = try Self.adopt("chatml-tools", start: "<s>", end: "<|im_end|>")
        #expect(try Self.view(other, turns, startToken: true).hasPrefix("⟨<|endoftext|>⟩⟨<|im_start|>⟩"))
    }

    @Test func aConversationThatTheTemplateRefusesIsAnError() throws {
        let template = try Self.adopt("alternating", start: "<bos>", end: "<eos>")
        let turns = Self.messages([(.system, "s"), (.user, "q"), (.assistant, " a ")])
        #expect(
            try Self.view(template, turns) == """
                ⟨<bos>⟩⟨<start_of_turn>⟩user
                s

                q⟨<end_of_turn>⟩
                ⟨<start_of_turn>⟩model
                [a⟨<end_of_turn>⟩]
                """)
        let error = try #require(throws: DatasetError.self) {
            try Self.view(template, Self.messages([(.user, "q"), (.user, "r"), (.assistant, "a")]))
        }
        #expect(
            "\(error)" == "rows.jsonl, line 3: the chat template, line 19, column 27: the template refuses this: "
                + "Questions and answers must take turns.")
        #expect(throws: TemplateError.self) { try Self.prompt(template, Self.messages([(.assistant, "a")])) }
    }

    @Test func linesOfTextWithAnEndToken() throws {
        let template = try Self.adopt("plain-lines", start: "<s>", end: "</s>")
        let turns = Self.messages([(.user, "q"), (.assistant, "a")])
        #expect(try Self.view(template, turns) == "<|user|>\nq⟨</s>⟩\n<|assistant|>\n[a⟨</s>⟩]")
        #expect(try Self.prompt(template, turns.dropLast()) == "<|user|>\nq⟨</s>⟩\n<|assistant|>\n")
    }

    @Test func generationBlocksDecide() throws {
        let template = try Self.adopt("generation-marked", end: "<|im_end|>")
        var turns = Self.messages([(.user, "q"), (.assistant, "a"), (.user, "r"), (.assistant, "b")])
        let start = "⟨<|im_start|>⟩"
        #expect(
            try Self.view(template, turns) == """
                \(start)user
                q⟨<|im_end|>⟩
                \(start)assistant
                [a⟨<|im_end|>⟩]
                \(start)user
                r⟨<|im_end|>⟩
                \(start)assistant
                [b⟨<|im_end|>⟩]
                """)
        turns[1].weight = 0
        #expect(try Self.view(template, turns).contains("assistant\na⟨<|im_end|>⟩\n"))
        // What a block encloses is learned, also where it is not content, and nothing else is.
        let tokenizer = try Self.tokenizer.get()
        let odd =
            "{% for m in messages %}{% generation %}({{ m.role }}){% endgeneration %}{{ m.content }}</s>{% endfor %}"
        let own = try ChatTemplate.adopting(jinja: odd, startToken: nil, endToken: "</s>", tokenizer)
        #expect(try Self.view(own, turns) == "[(user)]q⟨</s>⟩[(assistant)]a⟨</s>⟩[(user)]r⟨</s>⟩[(assistant)]")
    }

    /// The prompt is the beginning of what is trained, token by token.
    @Test(arguments: [
        "chatml-default", "chatml-tools", "headers-date", "alternating", "plain-lines", "generation-marked",
    ])
    func thePromptBeginsTheRow(name: String) throws {
        let template = try Self.adopt(name, start: "<s>", end: name == "plain-lines" ? "</s>" : "<|im_end|>")
        for answer in ["a", " a", "\n\na", "<|im_end|>"] {
            let turns = Self.messages([(.user, "q "), (.assistant, "x\n"), (.user, "\nr"), (.assistant, answer)])
            let prompt = try Self.prompt(template, turns.dropLast())
            let row = try Self.view(template, turns)
            // Only the last answer may come after it.
            let plain = row.replacing("[", with: "").replacing("]", with: "")
            #expect(plain.hasPrefix(prompt), "\(prompt)\n\(row)")
            #expect(row.hasSuffix("⟩]") && row.split(separator: "[").count == 3, "\(row)")
        }
    }

    @Test func theTokensOfAnAnswer() throws {
        let tokenizer = try Self.tokenizer.get()
        let template = try Self.adopt("alternating", end: "<eos>")
        let ids = try template.answer(Array(" yes".utf8), tokenizer)
        #expect(Self.shown(ids, tokenizer) { _ in false } == "yes⟨<end_of_turn>⟩")
        let framed = try ChatTemplate.chat.answer(Array("yes".utf8), tokenizer)
        #expect(Self.shown(framed, tokenizer) { _ in false } == " yes⟨<|endoftext|>⟩")
    }
}
