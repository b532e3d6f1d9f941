// Bases: what is said of their files, and that nothing large is touched before the memory was found.

import Foundation
import Interchange
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer

@Suite struct ModelSourceTests {
    /// A Hugging Face folder of a small model with a tokenizer of bytes.
    private static func folder(vocabularySize: Int = 257) throws -> (TemporaryFolder, Transformer) {
        let folder = try TemporaryFolder()
        let model = Transformer(
            ModelShape(
                vocabularySize: vocabularySize, contextLength: 16, blockCount: 2, headCount: 2, modelWidth: 8))
        model.layout.initialize(model.weights, seed: 9)
        try HuggingFaceFolder.write(model, endOfText: 256, to: folder.path)
        try Tokenizer.bytes.write(to: folder.path)
        return (folder, model)
    }

    @Test func aPaddedEmbeddingIsSaid() throws {
        let (folder, _) = try Self.folder(vocabularySize: 264)
        let source = try ModelSource(path: folder.path)
        #expect(source.notes == ["the embedding has 264 rows for 257 tokens: the rest is padding"])
        let (plain, _) = try Self.folder()
        #expect(try ModelSource(path: plain.path).notes.isEmpty)
        let (small, _) = try Self.folder(vocabularySize: 256)
        #expect(throws: ModelError.tokenizerTooLarge(tokenizer: 257, embedding: 256)) {
            try ModelSource(path: small.path)
        }
    }

    @Test func templatesAreTakenOverOrSaidToBeUnused() throws {
        let (folder, _) = try Self.folder()
        let settings = { (template: String) in
            "{\"eos_token\": {\"content\": \"<|endoftext|>\"}, \"chat_template\": \"\(template)\"}"
        }
        try folder.write(settings("{{ raise_exception('no') }}"), as: "tokenizer_config.json")
        var source = try ModelSource(path: folder.path)
        #expect(source.template == nil && source.notes.count == 1)
        #expect(
            source.notes.first == "the model's chat template is not used; set data.template: the chat template, "
                + "line 1, column 19: the template refuses this: no")
        let jinja =
            "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + eos_token }}{% endfor %}"
        try folder.write(settings(jinja), as: "tokenizer_config.json")
        source = try ModelSource(path: folder.path)
        // Here a user's turn ends with the token too, which frames cannot express.
        #expect(source.template?.jinja == jinja && source.notes.isEmpty)
        try folder.write(
            settings(jinja.replacing(" + eos_token", with: " + ('x')")), as: "tokenizer_config.json")
        #expect(try ModelSource(path: folder.path).template == nil)
        try folder.write(
            "{\"chat_template\": [{\"name\": \"default\", \"template\": "
                + "\"{% for message in messages %}{% if message['role'] == 'assistant' %}"
                + "{{ 'Bot: ' + message['content'] + eos_token }}{% else %}{{ message['content'] + '!' }}{% endif %}"
                + "{% endfor %}\"}]}", as: "tokenizer_config.json")
        source = try ModelSource(path: folder.path)
        #expect(source.template?.assistant.before == "Bot: " && source.template?.user.after == "!")
        #expect(source.notes.isEmpty)
    }

    @Test func anOrdinaryEndOfTextIsNotUsed() throws {
        let (folder, model) = try Self.folder()
        try HuggingFaceFolder.write(model, endOfText: 10, to: folder.path)
        let source = try ModelSource(path: folder.path)
        #expect(source.tokenizer.endOfTextID == 256)
        #expect(
            source.notes == [
                "config.json ends texts with token 10, which is no special token of the tokenizer; token 256 is used"
            ])
    }

    @Test(arguments: ExportFormat.allCases.filter { $0 != .peft }) func exportsReadBack(format: ExportFormat) throws {
        let (folder, model) = try Self.folder()
        let path = folder.path + (format == .huggingface ? "" : "/out.\(format.rawValue)")
        // The folder is written over itself.
        let source = try ModelSource(path: folder.path)
        let config = "{\"model\": {\"contextLength\": 16, \"blockCount\": 2, \"headCount\": 2, \"modelWidth\": 8}}"
        let saved = SavedModel(
            model: try source.load().model, tokenizer: source.tokenizer, info: source.info,
            configText: Array(config.utf8))
        let report = try ModelExport(source, loaded: saved).write(format, type: .f32, to: path)
        #expect(report.parameters == model.layout.parameterCount && report.largestDifference == 0)
        if format != .gguf {
            let again = try SavedModel(path: path)
            #expect(Array(again.model.weights.buffer) == Array(model.weights.buffer))
            #expect(again.tokenizer == .bytes)
        }
        #expect(try folder.names().allSatisfy { !$0.contains("tmp") })
    }

    @Test func aCheckpointNeedsAConfig() throws {
        let (folder, _) = try Self.folder()
        let source = try ModelSource(path: folder.path)
        let export = ModelExport(source, loaded: try source.load())
        #expect(throws: ModelError.noConfig) { try export.write(.weights, type: .f32, to: folder.path + "/out.h5") }
        #expect(try !folder.names().contains("out.h5"))
    }

    /// A folder of 137 GB, all of it a hole in the file: refused by its size alone.
    @Test func aModelBeyondTheMemoryIsRefusedUnread() throws {
        let folder = try TemporaryFolder()
        let config = ModelShape(
            vocabularySize: 1 << 20, contextLength: 8, blockCount: 1, headCount: 1, modelWidth: 1 << 15,
            feedForwardWidth: 8)
        let bytes = try SparseModelFolder.write(config, to: folder.path)
        try Tokenizer.bytes.write(to: folder.path)
        let source = try ModelSource(path: folder.path)
        let error = #expect(throws: ModelError.self) { try source.load() }
        guard case .notEnoughMemory(let needed, _)? = error else {
            Issue.record("\(error.map(\.description) ?? "loaded")")
            return
        }
        #expect(abs(needed - bytes) < 1 << 20)
    }
}
