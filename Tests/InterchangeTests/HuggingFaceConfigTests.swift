// What of a Hugging Face config is understood, and what is refused by name.

import Foundation
import Interchange
import Model
import TestSupport
import Testing

@Suite("Hugging Face config")
struct HuggingFaceConfigTests {
    /// A right config, some of whose lines a test replaces (by other JSON) or removes (nil).
    static func text(_ changes: [String: String?] = [:]) -> String {
        var lines: [String: String?] = [
            "model_type": "\"gpt2\"", "vocab_size": "11", "n_positions": "8", "n_embd": "6", "n_layer": "2",
            "n_head": "3", "n_inner": "null", "activation_function": "\"gelu_new\"", "layer_norm_epsilon": "1e-05",
            "tie_word_embeddings": "true", "resid_pdrop": "0.1", "architectures": "[\"GPT2LMHeadModel\"]",
        ]
        for (key, value) in changes { lines[key] = .some(value) }
        let members = lines.compactMap { key, value in value.map { "\"\(key)\": \($0)" } }.sorted()
        return "{\(members.joined(separator: ", "))}"
    }

    /// The error of a folder with this config; the weights are absent, so a right config ends in `noWeights`.
    private func failure(_ config: String) throws -> (error: InterchangeError?, folder: TemporaryFolder) {
        let folder = try TemporaryFolder()
        _ = try folder.write(Array(config.utf8), as: "config.json")
        return (#expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }, folder)
    }

    @Test(
        arguments: [
            (
                ["model_type": "\"bloom\""],
                "the architecture \"bloom\" is not supported; supported: gemma3_text, gpt2, gpt_neo, "
                    + "gpt_neox, llama, qwen2, qwen3"
            ),
            (["model_type": nil], "the key model_type is missing"),
            (["model_type": "3"], "model_type is a number; a string is expected"),
            (["n_head": nil], "n_embd 6 is not divisible by n_head 12"),
            (["n_layer": "2.0"], "n_layer is a number; an integer is expected"),
            (["n_embd": "0"], "n_embd is 0; it must be between 1 and 1048576"),
            (["n_embd": "9223372036854775807"], "n_embd is 9223372036854775807; it must be between 1 and 1048576"),
            (["n_embd": "1048575"], "n_inner is 4194300; it must be between 1 and 1048576"),
            (["n_inner": "-1"], "n_inner is -1; it must be between 1 and 1048576"),
            (["n_head": "4"], "n_embd 6 is not divisible by n_head 4"),
            (["layer_norm_epsilon": "0"], "layer_norm_epsilon is 0.0; it must be a positive number"),
            (
                ["activation_function": "\"relu\""],
                "activation_function is \"relu\", which changes the computation and is not supported; supported: "
                    + "\"gelu_new\", \"gelu_pytorch_tanh\", \"gelu_python_tanh\", \"gelu_accurate\", \"gelu_fast\", "
                    + "\"gelu\", \"gelu_python\""
            ),
            (["scale_attn_weights": "1"], "scale_attn_weights is a number; true or false is expected"),
            (["eos_token_id": "\"x\""], "eos_token_id is a string; an integer or a list of them is expected"),
            (
                ["add_cross_attention": "true"],
                "add_cross_attention is true, which changes the computation and is not supported; supported: false"
            ),
            (["add_cross_attention": "1"], "add_cross_attention is a number; true or false is expected"),
            (
                ["quantization_config": "{\"bits\": 4}"],
                "quantization_config is an object, which changes the computation and is not supported; supported: null"
            ),
        ] as [([String: String?], String)])
    func isRefused(changes: [String: String?], message: String) throws {
        let (error, folder) = try failure(Self.text(changes))
        #expect(error?.description == "\(folder.path)/config.json: \(message)")
    }

    @Test func brokenJSONIsPlaced() throws {
        var (error, folder) = try failure("{\n  \"n_embd\": 6,\n  \"n_embd\": 8\n}")
        #expect(
            error?.description
                == "\(folder.path)/config.json: line 3, column 3: the key \"n_embd\" is already given at line 2, column 3"
        )
        (error, folder) = try failure("[]")
        #expect(error?.description == "\(folder.path)/config.json: the file holds an array instead of an object")
        (error, folder) = try failure("")
        #expect(
            error?.description
                == "\(folder.path)/config.json: line 1, column 1: the text ends where a value is expected")
    }

    @Test func absentFilesAreNamed() throws {
        var (error, folder) = try failure(Self.text())
        #expect(error?.description == "\(folder.path): there is no model.safetensors")
        #expect(error?.hint == nil)
        _ = try folder.write([0], as: "pytorch_model.bin")
        error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
        #expect(error?.description == "\(folder.path): there is no model.safetensors; pytorch_model.bin cannot be read")
        #expect(error?.hint?.contains("save_pretrained") == true)
        let nowhere = folder.path + "/nowhere"
        error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: nowhere) }
        #expect(error?.description == "cannot open \(nowhere)/config.json: No such file or directory")
    }
}
