// What comes before a conversation and before its parts: begin tokens, and the spaces that tokenizers add.

import Conversations
import Datasets
import Testing
import Tokenizer

@Suite struct StartTokenTests {
    /// Tokens of characters, with ▁ for a space and one in front of every text; a text begins with <s>.
    static func spaced(addsBegin: Bool = true) throws -> Tokenizer {
        let texts = ["<unk>", "<s>", "</s>", "▁", "a", "b", "[", "]", ":", "\n", "▁a", "▁b", "▁["]
        var vocabulary = GGUFVocabulary(model: "llama", tokens: texts.map { Array($0.utf8) }, endIDs: [2])
        vocabulary.types = texts.indices.map { $0 == 0 ? 2 : $0 < 3 ? 3 : 1 }
        vocabulary.scores = texts.indices.map { -Float($0) }
        (vocabulary.beginID, vocabulary.unknownID, vocabulary.addsBegin) = (1, 0, addsBegin)
        return try Tokenizer(gguf: vocabulary)
    }

    /// The written tokens, those with loss in parentheses.
    private static func row(
        _ content: Document.Content, _ template: ChatTemplate, _ tokenizer: Tokenizer, startToken: Bool = false
    ) throws -> String {
        var options = EncodingOptions()
        (options.template, options.startToken, options.dropsRowsWithoutLoss) = (template, startToken, true)
        let text = try TokenizedText([Document(path: "r", line: 1, content: content)], tokenizer: tokenizer, options)
        return text.tokens.enumerated().map { place, id in
            let token = String(decoding: tokenizer.bytes(of: Int(id)), as: UTF8.self).replacing(" ", with: "▁")
            return text.weight(place) > 0 ? "(\(token))" : token
        }.joined(separator: "|")
    }

    private static let turns = [Message(.user, "a"), Message(.assistant, "b")]
    private static let body = "{% for m in messages %}[{{ m.content | trim }}]{{ eos_token }}{% endfor %}"

    private static func prompt(_ template: ChatTemplate, _ tokenizer: Tokenizer) throws -> [Int32] {
        try template.prompt([turns[0]], tokenizer)
    }

    /// Inside a text that is cut where an answer begins, no space is put.
    @Test func aSpaceIsPutOnlyWhereATextBegins() throws {
        let tokenizer = try Self.spaced()
        let template = try ChatTemplate.adopting(jinja: Self.body, startToken: "<s>", endToken: "</s>", tokenizer)
        let row = try Self.row(.conversation(Self.turns), template, tokenizer)
        #expect(row == "▁[|a|]|</s>|▁[|(b)|(])|(</s>)")
        #expect(try Self.prompt(template, tokenizer) == [12, 4, 7, 2])
        let frames = ChatTemplate(
            name: "own", system: .init("", ""), user: .init("[", "]"), assistant: .init(":", "\n"), answerLead: "",
            stop: [])
        let framed = try Self.row(.conversation(Self.turns), frames, tokenizer)
        #expect(framed == "<s>|▁[|a|]|:|(b)|(</s>)")
        #expect(try Self.prompt(frames, tokenizer) == [1, 12, 4, 7, 8])
    }

    /// By the template, by the tokenizer, or by the run's setting: once.
    @Test func theBeginTokenIsWrittenOnce() throws {
        for addsBegin in [true, false] {
            let tokenizer = try Self.spaced(addsBegin: addsBegin)
            for jinja in ["{{ bos_token }}" + Self.body, "<s>" + Self.body] {
                let template = try ChatTemplate.adopting(
                    jinja: jinja, startToken: "<s>", endToken: "</s>", tokenizer)
                for startToken in [true, false] {
                    let row = try Self.row(.conversation(Self.turns), template, tokenizer, startToken: startToken)
                    #expect(row.hasPrefix("<s>|▁[|a") && row.split(separator: "<s>").count == 1)
                }
                #expect(try Self.prompt(template, tokenizer).prefix(2) == [1, 12])
            }
            let frames = ChatTemplate.raw
            let asked = try Self.row(.conversation(Self.turns), frames, tokenizer, startToken: true)
            #expect(asked == "<s>|▁a|(b)|(</s>)")
            let row = try Self.row(.conversation(Self.turns), frames, tokenizer)
            #expect(row == (addsBegin ? "<s>|▁a|(b)|(</s>)" : "▁a|(b)|(</s>)"))
            let text = try Self.row(.text(Array("ab".utf8)), frames, tokenizer)
            #expect(text == (addsBegin ? "<s>|(▁a)|(b)" : "(▁a)|(b)"))
        }
    }

    /// A template that other programs read writes what is in front in training.
    @Test func theWrittenTemplateBeginsTheText() throws {
        let tokenizer = try Self.spaced()
        let jinja = ChatTemplate.raw.jinja(addsBegin: true)
        #expect(jinja.hasPrefix("{{ bos_token }}{% for"))
        let read = try ChatTemplate.adopting(jinja: jinja, startToken: "<s>", endToken: "</s>", tokenizer)
        #expect(
            try Self.row(.conversation(Self.turns), read, tokenizer)
                == Self.row(.conversation(Self.turns), .raw, tokenizer))
        // In front of a text that the template does not begin, nothing is put.
        let bare = try ChatTemplate.adopting(
            jinja: ChatTemplate.raw.jinja, startToken: "<s>", endToken: "</s>", tokenizer)
        #expect(try Self.row(.conversation(Self.turns), bare, tokenizer).hasPrefix("▁a|"))
    }
}
