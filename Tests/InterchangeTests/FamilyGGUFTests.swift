// Today's families in llama.cpp's files: what is written comes back, and what the files cannot say is refused.

import Foundation
import Interchange
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite("GGUF of families") struct FamilyGGUFTests {
    /// Models of which a file can say everything, and some keys that llama.cpp reads.
    static let complete: [(name: String, keys: [String: GGUFValue])] = [
        (
            "qwen2-tied",
            [
                "general.architecture": .text("qwen2"), "qwen2.attention.head_count_kv": .unsigned(1),
                "qwen2.rope.scaling.factor": .number(2.5),
            ]
        ),
        (
            "neox-parallel",
            [
                "general.architecture": .text("gptneox"), "gptneox.use_parallel_residual": .flag(true),
                "gptneox.rope.dimension_count": .unsigned(2),
            ]
        ),
    ]

    /// The file of a model, and what is read from it.
    private static func written(_ model: Transformer) throws -> (Transformer, GGUFFile) {
        try withTemporaryFolder { folder in
            let path = folder.path + "/m.gguf"
            try GGUFModel.write(model, .bytes, type: .f32, name: "m", to: path)
            let file = try GGUFFile(path: path)
            return (try GGUFModel.model(file), file)
        }
    }

    @Test(arguments: complete) func comesBack(name: String, keys: [String: GGUFValue]) throws {
        let model = try SavedFamily.random(name)
        let (read, file) = try Self.written(model)
        #expect(read.architecture == model.architecture)
        for (key, value) in keys { #expect(file[key] == value, "\(key)") }
        for parameter in model.layout.parameters {
            let found = Array(read.weights.buffer[parameter.range])
            let expected = model.weights.buffer[parameter.range].map(Double.init)
            #expect(found.map(Double.init) == expected, "\(parameter.name)")
        }
    }

    static let refusals: [(name: String, reason: String)] = [
        ("qwen2-windows", "without attention windows"), ("qwen3-windows", "without attention windows"),
        ("qwen3-tied", "no llama3 scaling"), ("neox-sequential", "which GELU"),
        ("gemma3-pattern", "root of a head's width"), ("gemma3-capped", "does not cap logits"),
    ]

    @Test(arguments: refusals) func isRefused(name: String, reason: String) throws {
        let model = try SavedFamily.random(name)
        let error = #expect(throws: InterchangeError.self) { _ = try Self.written(model) }
        #expect(error?.description.contains(reason) == true)
    }

    /// Changes that make one of the refused models writable, for the families of which no complete one is saved.
    @Test func qwen3ComesBack() throws {
        var architecture = try SavedFamily("qwen3-windows").folder.architecture
        architecture.vocabularySize = 261
        for index in architecture.blocks.indices { architecture.blocks[index].attention.window = nil }
        let model = Transformer(architecture)
        model.layout.initialize(model.weights, seed: 3)
        let (read, file) = try Self.written(model)
        #expect(read.architecture == architecture && file["qwen3.attention.key_length"] == .unsigned(10))
        #expect(file.entries.contains { $0.name == "blk.2.attn_q_norm.weight" && $0.shape == [10] })
        #expect(Array(read.weights.buffer) == Array(model.weights.buffer))
        architecture.blocks.indices.forEach { architecture.blocks[$0].attention.hasInputBias = true }
        architecture.blocks.indices.forEach { architecture.blocks[$0].attention.hasOutputBias = true }
        let error = #expect(throws: InterchangeError.self) { _ = try Self.written(Transformer(architecture)) }
        #expect(error?.description.contains("no biases") == true)
    }

    /// A Llama with biases and llama3's scaling, whose factors are a tensor; those of a published model are recognised.
    @Test(arguments: [(32.0, 8192, true), (4.0, 32, false)])
    func llamaComesBack(factor: Double, context: Int, isPublished: Bool) throws {
        let config = """
            {"model_type": "llama", "vocab_size": 261, "hidden_size": 24, "intermediate_size": 27,
             "num_hidden_layers": 2, "num_attention_heads": 3, "num_key_value_heads": 1, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 64, "tie_word_embeddings": true, "attention_bias": true, "mlp_bias": true,
             "rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": \(factor), "low_freq_factor": 1,
             "high_freq_factor": 4, "original_max_position_embeddings": \(context)}}
            """
        let architecture = try ModelFamilies.architecture(config: Array(config.utf8), file: "config.json")
        let model = Transformer(architecture)
        model.layout.initialize(model.weights, seed: 5)
        for index in 0..<model.layout.arenaCount where index % 7 == 0 { model.weights.base[index] += 0.01 }
        let (read, file) = try Self.written(model)
        let rotary = try #require(architecture.blocks[0].attention.rotary)
        let found = try #require(read.architecture.blocks[0].attention.rotary)
        let factors = try #require(file.entries.first { $0.name == "rope_freqs.weight" && $0.shape == [4] })
        #expect(try file.floats(factors).last == Float(factor))
        #expect((found == rotary) == isPublished)
        for (one, other) in zip(found.inverse, rotary.inverse) { #expect(abs(one - other) <= 1e-7 * other) }
        for parameter in model.layout.parameters {
            let own = Array(model.weights.buffer[parameter.range])
            #expect(Array(read.weights.buffer[parameter.range]) == own, "\(parameter.name)")
        }
    }

    @Test func gptNeoXSaysWhichGELU() throws {
        let model = try SavedFamily.random("neox-parallel")
        #expect(GGUFModel.note(for: model)?.contains("tanh form") == true)
        #expect(GGUFModel.note(for: try SavedFamily.random("qwen2-tied")) == nil)
        var architecture = model.architecture
        architecture.head.isTied = true
        var error = #expect(throws: InterchangeError.self) { _ = try Self.written(Transformer(architecture)) }
        #expect(error?.description.contains("separate head") == true)
        architecture = model.architecture
        for index in architecture.blocks.indices { architecture.blocks[index].attention.hasInputBias = false }
        for index in architecture.blocks.indices { architecture.blocks[index].attention.hasOutputBias = false }
        error = #expect(throws: InterchangeError.self) { _ = try Self.written(Transformer(architecture)) }
        #expect(error?.description.contains("biases in attention") == true)
    }

    /// Norms are stored as 1 + w, and every sixth block has no window.
    @Test func gemma3ComesBack() throws {
        let saved = try SavedFamily.random("gemma3-pattern")
        var architecture = saved.architecture
        for index in architecture.blocks.indices {
            architecture.blocks[index].attention.scale = 1 / Float(10).squareRoot()
        }
        let model = Transformer(architecture, weights: saved.weights)
        let (read, file) = try Self.written(model)
        #expect(read.architecture == architecture)
        #expect(file["gemma3.attention.sliding_window"] == .unsigned(7))
        #expect(file["gemma3.rope.freq_base"] == .number(5000) && file["gemma3.rope.freq_base_swa"] == .number(100))
        #expect(file["gemma3.rope.scaling.factor"] == .number(2.5))
        for parameter in model.layout.parameters {
            let found = Array(read.weights.buffer[parameter.range])
            let expected = model.weights.buffer[parameter.range]
            let rounding: Float = parameter.shape.count == 1 ? 2e-7 : 0
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= rounding }, "\(parameter.name)")
        }
        let norm = try #require(file.entries.first { $0.name == "blk.3.post_ffw_norm.weight" })
        let own = try #require(model.layout["h.3.mlp.post_norm.weight"])
        #expect(try file.floats(norm) == model.weights.buffer[own.range].map { $0 + 1 })
        architecture.blocks[5].attention.window = 7
        architecture.blocks[5].attention.rotary = architecture.blocks[4].attention.rotary
        let error = #expect(throws: InterchangeError.self) { _ = try Self.written(Transformer(architecture)) }
        #expect(error?.description.contains("every sixth") == true)
        withExtendedLifetime(saved) {}
    }
}
