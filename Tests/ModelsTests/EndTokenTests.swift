// What begins and ends a text in a model's files: lists of end tokens, and both directions of every format.

import Conversations
import Foundation
import Inference
import Interchange
import Kernels
import Model
import Models
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct EndTokenTests {
    static let specials = ["<s>", "<|im_start|>", "<|im_end|>", "<|other|>", "<|user|>"]
    static let jinja =
        "{{ bos_token }}{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

    /// A tokenizer of bytes with special tokens from 257 on, and a folder that names several of them as ends.
    private static func folder(_ change: (inout [String: String]) -> Void = { _ in }) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let model = TinyModel.make(
            ModelShape(vocabularySize: 262, contextLength: 64, blockCount: 1, headCount: 2, modelWidth: 8), seed: 5)
        try HuggingFaceFolder.write(model, endOfText: 256, to: folder.path)
        let added = specials.enumerated().map { place, text in
            "{\"id\": \(257 + place), \"content\": \"\(text)\", \"special\": true},"
        }
        var files = [
            "tokenizer.json": String(decoding: Tokenizer.bytes.serialized(), as: UTF8.self)
                .replacing("\"added_tokens\":[", with: "\"added_tokens\":[" + added.joined()),
            "tokenizer_config.json": #"{"bos_token": "<s>", "eos_token": "<|im_end|>"}"#,
            "config.json": String(decoding: try folder.read("config.json"), as: UTF8.self)
                .replacing("\"eos_token_id\": 256", with: "\"eos_token_id\": [259, 260]"),
            "generation_config.json": #"{"eos_token_id": [259, 256, 97, 1000]}"#,
            "chat_template.jinja": jinja,
        ]
        change(&files)
        for (name, text) in files { _ = try folder.write(text, as: name) }
        return folder
    }

    @Test func listsOfEndTokensAreRead() throws {
        let folder = try Self.folder()
        let source = try ModelSource(path: folder.path)
        // Byte 97 and an id without a token end nothing.
        #expect(source.tokenizer.endIDs == [259, 260, 256])
        #expect(source.tokenizer.beginID == 257 && !source.tokenizer.addsBegin)
        #expect(source.template?.tokenNames.start == "<s>" && source.template?.tokenNames.end == "<|im_end|>")
        #expect(source.notes.isEmpty)
        let single = try Self.folder { $0["generation_config.json"] = #"{"eos_token_id": 261}"# }
        #expect(try ModelSource(path: single.path).tokenizer.endIDs == [259, 260, 261])
        let wrong = try Self.folder {
            $0["config.json"] = $0["config.json"]?.replacing("[259, 260]", with: "[259, \"\"]")
        }
        #expect(throws: InterchangeError.self) { try ModelSource(path: wrong.path) }
    }

    /// Each of them stops a generation: the logits of a model whose head knows one token only.
    @Test(arguments: [259, 260, 256]) func everyEndTokenStopsAnAnswer(end: Int) throws {
        let folder = try Self.folder()
        let saved = try ModelSource(path: folder.path).load()
        let model = saved.model
        let norm = try #require(model.layout["ln_f.weight"])
        let bias = try #require(model.layout["ln_f.bias"])
        let table = try #require(model.layout["wte.weight"])
        for index in norm.range { model.weights.base[index] = 0 }
        for index in bias.range { model.weights.base[index] = 1 }
        for index in table.range { model.weights.base[index] = (index - table.offset) / 8 == end ? 1 : 0 }
        let responder = Responder(saved)
        var settings = responder.settings(seed: 1)
        settings.sampling = .greedy
        let completion = try responder.answer([Message(.user, "q")], settings)
        #expect(completion.tokens.isEmpty && completion.finishReason == .stop)
    }

    /// Begin token, end tokens and template come back from a folder and from a GGUF file.
    @Test(arguments: [ExportFormat.huggingface, .gguf]) func theyAreWritten(format: ExportFormat) throws {
        let folder = try Self.folder()
        let source = try ModelSource(path: folder.path)
        let path = folder.path + (format == .gguf ? "/out.gguf" : "/out")
        _ = try ModelExport(source, loaded: source.load()).write(format, type: .f32, to: path)
        let again = try ModelSource(path: path)
        #expect(again.tokenizer.endIDs == [259, 260, 256] && again.tokenizer.beginID == 257)
        #expect(again.template?.jinja == Self.jinja && again.notes.isEmpty)
        let turns = [Message(.user, "q"), Message(.assistant, "a"), Message(.user, "r")]
        let prompt = try source.template?.prompt(turns, source.tokenizer)
        #expect(try again.template?.prompt(turns, again.tokenizer) == prompt)
        #expect(prompt?.prefix(2) == [257, 258])
    }

    /// What llama.cpp reads of it.
    @Test func theMetadataOfAFile() throws {
        let folder = try Self.folder()
        let source = try ModelSource(path: folder.path)
        let path = folder.path + "/out.gguf"
        _ = try ModelExport(source, loaded: source.load()).write(.gguf, type: .f32, to: path)
        let file = try GGUFFile(path: path)
        for (name, id) in [("bos", 257), ("eos", 259), ("eot", 260), ("eom", 256)] {
            #expect(file["tokenizer.ggml.\(name)_token_id"] == .unsigned(UInt64(id)), "\(name)")
        }
        #expect(file["tokenizer.chat_template"] == .text(Self.jinja))
        // With one token for both, as GPT-2 has it.
        let plain = try Self.folder { files in
            files["tokenizer.json"] = String(decoding: Tokenizer.bytes.serialized(), as: UTF8.self)
            files["tokenizer_config.json"] = "{}"
            (files["generation_config.json"], files["chat_template.jinja"]) = ("{}", ChatTemplate.chat.jinja)
            files["config.json"] = files["config.json"]?.replacing("[259, 260]", with: "256")
        }
        let other = try ModelSource(path: plain.path)
        _ = try ModelExport(other, loaded: other.load()).write(.gguf, type: .f32, to: path)
        let written = try GGUFFile(path: path)
        #expect(written["tokenizer.ggml.bos_token_id"] == .unsigned(256))
        #expect(written["tokenizer.ggml.eos_token_id"] == .unsigned(256))
        #expect(written["tokenizer.ggml.eot_token_id"] == nil)
        #expect(written["tokenizer.chat_template"] == .text(ChatTemplate.chat.jinja))
        #expect(try ModelSource(path: path).template?.user == ChatTemplate.chat.user)
    }
}
