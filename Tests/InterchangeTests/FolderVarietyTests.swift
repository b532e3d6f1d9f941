// Folders as people have them: old and new configs, other types of numbers, heads for other tasks.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing

@Suite struct FolderVarietyTests {
    /// A folder with the weights of a model of this shape, and this text as its config.
    private static func folder(_ shape: ModelShape, config: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let model = Transformer(shape)
        model.layout.initialize(model.weights, seed: 3)
        try HuggingFaceFolder.write(model, endOfText: nil, to: folder.path)
        try folder.write(config, as: "config.json")
        return folder
    }

    private static let small = ModelShape(
        vocabularySize: 11, contextLength: 1024, blockCount: 1, headCount: 12, modelWidth: 24)

    /// What an absent key means to the class in Transformers 5.
    @Test(
        arguments: [
            "", ", \"n_inner\": null, \"layer_norm_epsilon\": null, \"activation_function\": null",
            ", \"n_head\": null, \"num_attention_heads\": 12, \"scale_attn_by_inverse_layer_idx\": null",
            ", \"max_position_embeddings\": 1024, \"add_cross_attention\": null, \"quantization_config\": null",
        ])
    func absentKeysAreTheClasssDefaults(rest: String) throws {
        let config = "{\"model_type\": \"gpt2\", \"vocab_size\": 11, \"n_embd\": 24, \"n_layer\": 1\(rest)}"
        let folder = try Self.folder(Self.small, config: config)
        #expect(try HuggingFaceFolder(path: folder.path).architecture == Architecture(gpt2: Self.small))
        withExtendedLifetime(folder) {}
    }

    /// Sizes that the class does not allow to be null, and switches that Python would take for false.
    @Test(
        arguments: [
            ("\"n_head\": null", "n_head is null; an integer is expected"),
            ("\"scale_attn_weights\": null", "scale_attn_weights is null; true or false is expected"),
        ])
    func nullIsNotAlwaysTheDefault(member: String, message: String) throws {
        let folder = try Self.folder(Self.small, config: "{\"model_type\": \"gpt2\", \(member)}")
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(error?.description == "\(folder.path)/config.json: \(message)")
    }

    /// With only its name a config describes the class's own model, whose weights are not these.
    @Test(
        arguments: [
            ("gpt2", "12 blocks"), ("gpt_neo", "24 blocks"), ("llama", "32 blocks"),
        ])
    func theNameAloneIsAConfig(type: String, blocks: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("{\"model_type\": \"\(type)\"}", as: "config.json")
        try HuggingFaceFolderTests.write(["x": ([1], [0])], to: folder.path + "/model.safetensors")
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(error?.description.contains(blocks) == true, "\(error.map(\.description) ?? "")")
    }

    private static let tiny = ModelShape(
        vocabularySize: 11, contextLength: 8, blockCount: 1, headCount: 3, modelWidth: 6)
    private static let tinyConfig =
        "{\"model_type\": \"gpt2\", \"vocab_size\": 11, \"n_positions\": 8, \"n_embd\": 6, \"n_layer\": 1, "
        + "\"n_head\": 3}"

    /// The parameters of `tiny`, each with its own numbers.
    private static func tensors() -> HuggingFaceFolderTests.Tensors {
        var result: HuggingFaceFolderTests.Tensors = [:]
        for (index, parameter) in ParameterLayout(tiny).parameters.enumerated() {
            let values = (0..<parameter.count).map { Float(index) + Float($0) / 1024 }
            result["transformer." + parameter.name] = (parameter.shape, values)
        }
        return result
    }

    private static func load(_ folder: TemporaryFolder) throws -> [Float] {
        let opened = try HuggingFaceFolder(path: folder.path)
        let arena = FloatArena(count: opened.layout.arenaCount)
        try opened.loadWeights(layout: opened.layout, into: arena)
        return opened.layout.parameters.flatMap { Array(arena.buffer[$0.range]) }
    }

    @Test func float64IsRounded() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.tinyConfig, as: "config.json")
        var (members, body) = ([String](), [UInt8]())
        for (name, tensor) in Self.tensors().sorted(by: { $0.key < $1.key }) {
            let start = body.count
            for value in tensor.elements {
                // A part that float32 drops.
                withUnsafeBytes(of: (Double(value) + 1e-12).bitPattern.littleEndian) { body += $0 }
            }
            members.append(
                "\"\(name)\":{\"dtype\":\"F64\",\"shape\":\(tensor.shape),\"data_offsets\":[\(start),\(body.count)]}")
        }
        let header = "{\(members.joined(separator: ","))}"
        try folder.write(safetensors(header, body: body), as: "model.safetensors")
        let plain = try TemporaryFolder()
        try plain.write(Self.tinyConfig, as: "config.json")
        try HuggingFaceFolderTests.write(Self.tensors(), to: plain.path + "/model.safetensors")
        // Next to zero the difference is not lost: it becomes the number itself.
        let (found, expected) = (try Self.load(folder), try Self.load(plain))
        #expect(zip(found, expected).allSatisfy { $1 == 0 ? $0 == 1e-12 : $0 == $1 })
        // Beyond float32.
        body.replaceSubrange(0..<8, with: withUnsafeBytes(of: 1e300.bitPattern.littleEndian) { Array($0) })
        try folder.write(safetensors(header, body: body), as: "model.safetensors")
        let error = #expect(throws: InterchangeError.self) { try Self.load(folder) }
        #expect(error?.description.contains("is inf; weights must be finite numbers") == true)
    }

    @Test(
        arguments: [
            (["score.weight"], "score.weight is of a head for another task and not used"),
            (
                ["multiple_choice_head.summary.weight", "multiple_choice_head.summary.bias"],
                "multiple_choice_head.summary.bias, multiple_choice_head.summary.weight are of a head for another task "
                    + "and not used"
            ),
            (["qa_outputs.bias", "v_head.summary.weight", "classifier.bias"], nil),
        ] as [([String], String?)])
    func theLanguageModelIsTaken(heads: [String], note: String?) throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.tinyConfig, as: "config.json")
        var tensors = Self.tensors()
        for head in heads { tensors[head] = ([3], [1, 2, 3]) }
        try HuggingFaceFolderTests.write(tensors, to: folder.path + "/model.safetensors")
        let opened = try HuggingFaceFolder(path: folder.path)
        #expect(opened.notes.count == 1 && opened.notes[0].hasPrefix("the language model is read; "))
        if let note { #expect(opened.notes[0].hasSuffix(note)) }
        // Without a tie there must be a head for the next token.
        let untied = Self.tinyConfig.replacing("}", with: ", \"tie_word_embeddings\": false}")
        try folder.write(untied, as: "config.json")
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(
            error?.description.contains(
                "there is no \"lm_head.weight\": this checkpoint has only the head of another task") == true)
    }
}
