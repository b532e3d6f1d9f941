// Model files as people have them: texts of Git LFS in their place, tokenizers inside of other files, adapters that untie.

import Foundation
import Interchange
import Kernels
import Model
import Models
import TestSupport
import Testing
import Tokenizer

@Suite struct PeoplesFilesTests {
    private static let pointer =
        "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0f", count: 32))\n"
        + "size 2336927755350992246\n"

    private static func model(tied: Bool = true) -> Transformer {
        let model = Transformer(
            ModelShape(
                vocabularySize: 257, contextLength: 16, blockCount: 2, headCount: 2, modelWidth: 8, tiedHead: tied))
        model.layout.initialize(model.weights, seed: 9)
        return model
    }

    private static func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try HuggingFaceFolder.write(model(), endOfText: 256, to: folder.path)
        try Tokenizer.bytes.write(to: folder.path)
        return folder
    }

    @Test(
        arguments: [
            "config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json", "generation_config.json", "chat_template.jinja",
        ])
    func aPointerInAFolder(name: String) throws {
        let folder = try Self.folder()
        if name.hasSuffix("index.json") {
            try FileManager.default.removeItem(atPath: folder.path + "/model.safetensors")
        }
        try folder.write(Self.pointer, as: name)
        do {
            _ = try ModelSource(path: folder.path).load()
            Issue.record("opened")
        } catch {
            #expect("\(error)".contains("\(folder.path)/\(name) is a Git LFS pointer"), "\(error)")
            let hint = (error as? InterchangeError)?.hint ?? (error as? TokenizerError)?.hint
            #expect(hint?.contains("git lfs pull") == true)
        }
    }

    @Test(arguments: ["model.gguf", "model.h5", "model.safetensors", "model.bin", "adapter/adapter_model.safetensors"])
    func aPointerInPlaceOfAModel(name: String) throws {
        let folder = try TemporaryFolder()
        var path = folder.path + "/" + name
        if name.hasPrefix("adapter/") {
            try FileManager.default.createDirectory(atPath: folder.path + "/adapter", withIntermediateDirectories: true)
            try folder.write(
                "{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": [\"c_attn\"]}",
                as: "adapter/adapter_config.json")
            path = folder.path + "/adapter"
        }
        try folder.write(Self.pointer, as: name)
        let error = #expect(throws: InterchangeError.self) { try ModelSource(path: path) }
        #expect(error?.description.contains("is a Git LFS pointer") == true)
        #expect(error?.hint?.contains("git lfs pull") == true)
        withExtendedLifetime(folder) {}
    }

    @Test func aTokenizerIsFoundInEveryFile() throws {
        let folder = try Self.folder()
        try GGUFModel.write(Self.model(), .bytes, type: .q4_0, name: "m", to: folder.path + "/m.gguf")
        for path in ["", "/tokenizer.json", "/m.gguf"] {
            let tokenizer = try TokenizerSource.tokenizer(at: folder.path + path)
            #expect(try tokenizer.encode("ab") == Tokenizer.bytes.encode("ab"))
            #expect(tokenizer.endOfTextID == 256)
        }
        #expect(throws: TokenizerError.noSuchFile(path: folder.path + "/n")) {
            try TokenizerSource.tokenizer(at: folder.path + "/n")
        }
        // A file whose model is not known here has a tokenizer all the same.
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.path + "/m.gguf")))
        let place = try #require(bytes.firstRange(of: Array("gpt2".utf8)))
        bytes.replaceSubrange(place, with: Array("bert".utf8))
        try folder.write(bytes, as: "other.gguf")
        #expect(throws: InterchangeError.self) { try ModelSource(path: folder.path + "/other.gguf") }
        #expect(try TokenizerSource.tokenizer(at: folder.path + "/other.gguf").endOfTextID == 256)
        withExtendedLifetime(folder) {}
    }

    /// An adapter that holds the embedding completely, on a base whose head is tied to it: the head stays the base's.
    @Test func anAdapterUntiesTheHead() throws {
        let folder = try Self.folder()
        let path = folder.path + "/adapter"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try folder.write(
            "{\"peft_type\": \"LORA\", \"r\": 1, \"target_modules\": [\"c_attn\"], \"modules_to_save\": [\"wte\"], "
                + "\"base_model_name_or_path\": \"\(folder.path)\"}", as: "adapter/adapter_config.json")
        let arena = FloatArena(count: 257 * 8)
        for index in 0..<arena.count { arena.base[index] = Float(index % 7) / 8 }
        var tensors = [
            SafetensorsTensor(
                name: "base_model.model.transformer.wte.weight", shape: [257, 8],
                elements: UnsafeBufferPointer(start: arena.base, count: 257 * 8))
        ]
        for block in 0..<2 {
            let name = "base_model.model.transformer.h.\(block).attn.c_attn."
            tensors.append(
                SafetensorsTensor(
                    name: name + "lora_A.weight", shape: [1, 8],
                    elements: UnsafeBufferPointer(start: arena.base, count: 8)))
            tensors.append(
                SafetensorsTensor(
                    name: name + "lora_B.weight", shape: [24, 1],
                    elements: UnsafeBufferPointer(start: arena.base, count: 24)))
        }
        try SafetensorsFile.write(tensors, to: path + "/adapter_model.safetensors")
        var source = try ModelSource(path: path)
        #expect(!source.architecture.head.isTied && !source.shape.tiedHead)
        source.shortenContext(to: 8)
        let (loaded, base) = (try source.load().model, Self.model())
        let embedding = try #require(loaded.layout["wte.weight"])
        #expect(Array(loaded.weights.buffer[embedding.range]) == Array(arena.buffer[0..<embedding.count]))
        let (head, original) = (try #require(loaded.layout["lm_head.weight"]), try #require(base.layout["wte.weight"]))
        #expect(Array(loaded.weights.buffer[head.range]) == Array(base.weights.buffer[original.range]))
        #expect(loaded.architecture.contextLength == 8)
        withExtendedLifetime((arena, folder)) {}
    }
}
