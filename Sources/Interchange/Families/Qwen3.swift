// Qwen3's dense models (Yang et al. 2025) as Transformers stores them: Qwen3ForCausalLM.

import Model
import StrictJSON

/// Llama with an RMSNorm of each head of queries and keys, a separate key for the heads' width, and Qwen2's windows.
package enum Qwen3: GatedFamily {
    package static let modelType = "qwen3"
    package static let className = "Qwen3ForCausalLM"
    package static let sizeKeys = HuggingFaceSizeKeys.gated(defaults: [
        "vocab_size": 151_936, "max_position_embeddings": 32_768, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "hidden_size": 4096, "intermediate_size": 22_016,
    ])

    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        try fields.expect("hidden_act", oneOf: ["silu"], absent: "silu")
        var result = try plainArchitecture(fields, headWidth: 128)
        let rotary = try fields.rotary(width: result.blocks[0].attention.headWidth)
        let windows = try fields.slidingWindows(count: result.blockCount)
        let hasBias = try fields.flag("attention_bias", default: false)
        let norm = result.finalNorm
        result.changeBlocks { block, index in
            block.attention.rotary = rotary
            (block.attention.hasInputBias, block.attention.hasOutputBias) = (hasBias, hasBias)
            block.attention.headNorm = norm
            block.attention.window = windows[index]
        }
        return result
    }

    package static func ownMembers(_ architecture: Architecture) -> [(key: String, value: JSONOutput)] {
        architecture.rotaryMembers + architecture.slidingMembers + [
            ("attention_bias", .bool(architecture.blocks[0].attention.hasInputBias))
        ]
    }

    package static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "qwen3",
        pieces: { gatedPieces(of: $0, in: $1) },
        metadata: { gatedMetadata("qwen3", $0) },
        objection: { architecture in
            if let objection = gatedObjection(architecture) ?? architecture.windowObjection { return objection }
            return architecture.blocks[0].attention.hasInputBias
                ? .reason("llama.cpp's Qwen3 has no biases") : nil
        },
        describe: { (file) throws(GGUFDefect) in
            var result = try gatedArchitecture("qwen3", file)
            let norm = result.finalNorm
            result.changeBlocks { block, _ in block.attention.headNorm = norm }
            return result
        })
}
