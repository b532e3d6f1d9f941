// Which templates are taken over and how, what they are stored as, and what stops an answer.

import Conversations
import StrictJSON
import Testing
import Tokenizer

@Suite struct TemplateAdoptionTests {
    private static func adopt(_ jinja: String, end: String? = "</s>") throws -> ChatTemplate {
        try ChatTemplate.adopting(
            jinja: jinja, startToken: "<s>", endToken: end, ends: ["<eos>"], ModelTemplateTests.tokenizer.get())
    }

    private static func turns(_ body: String) -> String { "{% for m in messages %}\(body){% endfor %}" }

    @Test func exactFramesStayFrames() throws {
        let template = try ChatTemplate.adopting(
            jinja: ChatTemplate.chat.jinja, startToken: nil, endToken: "<|endoftext|>", .bytes)
        #expect(template.user == ChatTemplate.chat.user && template.answerLead == " ")
        #expect(template.json.serialized().contains("\"user\""))
    }

    @Test func theEndAfterAnAnswerIsFound() throws {
        let tokenizer = try ModelTemplateTests.tokenizer.get()
        func ends(_ template: ChatTemplate) -> [String] {
            template.endIDs(tokenizer).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }.sorted()
        }
        let own = try Self.adopt(Self.turns("{{ m.content | trim }}\n<|im_end|>x"))
        #expect(ends(own) == ["</s>", "<eos>", "<|endoftext|>", "<|im_end|>"])
        let longest = try Self.adopt(Self.turns("{{ m.content | trim }}<end>\n"))
        #expect(ends(longest) == ["</s>", "<end>\n", "<eos>", "<|endoftext|>"])
        let common = try Self.adopt(Self.turns("{{ m.content | trim }}{{ eos_token }}"))
        #expect(ends(common) == ["</s>", "<eos>", "<|endoftext|>"])
        #expect(ends(.chat) == ["<|endoftext|>"])
    }

    static let refused: [(jinja: String, message: String)] = [
        (turns("{{ m.content | trim }}\n"), "the chat template writes no end token after an answer"),
        (turns("{{ m.role | trim }}</s>"), "the chat template writes no end token after an answer"),
        ("\n{{ x | escape }}", "the chat template, line 2, column 8: the filter escape is not supported"),
        ("{% if %}", "the chat template, line 1, column 7: found %} where an expression is expected"),
        (
            "{{ messages[7].content.x }}",
            "the chat template, line 1, column 16: a list has no element 7"
        ),
        (
            "{{ raise_exception('no') }}", "the chat template, line 1, column 19: the template refuses this: no"
        ),
    ]

    @Test(arguments: refused) func isRefused(jinja: String, message: String) throws {
        let error = try #require(throws: TemplateError.self) { try Self.adopt(jinja) }
        #expect("\(error)" == message && error.hint == "data.template sets another template")
    }

    /// Checkpoints and configs hold these bytes.
    @Test func storedFormsOfFramesAreAsTheyWere() {
        #expect(
            ChatTemplate.raw.json.serialized()
                == #"{"name":"raw","system":["",""],"user":["",""],"assistant":["",""],"answerLead":"","stop":[]}"#)
        #expect(
            ChatTemplate.chat.json.serialized()
                == #"{"name":"chat","system":["System: ","\n"],"user":["User: ","\n"],"assistant":["Assistant:","\n"],"#
                + #""answerLead":" ","stop":["\nUser:","\nSystem:","\nAssistant:"]}"#)
        #expect(
            ChatTemplate.instruction.json.serialized()
                == #"{"name":"instruction","system":["","\n"],"user":["Instruction: ","\n"],"assistant":["Answer:","\n"],"#
                + #""answerLead":" ","stop":["\nInstruction:"]}"#)
    }

    @Test func aModelsTemplateComesBack() throws {
        let jinja = Self.turns("{{ bos_token }}{{ m.content | trim }}\r\n</s>\n")
        let template = try Self.adopt(jinja)
        #expect(template.jinja == jinja)
        let text = template.json.serialized()
        #expect(
            text == #"{"name":"folder","jinja":"{% for m in messages %}{{ bos_token }}{{ m.content | trim }}\r\n</s>\n"#
                + #"{% endfor %}","startToken":"<s>","endToken":"</s>","ends":["</s>","<eos>"],"date":"2024-07-26"}"#)
        #expect(try ChatTemplate(JSONText.parse(text)) == template)
        #expect(try ChatTemplate(JSONText.parse(text.replacing("07-26", with: "07-27"))) != template)
        let more = #"{"jinja": "x", "variables": {"a": [1, null]}}"#
        let read = try #require(ChatTemplate(JSONText.parse(more)))
        #expect(
            read.json.serialized()
                == #"{"name":"own","jinja":"x","ends":[],"date":"2024-07-26","variables":{"a":[1,null]}}"#)
    }

    @Test(arguments: [
        #"{"jinja": 1}"#, #"{"jinja": "x", "user": ["", ""]}"#, #"{"jinja": "x", "startToken": 1}"#,
        #"{"jinja": "x", "endToken": null}"#, #"{"jinja": "x", "ends": "a"}"#, #"{"jinja": "x", "ends": [1]}"#,
        #"{"jinja": "x", "date": "26 Jul 2024"}"#, #"{"jinja": "x", "variables": []}"#,
    ])
    func whatIsNotATemplate(text: String) throws { #expect(try ChatTemplate(JSONText.parse(text)) == nil) }

    /// A config may hold a template with an error: it shows when the template is used.
    @Test func errorsOfAStoredTemplateShowInUse() throws {
        let template = try #require(ChatTemplate(JSONText.parse(#"{"jinja": "\n{{ a b }}"}"#)))
        let error = try #require(throws: TemplateError.self) {
            try template.prompt([Message(.user, "q")], .bytes)
        }
        #expect("\(error)" == "the chat template, line 2, column 6: found b where }} is expected")
    }
}
