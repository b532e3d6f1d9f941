// The Modelfile next to a GGUF file: its template makes the same prompts as the model's own.

import Conversations
import Foundation
import Interchange
import Model
import Models
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct ModelfileTests {
    private static let specials = ["<s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<end_of_turn>"]

    /// A model in a folder, and the Modelfile of its export.
    private func export(_ jinja: String?, addsBegin: Bool = false) throws -> (source: ModelSource, modelfile: String) {
        try withTemporaryFolder { folder in
            let shape = ModelShape(vocabularySize: 262, contextLength: 64, blockCount: 1, headCount: 2, modelWidth: 8)
            try HuggingFaceFolder.write(TinyModel.make(shape, seed: 5), endOfText: 256, to: folder.path)
            let added = Self.specials.enumerated().map { place, text in
                "{\"id\": \(257 + place), \"content\": \"\(text)\", \"special\": true},"
            }
            let tokenizer = String(decoding: Tokenizer.bytes.serialized(), as: UTF8.self)
            try folder.write(
                tokenizer.replacing("\"added_tokens\":[", with: "\"added_tokens\":[" + added.joined()),
                as: "tokenizer.json")
            try folder.write(
                #"{"bos_token": "<s>", "eos_token": "<|im_end|>", "add_bos_token": \#(addsBegin)}"#,
                as: "tokenizer_config.json")
            if let jinja { try folder.write(jinja, as: "chat_template.jinja") }
            let source = try ModelSource(path: folder.path)
            let report = try ModelExport(source, loaded: source.load())
                .write(.gguf, type: .f32, to: folder.path + "/out.gguf")
            #expect(report.modelfile == folder.path + "/out.Modelfile")
            return (source, String(decoding: try folder.read("out.Modelfile"), as: UTF8.self))
        }
    }

    /// The prompt that the model is trained on, as text.
    private func wanted(_ source: ModelSource, _ turns: [(String, String)]) throws -> String {
        let messages = turns.map { Message(Role(rawValue: $0.0) ?? .user, $0.1) }
        let ids = try #require(try source.template?.prompt(messages, source.tokenizer))
        return String(decoding: ids.flatMap { source.tokenizer.bytes(of: Int($0)) }, as: UTF8.self)
    }

    /// What Ollama makes of messages: the part of Go's text/template that is written.
    private func prompt(_ modelfile: String, _ turns: [(String, String)]) throws -> String {
        let opening = try #require(modelfile.range(of: "TEMPLATE \"\"\""))
        var rest = modelfile[opening.upperBound...]
        rest = rest[..<(try #require(rest.range(of: "\"\"\"")?.lowerBound))]
        func take(_ end: String) throws -> String {
            let range = try #require(rest.range(of: end))
            defer { rest = rest[range.upperBound...] }
            return String(rest[..<range.lowerBound])
        }
        var result = ""
        if let place = rest.range(of: "{{ if not .System }}") {
            result += rest[..<place.lowerBound]
            rest = rest[place.upperBound...]
            let text = try take("{{ end }}")
            if !turns.contains(where: { $0.0 == "system" }) { result += text }
        }
        result += try take("{{ range .Messages }}")
        var frames: [String: String] = [:]
        for (index, role) in ["system", "user", "assistant"].enumerated() {
            #expect(try take("{{ \(index == 0 ? "" : "else ")if eq .Role \"\(role)\" }}").isEmpty)
            let end = try #require(rest.range(of: index == 2 ? "{{ end }}{{ end }}" : "{{ else if")?.lowerBound)
            frames[role] = String(rest[..<end])
            rest = rest[end...]
        }
        _ = try take("{{ end }}{{ end }}")
        for turn in turns { result += frames[turn.0]?.replacing("{{ .Content }}", with: turn.1) ?? "" }
        return result + rest
    }

    private static let conversations = [
        [("user", "Hi?")], [("system", "Be kind."), ("user", "Hi?")],
        [("user", "a"), ("assistant", "b"), ("user", "c")],
        [("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), ("user", "e")],
    ]

    @Test(arguments: ["chatml-default", "chatml-tools", "headers-date", "generation-marked"])
    func thePromptIsTheSame(name: String) throws {
        let jinja = try String(contentsOfFile: TestData.fixture("templates/\(name).jinja"), encoding: .utf8)
        let (source, modelfile) = try export(jinja)
        for turns in Self.conversations {
            #expect(try prompt(modelfile, turns) == wanted(source, turns), "\(turns)")
        }
        let end = name == "headers-date" ? "<|eot_id|>" : "<|im_end|>"
        #expect(modelfile.contains("PARAMETER stop \"\"\"\(end)\"\"\"\n"))
    }

    @Test(arguments: [ChatTemplate.chat, .instruction]) func framesAreWrittenOut(template: ChatTemplate) throws {
        let (source, modelfile) = try export(template.jinja)
        for turns in Self.conversations {
            #expect(try prompt(modelfile, turns) == wanted(source, turns), "\(turns)")
        }
    }

    /// Where the GGUF file asks Ollama for the start token, the template must not write it again.
    @Test func theStartTokenIsWrittenOnce() throws {
        let jinja = """
            {{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}\
            {% if add_generation_prompt %}<|im_start|>assistant {% endif %}
            """
        let turns = Self.conversations[3]
        let (plain, without) = try export(jinja)
        #expect(try prompt(without, turns) == wanted(plain, turns))
        let (adding, with) = try export(jinja, addsBegin: true)
        #expect(try "<s>" + prompt(with, turns) == wanted(adding, turns))
    }

    @Test func whatItSays() throws {
        let (_, text) = try export(nil)
        #expect(text.contains("\nFROM ./out.gguf\n") && text.contains("TEMPLATE \"\"\"{{ .Prompt }}\"\"\"\n"))
        #expect(text.contains("\nPARAMETER num_ctx 64\n") && text.contains("\nPARAMETER repeat_penalty 1\n"))
        #expect(text.contains("\nPARAMETER temperature ") && text.contains("\nPARAMETER num_predict "))
    }

    /// A system message inside the user's turn cannot be a frame around a turn.
    @Test func whatItCannotSayIsLeftToOllama() throws {
        let jinja = try String(contentsOfFile: TestData.fixture("templates/alternating.jinja"), encoding: .utf8)
        let (_, text) = try export(jinja)
        #expect(!text.contains("TEMPLATE") && text.contains("cannot be written in Ollama's language"))
    }
}
