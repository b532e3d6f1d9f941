// GPT-Neo as Transformers stores it (GPTNeoForCausalLM): the keys of its config, the names of its tensors.

import Model
import StrictJSON

/// GPT-Neo (Black et al. 2021) is GPT-2 with attention windows in some blocks, scores that are not scaled, and no bias
/// for queries, keys and values, which are three matrices. Linear layers are stored (outputs, inputs).
enum GPTNeoFormat {
    static let sizeKeys = HuggingFaceSizeKeys(
        context: ["max_position_embeddings"], blocks: ["num_layers", "num_hidden_layers"],
        heads: ["num_heads", "num_attention_heads"], width: ["hidden_size"], feedForward: ["intermediate_size"])

    static func modelConfig(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> ModelConfig {
        let blockCount = try fields.size(sizeKeys.blocks)
        return ModelConfig(
            vocabularySize: try fields.size(["vocab_size"]), contextLength: try fields.size(sizeKeys.context),
            blockCount: blockCount, headCount: try fields.size(sizeKeys.heads),
            modelWidth: try fields.size(sizeKeys.width),
            feedForwardWidth: try fields.optionalSize(sizeKeys.feedForward),
            activation: try fields.activation("activation_function"), biases: true,
            tiedHead: try fields.flag("tie_word_embeddings", default: true),
            layerNormEpsilon: try fields.number("layer_norm_epsilon", default: 1e-5),
            attentionWindows: try windows(fields, blockCount), scalesAttention: false, attentionInputBias: false)
    }

    /// `attention_types` lists patterns with how often each is repeated, `[[["global", "local"], 6]]`; Transformers
    /// writes the result as `attention_layers` too, which must agree.
    private static func windows(
        _ fields: ConfigFields, _ blockCount: Int
    ) throws(HuggingFaceConfigDefect) -> [Int] {
        let window = try fields.optionalSize(["window_size"]) ?? 256
        var kinds: [String] = []
        if let types = fields.present("attention_types") {
            for element in types.array ?? [] {
                guard let pair = element.array, pair.count == 2, let pattern = pair[0].array,
                    let count = pair[1].integer,
                    (0...blockCount).contains(count), pattern.count <= blockCount
                else { throw ConfigFields.wrongType("attention_types", types, "a list of [[kinds], repetitions]") }
                for _ in 0..<count where kinds.count <= blockCount { kinds += pattern.map { $0.string ?? "" } }
            }
        } else {
            kinds = (0..<blockCount).map { $0 % 2 == 0 ? "global" : "local" }
        }
        for kind in kinds where kind != "global" && kind != "local" {
            throw .unsupportedValue(
                key: "attention_types", value: quoted(kind), supported: [quoted("global"), quoted("local")])
        }
        guard kinds.count == blockCount else {
            throw .attentionTypes(described: kinds.count, blocks: blockCount, blocksKey: sizeKeys.blocks[0])
        }
        if let layers = fields.present("attention_layers"), layers.array?.map(\.string) != kinds {
            throw .attentionLayersDiffer
        }
        return kinds.contains("local") ? kinds.map { $0 == "local" ? window : 0 } : []
    }

    /// What the config of a model has beside the sizes.
    static func members(_ model: ModelConfig) -> [(key: String, value: JSONOutput)] {
        let kinds = JSONOutput.array(
            (0..<model.blockCount).map { model.attentionWindow(block: $0) == nil ? "global" : "local" })
        return [
            ("architectures", ["GPTNeoForCausalLM"]), ("attention_types", [[kinds, 1]]), ("attention_layers", kinds),
            ("window_size", .integer(model.attentionWindows.max() ?? 256)),
        ]
    }

    static func pieces(of parameter: Parameter) -> [StoredPiece] {
        let name = parameter.name
        guard name.hasPrefix("h."), parameter.shape.count == 2 else {
            return [
                StoredPiece(
                    whole: parameter,
                    name: name.replacingSuffix("attn.c_proj.bias", with: "attn.attention.out_proj.bias"))
            ]
        }
        let (rows, columns) = (parameter.shape[0], parameter.shape[1])
        guard name.hasSuffix("attn.c_attn.weight") else {
            let own = name.replacingSuffix("attn.c_proj.weight", with: "attn.attention.out_proj.weight")
            return [StoredPiece(turned: 0..<columns, rows: rows, name: own)]
        }
        return ["q", "k", "v"].enumerated().map { index, part in
            let width = columns / 3
            return StoredPiece(
                turned: (index * width)..<((index + 1) * width), rows: rows,
                name: name.replacingSuffix("c_attn.weight", with: "attention.\(part)_proj.weight"))
        }
    }
}

extension String {
    /// The text with another ending, or as it is where it does not end so.
    fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
