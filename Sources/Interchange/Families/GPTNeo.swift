// GPT-Neo (Black et al. 2021) as Transformers stores it: GPTNeoForCausalLM.

import Model
import StrictJSON

/// GPT-2 with attention windows in some blocks, scores that are not scaled, and no bias for queries, keys and values,
/// which are three matrices. Linear layers are stored (outputs, inputs).
package enum GPTNeo: ModelFamily {
    package static let modelType = "gpt_neo"
    package static let prefix = "transformer."
    package static let sizeKeys = HuggingFaceSizeKeys(
        context: ["max_position_embeddings"], blocks: ["num_layers", "num_hidden_layers"],
        heads: ["num_heads", "num_attention_heads"], width: ["hidden_size"], feedForward: ["intermediate_size"],
        defaults: [
            "vocab_size": 50_257, "max_position_embeddings": 2048, "num_layers": 24, "num_heads": 16,
            "hidden_size": 2048,
        ])
    package static let storesInputsFirst = false

    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        let blockCount = try fields.size(sizeKeys.blocks)
        let shape = ModelShape(
            vocabularySize: try fields.size(["vocab_size"]), contextLength: try fields.size(sizeKeys.context),
            blockCount: blockCount, headCount: try fields.size(sizeKeys.heads),
            modelWidth: try fields.size(sizeKeys.width),
            feedForwardWidth: try fields.optionalSize(sizeKeys.feedForward),
            activation: try fields.activation("activation_function"), biases: true,
            tiedHead: try fields.flag("tie_word_embeddings", default: true),
            layerNormEpsilon: ModelShape.decimal(try fields.number("layer_norm_epsilon", default: 1e-5)),
            attentionWindows: try windows(fields, blockCount), scalesAttention: false, attentionInputBias: false)
        return try shape.gpt2Architecture(sizeKeys)
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

    /// GPT-Neo where it has windows, or all of its biases: a model without biases and windows is a GPT-2.
    package static func configMembers(
        _ architecture: Architecture, endOfTextID: Int?
    ) -> [(key: String, value: JSONOutput)]? {
        guard let shape = ModelShape(gpt2: architecture), !shape.scalesAttention, !shape.scalesAttentionByBlock,
            !architecture.blocks[0].attention.hasInputBias
        else { return nil }
        let windows = Set(shape.attentionWindows).subtracting([0])
        guard windows.count <= 1, shape.biases || !windows.isEmpty else { return nil }
        let kinds = JSONOutput.array(
            architecture.blocks.map { $0.attention.window == nil ? "global" : "local" })
        return shape.gpt2Members(modelType, sizeKeys, endOfTextID: endOfTextID) + [
            ("architectures", ["GPTNeoForCausalLM"]), ("attention_types", [[kinds, 1]]), ("attention_layers", kinds),
            ("window_size", .integer(windows.first ?? 256)),
        ]
    }

    package static func completed(_ architecture: Architecture) -> Architecture {
        architecture.withAllBiases(attentionInput: false)
    }

    package static func pieces(of parameter: Parameter, in architecture: Architecture) -> [StoredPiece] {
        let key = parameter.key
        guard let block = key.block else { return [StoredPiece(parameter)] }
        let kind = key.kind == .bias ? "bias" : "weight"
        let name = { (layer: String) in "h.\(block).\(layer).\(kind)" }
        let columns = 0..<(parameter.shape.last ?? 0)
        switch key.role {
        case .attentionInput:
            let attention = architecture.blocks[block].attention
            return zip(["q", "k", "v"], attention.inputColumns).map {
                StoredPiece(columns: $1, of: parameter, name: name("attn.attention.\($0)_proj"))
            }
        case .attentionOutput where key.kind == .weight:
            return [StoredPiece(columns: columns, of: parameter, name: name("attn.attention.out_proj"))]
        case .attentionOutput: return [StoredPiece(parameter, name: name("attn.attention.out_proj"))]
        case .feedForwardInput where key.kind == .weight, .feedForwardOutput where key.kind == .weight:
            return [StoredPiece(columns: columns, of: parameter, name: name(key.role.name))]
        default: return [StoredPiece(parameter)]
        }
    }

    package static func ignoredTensors(block: Int) -> [String] {
        ["h.\(block).attn.attention.bias", "h.\(block).attn.attention.masked_bias"]
    }
}
