// GPT-2 as Transformers stores it (GPT2LMHeadModel): the keys of its config. Its tensors are named as ours are.

import Model
import StrictJSON

enum GPT2Format {
    static let sizeKeys = HuggingFaceSizeKeys(
        context: ["n_positions", "max_position_embeddings"], blocks: ["n_layer", "num_hidden_layers"],
        heads: ["n_head", "num_attention_heads"], width: ["n_embd", "hidden_size"], feedForward: ["n_inner"])

    /// `reorder_and_upcast_attn` is passed over: it changes the order of roundings, not the mathematics.
    static func modelConfig(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> ModelConfig {
        ModelConfig(
            vocabularySize: try fields.size(["vocab_size"]), contextLength: try fields.size(sizeKeys.context),
            blockCount: try fields.size(sizeKeys.blocks), headCount: try fields.size(sizeKeys.heads),
            modelWidth: try fields.size(sizeKeys.width),
            feedForwardWidth: try fields.optionalSize(sizeKeys.feedForward),
            activation: try fields.activation("activation_function"), biases: true,
            tiedHead: try fields.flag("tie_word_embeddings", default: true),
            layerNormEpsilon: try fields.number("layer_norm_epsilon", default: 1e-5),
            scalesAttention: try fields.flag("scale_attn_weights", default: true),
            scalesAttentionByBlock: try fields.flag("scale_attn_by_inverse_layer_idx", default: false))
    }

    /// What the config of a model has beside the sizes.
    static func members(_ model: ModelConfig) -> [(key: String, value: JSONOutput)] {
        [
            ("architectures", ["GPT2LMHeadModel"]), ("scale_attn_weights", .bool(model.scalesAttention)),
            ("scale_attn_by_inverse_layer_idx", .bool(model.scalesAttentionByBlock)),
        ]
    }
}
