// Adapter folders that are wrong, or that mean something else: each is refused by name.

import Foundation
import Interchange
import Model
import TestSupport
import Testing

@Suite("PEFT adapters refused")
struct PEFTDefectTests {
    private func message(_ folder: PEFTFolder) throws -> (text: String, hint: String?) {
        try withTemporaryFolder { place in
            let path = try folder.write(to: place)
            let error = #expect(throws: InterchangeError.self) {
                let adapter = try PEFTAdapter(path: path)
                try adapter.check(Architecture(gpt2: PEFTFolder.model))
                try adapter.merge(into: Transformer(PEFTFolder.model))
            }
            return (error?.description.replacing(path + "/", with: "") ?? "", error?.hint)
        }
    }

    @Test(
        arguments: [
            ("peft_type", "\"IA3\"", "is \"IA3\"", "\"LORA\""),
            ("task_type", "\"SEQ_CLS\"", "is \"SEQ_CLS\"", "\"CAUSAL_LM\""),
            ("bias", "\"lora_only\"", "is \"lora_only\"", "\"none\""),
            ("peft_type", "\"PROMPT_TUNING\"", "is \"PROMPT_TUNING\"", "\"LORA\""),
            ("modules_to_save", "[\"c_fc\"]", "is \"c_fc\"", "embeddings, norms and the head of this model"),
            ("modules_to_save", "[\"score\"]", "is \"score\"", "embeddings, norms and the head of this model"),
            ("rank_pattern", "{\"c_attn\": 1.5}", "is 1.5", "integers from 1"),
            ("rank_pattern", "{\"c_attn\": 0}", "is 0.0", "integers from 1"),
            ("rank_pattern", "{\"(\": 4}", "is \"(\"", "regular expressions"),
            ("alpha_pattern", "{\"c_attn\": 0}", "is 0.0", "numbers other than 0"),
            ("exclude_modules", "\"(\"", "is \"(\"", "regular expressions, lists"),
            ("layers_pattern", "[\"(\"]", "is \"(\"", "regular expressions"),
            ("target_parameters", "[\"x\"]", "is an array", "null"),
            ("layer_replication", "[[0, 2]]", "is an array", "null"),
            ("trainable_token_indices", "[3]", "is an array", "null"),
            ("init_lora_weights", "\"pissa\"", "is \"pissa\"", "\"gaussian\", \"eva\", \"orthogonal\""),
            ("lora_alpha", "0", "is 0.0", "numbers other than 0"),
            ("something_new", "1.5", "is 1.5", "null"), ("something_newer", "true", "is true", "false"),
            ("target_modules", "\"(\"", "is \"(\"", "regular expressions, lists"),
            (
                "target_modules", "[\"q_proj\"]", "is [\"q_proj\"]",
                "\"attn.c_attn\", \"attn.c_proj\", \"mlp.c_fc\", \"mlp.c_proj\""
            ),
        ]) func meaning(key: String, value: String, found: String, supported: String) throws
    {
        var folder = PEFTFolder()
        folder.config[key] = .some(value)
        let expected =
            "adapter_config.json: \(key) \(found), which changes the computation and is not supported; supported: "
            + supported
        #expect(try message(folder).text == expected)
    }

    @Test(
        arguments: [
            ("peft_type", nil, "the key peft_type is missing"), ("r", nil, "the key r is missing"),
            ("target_modules", nil, "the key target_modules is missing"),
            ("target_modules", "3", "target_modules is a number; a list of names or a regular expression is expected"),
            ("r", "0", "r is 0; it must be between 1 and 1048576"),
            ("r", "\"8\"", "r is a string; an integer is expected"),
            ("use_rslora", "1", "use_rslora is a number; true or false is expected"),
            ("use_dora", "1", "use_dora is a number; true or false is expected"),
            ("rank_pattern", "[]", "rank_pattern is an array; an object is expected"),
            ("alpha_pattern", "{\"a\": \"b\"}", "alpha_pattern.a is a string; a number is expected"),
            (
                "layers_to_transform", "\"1\"",
                "layers_to_transform is a string; an integer or a list of them is expected"
            ),
            ("modules_to_save", "3", "modules_to_save is a number; a list of names is expected"),
            ("base_model_name_or_path", "[]", "base_model_name_or_path is an array; a string is expected"),
        ] as [(String, String?, String)]) func form(key: String, value: String?, expected: String) throws
    {
        var folder = PEFTFolder()
        folder.config[key] = .some(value)
        #expect(try message(folder).text == "adapter_config.json: " + expected)
    }

    @Test func missingAndExtraTensors() throws {
        var folder = PEFTFolder()
        folder.tensors.removeLast()
        let file = "adapter_model.safetensors: "
        let missing = "the model needs the tensor \"\(PEFTFolder.name("h.1.attn.c_attn", "lora_B"))\", not found here"
        #expect(try message(folder).text == file + missing)
        folder = PEFTFolder()
        for name in ["base_model.model.transformer.wte.lora_embedding_A", "base_model.model.lm_head.weight"] {
            folder.tensors.append(.init(name, [1]))
            #expect(try message(folder).text == file + "the model has no place for the tensor \"\(name)\"")
            folder.tensors.removeLast()
        }
        folder.tensors.append(.init(folder.tensors[0].name.replacing(".weight", with: ".default.weight"), [2, 4]))
        #expect(try message(folder).text.hasSuffix("are one parameter"))
    }

    @Test(arguments: [([2, 5], "[2, 4]"), ([3, 4], "[2, 4]"), ([4, 2], "[2, 4]"), ([8], "[2, 4]")])
    func shapes(shape: [Int], expected: String) throws {
        var folder = PEFTFolder()
        folder.tensors[2] = .init(folder.tensors[2].name, shape)
        #expect(
            try message(folder).text
                == "adapter_model.safetensors: tensor \"\(folder.tensors[2].name)\" has the shape \(shape); the config asks "
                + "for \(expected)")
    }

    @Test func aRankThatIsNotTheConfigs() throws {
        var folder = PEFTFolder()
        folder.config["r"] = "3"
        #expect(try message(folder).text.hasSuffix("has the shape [2, 4]; the config asks for [3, 4]"))
    }

    @Test func typesAndValues() throws {
        var folder = PEFTFolder()
        folder.tensors[1].type = "I32"
        #expect(try message(folder).text.contains("\"\(folder.tensors[1].name)\""))
        #expect(try message(folder).text.contains("I32"))
        folder = PEFTFolder()
        folder.tensors[3].values[5] = .nan
        #expect(
            try message(folder).text
                == "adapter_model.safetensors: element 5 of tensor \"\(folder.tensors[3].name)\" is nan; weights must be "
                + "finite numbers")
    }

    @Test func picklesAreRefusedWithAdvice() throws {
        try withTemporaryFolder { place in
            try place.write(PEFTFolder().configText, as: "adapter_config.json")
            try place.write([0x80, 2], as: "adapter_model.bin")
            let error = #expect(throws: InterchangeError.self) { try PEFTAdapter(path: place.path) }
            #expect(
                error?.description
                    == "\(place.path): there is no adapter_model.safetensors; adapter_model.bin cannot be read")
            #expect(error?.hint?.contains("save_pretrained") == true)
        }
    }
}
