// Llama (Touvron et al. 2023) as Transformers stores it: LlamaForCausalLM. SmolLM2, Llama 3.2 and TinyLlama are Llamas.

import Model
import StrictJSON

/// The first of the gated families. Biases are in all layers of attention or in none, and likewise in those of the
/// feed-forward layer.
package enum Llama: GatedFamily {
    package static let modelType = "llama"
    package static let className = "LlamaForCausalLM"
    package static let sizeKeys = HuggingFaceSizeKeys.gated(defaults: [
        "vocab_size": 32_000, "max_position_embeddings": 2048, "num_hidden_layers": 32, "num_attention_heads": 32,
        "hidden_size": 4096, "intermediate_size": 11_008,
    ])

    /// `pretraining_tp` above 1 changes the order of sums and is ignored, as Transformers does.
    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        try fields.expect("hidden_act", oneOf: ["silu"], absent: "silu")
        var result = try plainArchitecture(fields)
        let rotary = try fields.rotary(width: result.blocks[0].attention.headWidth)
        let attentionBias = try fields.flag("attention_bias", default: false)
        let layerBias = try fields.flag("mlp_bias", default: false)
        result.changeBlocks { block, _ in
            block.attention.rotary = rotary
            (block.attention.hasInputBias, block.attention.hasOutputBias) = (attentionBias, attentionBias)
            (block.feedForward.hasInputBias, block.feedForward.hasOutputBias) = (layerBias, layerBias)
        }
        return result
    }

    package static func ownMembers(_ architecture: Architecture) -> [(key: String, value: JSONOutput)] {
        let block = architecture.blocks[0]
        return architecture.rotaryMembers + [
            ("attention_bias", .bool(block.attention.hasInputBias)),
            ("mlp_bias", .bool(block.feedForward.hasInputBias)),
        ]
    }

    package static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "llama",
        pieces: { gatedPieces(of: $0, in: $1, rotatesPairs: true) },
        metadata: { gatedMetadata("llama", $0) },
        objection: { gatedObjection($0, readsFactors: true) },
        describe: { (file) throws(GGUFDefect) in
            for name in ["llama.expert_count", "llama.attention.sliding_window"] {
                if let value = try file.metadata.integerIfPresent(name), value > 0 {
                    throw .outOfRange(key: name, value: "\(value)", range: "0 or absent")
                }
            }
            var result = try gatedArchitecture("llama", file)
            result.changeBlocks { block, _ in
                block.attention.hasInputBias = file.tensor("blk.0.attn_q.bias") != nil
                block.attention.hasOutputBias = file.tensor("blk.0.attn_output.bias") != nil
                block.feedForward.hasInputBias = file.tensor("blk.0.ffn_up.bias") != nil
                block.feedForward.hasOutputBias = file.tensor("blk.0.ffn_down.bias") != nil
            }
            return result
        },
        constants: { architecture in
            architecture.blocks[0].attention.rotary?.llamaFactors.map { [("rope_freqs.weight", $0)] } ?? []
        })
}
