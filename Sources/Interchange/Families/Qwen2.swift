// Qwen2 and Qwen2.5 (Yang et al. 2024) as Transformers stores them: Qwen2ForCausalLM.

import Model
import StrictJSON

/// Llama with biases of queries, keys and values, which no key of the config controls, and with attention windows in the
/// upper blocks of some models.
package enum Qwen2: GatedFamily {
    package static let modelType = "qwen2"
    package static let className = "Qwen2ForCausalLM"
    package static let sizeKeys = HuggingFaceSizeKeys.gated(defaults: [
        "vocab_size": 151_936, "max_position_embeddings": 32_768, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "hidden_size": 4096, "intermediate_size": 22_016,
    ])

    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        try fields.expect("hidden_act", oneOf: ["silu"], absent: "silu")
        var result = try plainArchitecture(fields)
        let rotary = try fields.rotary(width: result.blocks[0].attention.headWidth)
        let windows = try fields.slidingWindows(count: result.blockCount)
        result.changeBlocks { block, index in
            block.attention.rotary = rotary
            block.attention.hasInputBias = true
            block.attention.window = windows[index]
        }
        return result
    }

    package static func ownMembers(_ architecture: Architecture) -> [(key: String, value: JSONOutput)] {
        architecture.rotaryMembers + architecture.slidingMembers
    }

    package static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "qwen2",
        pieces: { gatedPieces(of: $0, in: $1) },
        metadata: { gatedMetadata("qwen2", $0) },
        objection: { gatedObjection($0) ?? $0.windowObjection },
        describe: { (file) throws(GGUFDefect) in
            var result = try gatedArchitecture("qwen2", file)
            result.changeBlocks { block, _ in block.attention.hasInputBias = true }
            return result
        })
}

extension Architecture {
    /// For families to which llama.cpp gives no windows.
    var windowObjection: GGUFObjection? {
        window == nil ? nil : .reason("llama.cpp runs this family without attention windows")
    }
}
