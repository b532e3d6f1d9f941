// Which configs of today's families are understood, and which are refused by name.

import Foundation
import Interchange
import Kernels
import Model
import StrictJSON
import TestSupport
import Testing

@Suite("Configs of families") struct FamilyConfigTests {
    /// A change of the config that Transformers saved, and what is said then; an empty text where it is understood.
    struct Change: CustomTestStringConvertible, Sendable {
        let name: String
        /// Members by JSON; an empty text removes one.
        let members: [String: String]
        let message: String
        var testDescription: String { "\(name) \(members)" }

        init(_ name: String, _ members: [String: String], _ message: String = "") {
            (self.name, self.members, self.message) = (name, members, message)
        }
    }

    static let qwen = [
        Change("qwen2-tied", ["hidden_act": "\"gelu\""], "hidden_act is \"gelu\""),
        Change(
            "qwen2-windows", ["layer_types": "[\"full_attention\"]"], "layer_types lists 1 layers, but the model has 3"),
        Change("qwen2-windows", ["use_sliding_window": "false"], "layer_types is \"sliding_attention\""),
        Change("qwen2-windows", ["sliding_window": "null"], "layer_types is \"sliding_attention\""),
        Change("qwen2-windows", ["sliding_window": "0"], "sliding_window is 0"),
        Change(
            "qwen2-windows", ["layer_types": "[\"full_attention\", \"chunked_attention\", \"full_attention\"]"],
            "layer_types is \"chunked_attention\""),
        Change("qwen2-windows", ["layer_types": "null"]),
        Change(
            "qwen2-windows", ["layer_types": "null", "max_window_layers": "\"all\""], "max_window_layers is a string"),
        Change("qwen2-tied", ["head_dim": "5"], "it must be even"),
        Change("qwen2-tied", ["rope_parameters": "{\"rope_type\": \"yarn\", \"factor\": 2}"], "rope_type is \"yarn\""),
        Change("qwen2-tied", ["partial_rotary_factor": "0.5"], "partial_rotary_factor is 0.5"),
        Change("qwen3-tied", ["num_key_value_heads": "2"], "num_attention_heads 3 is not divisible"),
        Change("qwen3-tied", ["model_type": "\"qwen3_moe\""], "the architecture \"qwen3_moe\" is not supported"),
    ]

    static let gptNeoX = [
        Change("neox-parallel", ["hidden_act": "\"relu\""], "hidden_act is \"relu\""),
        Change(
            "neox-parallel", ["num_attention_heads": "5"], "hidden_size 24 is not divisible by num_attention_heads 5"),
        Change("neox-parallel", ["rope_parameters": "", "rotary_pct": "0"], "rotary_pct is 0.0"),
        Change("neox-parallel", ["rope_parameters": "", "rotary_pct": "0.4"], "a rotary width of 3"),
        Change("neox-parallel", ["rope_parameters": "", "rotary_pct": "1.5"], "rotary_pct is 1.5"),
        Change(
            "neox-parallel", ["rope_parameters": "{\"rope_type\": \"dynamic\", \"factor\": 2}"],
            "rope_type is \"dynamic\""),
        Change("neox-parallel", ["use_parallel_residual": "1"], "use_parallel_residual is a number"),
        Change("neox-parallel", ["hidden_act": "\"gelu_fast\""]),
        Change("neox-parallel", ["hidden_act": ""]),
    ]

    static let gemma3 = [
        Change("gemma3-capped", ["hidden_activation": "\"silu\""], "hidden_activation is \"silu\""),
        Change("gemma3-capped", ["attn_logit_softcapping": "50.0"], "attn_logit_softcapping is 50"),
        Change("gemma3-capped", ["use_bidirectional_attention": "true"], "use_bidirectional_attention is true"),
        Change("gemma3-capped", ["final_logit_softcapping": "0.0"], "final_logit_softcapping is 0.0"),
        Change("gemma3-capped", ["query_pre_attn_scalar": "0"], "query_pre_attn_scalar is 0.0"),
        Change("gemma3-capped", ["sliding_window": "null"], "the key sliding_window is missing"),
        Change(
            "gemma3-capped", ["rope_parameters": "{\"rope_type\": \"default\"}"], "rope_parameters is an object for all"
        ),
        Change(
            "gemma3-capped",
            ["rope_parameters": "{\"sliding_attention\": {\"rope_type\": \"linear\", \"factor\": 2}}"],
            "rope_parameters.sliding_attention.rope_type is a scaling"),
        Change("gemma3-capped", ["model_type": "\"gemma3\""], "the architecture \"gemma3\" is not supported"),
        Change("gemma3-capped", ["use_bidirectional_attention": "null"]),
    ]

    @Test(arguments: gemma3) func gemma3IsChecked(change: Change) throws { try check(change) }
    @Test(arguments: qwen) func qwenIsChecked(change: Change) throws { try check(change) }
    @Test(arguments: gptNeoX) func gptNeoXIsChecked(change: Change) throws { try check(change) }

    /// The config with the changes; a right one ends in the weights, which are not there.
    private func check(_ change: Change) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(Self.text(change.name, change.members), as: "config.json")
        let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        let wanted = change.message.isEmpty ? "model.safetensors" : change.message
        #expect(error?.description.contains(wanted) == true, "\(error?.description ?? "")")
    }

    /// The saved config with some members replaced.
    static func text(_ name: String, _ changes: [String: String]) throws -> [UInt8] {
        let path = TestData.fixture("families/\(name)/config.json")
        let stored = try JSONText.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path)))).object
        var members: [(key: String, value: JSONOutput)] = []
        for member in try #require(stored).members where changes[member.key] == nil {
            members.append((member.key, JSONOutput(member.value)))
        }
        for (key, text) in changes where !text.isEmpty {
            members.append((key, JSONOutput(try JSONText.parse(Array(text.utf8)))))
        }
        return JSONOutput.object(members).serializedBytes()
    }

    /// The architecture that a changed config describes, with the saved weights.
    private func architecture(_ name: String, _ changes: [String: String]) throws -> Architecture {
        let folder = try TemporaryFolder()
        _ = try folder.write(Self.text(name, changes), as: "config.json")
        let weights = TestData.fixture("families/\(name)/model.safetensors")
        try FileManager.default.copyItem(atPath: weights, toPath: folder.path + "/model.safetensors")
        return try HuggingFaceFolder(path: folder.path).architecture
    }

    /// Qwen's windows are in the upper blocks, unless `layer_types` says which.
    @Test func windowsOfQwen() throws {
        func windows(_ changes: [String: String]) throws -> [Int?] {
            try architecture("qwen2-windows", changes).blocks.map(\.attention.window)
        }
        #expect(try windows([:]) == [nil, 9, 9])
        #expect(try windows(["layer_types": "", "max_window_layers": "2"]) == [nil, nil, 9])
        #expect(try windows(["layer_types": "", "max_window_layers": "0"]) == [9, 9, 9])
        #expect(try windows(["layer_types": "", "max_window_layers": ""]) == [nil, nil, nil])
        #expect(try windows(["layer_types": "", "sliding_window": ""]) == [nil, 4096, 4096])
        #expect(try windows(["layer_types": "", "use_sliding_window": "false"]) == [nil, nil, nil])
        #expect(try windows(["layer_types": "", "use_sliding_window": ""]) == [nil, nil, nil])
    }

    /// An absent number is that of Transformers' class, and null is one for each head.
    @Test(arguments: [("qwen2", 32), ("qwen3", 32), ("gemma3_text", 4), ("llama", 64)])
    func absentKeyValueHeads(name: String, absent: Int) throws {
        func keyValueHeads(_ member: String) throws -> Int {
            let config = """
                {"model_type": "\(name)", "vocab_size": 261, "hidden_size": 128, "intermediate_size": 27,
                 "num_hidden_layers": 2, "max_position_embeddings": 64, "head_dim": 2,
                 "num_attention_heads": 64\(member)}
                """
            let architecture = try ModelFamilies.architecture(config: Array(config.utf8), file: "config.json")
            return architecture.blocks[0].attention.keyValueHeadCount
        }
        #expect(try keyValueHeads("") == absent)
        #expect(try keyValueHeads(", \"num_key_value_heads\": null") == 64)
        #expect(try keyValueHeads(", \"num_key_value_heads\": 16") == 16)
    }

    /// The keys of before Transformers 5 mean the same.
    @Test func olderKeysOfRotaryPositions() throws {
        let newer = try architecture("qwen2-tied", [:])
        let older = try architecture(
            "qwen2-tied",
            ["rope_parameters": "", "rope_theta": "10000", "rope_scaling": "{\"type\": \"linear\", \"factor\": 2.5}"])
        #expect(older == newer)
    }

    /// The keys of before Transformers 5, and the values that Transformers gives to absent ones.
    @Test func olderKeysOfGPTNeoX() throws {
        let newer = try architecture("neox-parallel", [:])
        #expect(newer.blocks[0].attention.rotary?.width == 2 && newer.blocks[0].isParallel)
        #expect(newer.blocks[0].feedForward.kind == .plain(activation: .geluExact))
        let absent = [
            "rope_parameters", "use_parallel_residual", "attention_bias", "hidden_act", "tie_word_embeddings",
        ]
        #expect(try architecture("neox-parallel", Dictionary(uniqueKeysWithValues: absent.map { ($0, "") })) == newer)
        let older = try architecture(
            "neox-parallel", ["rope_parameters": "", "rotary_pct": "0.75", "rotary_emb_base": "500"])
        #expect(older.blocks[0].attention.rotary == (try RotaryFrequencies(base: 500, width: 6)))
    }

    /// The keys of before Transformers 5, and the values that Transformers gives to absent ones.
    @Test func olderKeysOfGemma3() throws {
        let newer = try architecture("gemma3-pattern", [:])
        #expect(newer.blocks.map(\.attention.window) == [7, 7, 7, 7, 7, nil])
        #expect(newer.embedding.scale == Float(20).squareRoot() && newer.head.softCap == nil)
        let older = try architecture(
            "gemma3-pattern",
            [
                "rope_parameters": "", "rope_theta": "5000.0", "rope_local_base_freq": "100.0", "layer_types": "",
                "rope_scaling": "{\"rope_type\": \"linear\", \"factor\": 2.5}",
            ])
        #expect(older == newer)
        let absent = try architecture(
            "gemma3-pattern",
            ["rope_parameters": "", "layer_types": "", "sliding_window_pattern": "3", "sliding_window": ""])
        #expect(absent.blocks.map(\.attention.window) == [4096, 4096, nil, 4096, 4096, nil])
        #expect(absent.blocks[2].attention.rotary == (try RotaryFrequencies(base: 1_000_000, width: 10)))
        #expect(absent.blocks[0].attention.rotary == (try RotaryFrequencies(base: 10_000, width: 10)))
    }
}
