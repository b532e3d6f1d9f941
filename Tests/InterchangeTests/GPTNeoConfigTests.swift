// GPT-Neo's config: what its keys mean, and what is refused.

import Foundation
import Interchange
import TestSupport
import Testing

@Suite("GPT-Neo config") struct GPTNeoConfigTests {
    /// What is said of a config with some keys changed; a right one lacks only its weights.
    private static func complaint(_ changes: [String: String?]) throws -> String {
        var lines: [String: String?] = [
            "model_type": "\"gpt_neo\"", "vocab_size": "11", "max_position_embeddings": "8", "hidden_size": "6",
            "num_layers": "4", "num_heads": "3", "attention_types": "[[[\"global\", \"local\"], 2]]",
            "window_size": "3",
        ]
        for (key, value) in changes { lines[key] = .some(value) }
        let members = lines.compactMap { key, value in value.map { "\"\(key)\": \($0)" } }.sorted()
        return try withTemporaryFolder { folder in
            try folder.write("{\(members.joined(separator: ","))}", as: "config.json")
            let error = #expect(throws: InterchangeError.self) { try HuggingFaceFolder(path: folder.path) }
            return error.map { $0.description.replacing(folder.path, with: "") } ?? ""
        }
    }

    @Test(
        arguments: [
            ([:], ": there is no model.safetensors"),
            (["attention_types": nil, "window_size": nil], ": there is no model.safetensors"),
            (["attention_types": "[[[\"global\"], 4]]"], ": there is no model.safetensors"),
            (["num_layers": "3"], "/config.json: attention_types describes 4 layers, but num_layers is 3"),
            (["num_layers": "5"], "/config.json: attention_types describes 4 layers, but num_layers is 5"),
            (
                ["attention_types": "[[[\"global\", \"sparse\"], 2]]"],
                "/config.json: attention_types is \"sparse\", which changes the computation and is not supported; supported: "
                    + "\"global\", \"local\""
            ),
            (
                ["attention_types": "[[\"global\", 1000000000000]]"],
                "/config.json: attention_types is an array; a list of [[kinds], repetitions] is expected"
            ),
            (
                ["attention_layers": "[\"global\", \"global\", \"global\", \"local\"]"],
                "/config.json: attention_layers is not what attention_types describes"
            ),
            (["num_heads": "4"], "/config.json: hidden_size 6 is not divisible by num_heads 4"),
            (["hidden_size": nil], "/config.json: hidden_size 2048 is not divisible by num_heads 3"),
            (["window_size": "0"], "/config.json: window_size is 0; it must be between 1 and 1048576"),
        ] as [([String: String?], String)])
    func isJudged(changes: [String: String?], message: String) throws {
        #expect(try Self.complaint(changes) == message)
    }
}
