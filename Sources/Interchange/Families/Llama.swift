// Llama (Touvron et al. 2023) as Transformers stores it: LlamaForCausalLM. SmolLM2, Llama 3.2 and TinyLlama are Llamas.

import Kernels
import Model
import StrictJSON

/// RMSNorm in front of attention and feed-forward layer, rotary positions, grouped queries, a feed-forward layer gated by
/// SiLU. Linear layers are stored (outputs, inputs); queries, keys and values, gate and up are matrices of their own.
public enum Llama: ModelFamily {
    public static let modelType = "llama"
    public static let prefix = "model."
    public static let sizeKeys = HuggingFaceSizeKeys(
        context: ["max_position_embeddings"], blocks: ["num_hidden_layers"], heads: ["num_attention_heads"],
        width: ["hidden_size"], feedForward: ["intermediate_size"], epsilon: "rms_norm_eps")
    public static let storesInputsFirst = false

    /// The linear layers by the names of Transformers' modules.
    static let modules = [
        LinearModule("self_attn.q_proj", .attentionInput, .query),
        LinearModule("self_attn.k_proj", .attentionInput, .key),
        LinearModule("self_attn.v_proj", .attentionInput, .value),
        LinearModule("self_attn.o_proj", .attentionOutput),
        LinearModule("mlp.gate_proj", .feedForwardInput, .gate), LinearModule("mlp.up_proj", .feedForwardInput, .up),
        LinearModule("mlp.down_proj", .feedForwardOutput),
    ]

    /// `pretraining_tp` above 1 changes the order of sums and is passed over, as Transformers does.
    public static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        try fields.expect("hidden_act", oneOf: ["silu"], absent: "silu")
        let (heads, width) = (try fields.size(sizeKeys.heads), try fields.size(sizeKeys.width))
        let headWidth = try fields.optionalSize(sizeKeys.headWidth) ?? width / heads
        if fields.present(sizeKeys.headWidth[0]) == nil, width % heads != 0 {
            throw .headsDoNotDivideWidth(
                widthKey: sizeKeys.width[0], width: width, headsKey: sizeKeys.heads[0], heads: heads)
        }
        let norm = NormDescription(
            kind: .rms, epsilon: try fields.number(sizeKeys.epsilon, default: 1e-6), hasBias: false)
        let (attentionBias, layerBias) = (
            try fields.flag("attention_bias", default: false), try fields.flag("mlp_bias", default: false)
        )
        let block = BlockDescription(
            attentionNorm: norm,
            attention: AttentionDescription(
                headCount: heads, keyValueHeadCount: try fields.optionalSize(sizeKeys.keyValueHeads) ?? heads,
                headWidth: headWidth, rotary: try fields.rotary(width: headWidth), hasInputBias: attentionBias,
                hasOutputBias: attentionBias),
            feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: try fields.size(sizeKeys.feedForward), kind: .gated(activation: .silu),
                hasInputBias: layerBias, hasOutputBias: layerBias))
        return Architecture(
            vocabularySize: try fields.size(["vocab_size"]), contextLength: try fields.size(sizeKeys.context),
            modelWidth: width, embedding: EmbeddingDescription(learnsPositions: false),
            blocks: [BlockDescription](repeating: block, count: try fields.blockCount(sizeKeys)),
            finalNorm: norm, head: HeadDescription(isTied: try fields.flag("tie_word_embeddings", default: false)),
            initialization: InitializationDescription(scalesResidualProjections: false), linearModules: modules)
    }

    public static func configMembers(
        _ architecture: Architecture, endOfTextID: Int?
    ) -> [(key: String, value: JSONOutput)]? {
        guard let block = architecture.blocks.first, let rotary = block.attention.rotary, computes(architecture) else {
            return nil
        }
        let (attention, feedForward) = (block.attention, block.feedForward)
        let endOfText = endOfTextID.map { JSONOutput.integer($0) } ?? .null
        return [
            ("model_type", .string(modelType)), ("architectures", ["LlamaForCausalLM"]),
            ("vocab_size", .integer(architecture.vocabularySize)),
            (sizeKeys.context[0], .integer(architecture.contextLength)),
            (sizeKeys.width[0], .integer(architecture.modelWidth)),
            (sizeKeys.blocks[0], .integer(architecture.blockCount)),
            (sizeKeys.heads[0], .integer(attention.headCount)),
            (sizeKeys.keyValueHeads[0], .integer(attention.keyValueHeadCount)),
            (sizeKeys.headWidth[0], .integer(attention.headWidth)),
            (sizeKeys.feedForward[0], .integer(feedForward.width)), ("hidden_act", "silu"),
            (sizeKeys.epsilon, .number(ModelShape.decimal(architecture.finalNorm.epsilon))),
            ("rope_theta", .number(rotary.base)), ("rope_scaling", rotary.scalingMember),
            ("attention_bias", .bool(attention.hasInputBias)), ("mlp_bias", .bool(feedForward.hasInputBias)),
            ("tie_word_embeddings", .bool(architecture.head.isTied)), ("bos_token_id", endOfText),
            ("eos_token_id", endOfText), ("torch_dtype", "float32"),
        ]
    }

    /// Whether a Llama computes what the architecture does: what `architecture(_:)` can make.
    private static func computes(_ architecture: Architecture) -> Bool {
        guard let block = architecture.blocks.first, let rotary = block.attention.rotary else { return false }
        let attention = block.attention
        var plain = AttentionDescription(
            headCount: attention.headCount, keyValueHeadCount: attention.keyValueHeadCount,
            headWidth: attention.headWidth, rotary: rotary, hasInputBias: attention.hasInputBias,
            hasOutputBias: attention.hasInputBias)
        plain.rotary = rotary
        let norm = NormDescription(kind: .rms, epsilon: architecture.finalNorm.epsilon, hasBias: false)
        let expected = BlockDescription(
            attentionNorm: norm, attention: plain, feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: block.feedForward.width, kind: .gated(activation: .silu),
                hasInputBias: block.feedForward.hasInputBias, hasOutputBias: block.feedForward.hasInputBias))
        return rotary.width == attention.headWidth && rotary.hasNamedScaling && architecture.finalNorm == norm
            && !architecture.embedding.learnsPositions && architecture.blocks.allSatisfy { $0 == expected }
    }

    public static func pieces(of parameter: Parameter, in architecture: Architecture) -> [StoredPiece] {
        let key = parameter.key
        let kind = key.kind == .bias ? "bias" : "weight"
        guard let block = key.block else {
            switch key.role {
            case .tokenEmbedding: return [StoredPiece(parameter, name: "embed_tokens.weight")]
            case .finalNorm: return [StoredPiece(parameter, name: "norm.weight")]
            default: return [StoredPiece(parameter)]
            }
        }
        let name = { (layer: String) in "layers.\(block).\(layer).\(kind)" }
        switch key.role {
        case .attentionNorm: return [StoredPiece(parameter, name: name("input_layernorm"))]
        case .feedForwardNorm: return [StoredPiece(parameter, name: name("post_attention_layernorm"))]
        default:
            return architecture.linearModules.filter { $0.layer.role == key.role }.map { module in
                let columns = module.part.columns(
                    of: module.layer, in: architecture.blocks[block], modelWidth: architecture.modelWidth)
                return StoredPiece(columns: columns, of: parameter, name: name(module.name))
            }
        }
    }

    public static func ignoredTensors(block: Int) -> [String] { ["layers.\(block).self_attn.rotary_emb.inv_freq"] }
}

extension ConfigFields {
    /// Rotary positions of heads of this width: `rope_parameters` of Transformers 5, or `rope_theta` and `rope_scaling`.
    func rotary(width: Int) throws(HuggingFaceConfigDefect) -> RotaryFrequencies {
        let own = try nested(present("rope_parameters") == nil ? "rope_scaling" : "rope_parameters")
        var base = try double("rope_theta") ?? 10_000
        var scaling = RotaryFrequencies.Scaling.none
        if let own {
            base = try own.double("rope_theta") ?? base
            scaling = try own.rotaryScaling()
        }
        do throws(RotaryFrequencies.Defect) {
            return try RotaryFrequencies(base: base, width: width, scaling: scaling)
        } catch {
            throw .unsupportedValue(key: "rope_scaling", value: "\(error)", supported: ["what its type allows"])
        }
    }

    /// What `rope_type`, or `type` of older files, says.
    private func rotaryScaling() throws(HuggingFaceConfigDefect) -> RotaryFrequencies.Scaling {
        let key = present("rope_type") == nil ? "type" : "rope_type"
        let type = present(key)?.string ?? "default"
        switch type {
        case "default": return .none
        case "linear": return .linear(factor: try requiredDouble("factor"))
        case "llama3":
            return .llama3(
                factor: try requiredDouble("factor"), low: try requiredDouble("low_freq_factor"),
                high: try requiredDouble("high_freq_factor"),
                originalContext: try size(["original_max_position_embeddings"]))
        default:
            throw .unsupportedValue(
                key: key, value: quoted(type), supported: ["default", "linear", "llama3"].map(quoted))
        }
    }

    /// The object under a key that is there and not null.
    private func nested(_ key: String) throws(HuggingFaceConfigDefect) -> ConfigFields? {
        guard let node = present(key) else { return nil }
        guard let object = node.object else { throw ConfigFields.wrongType(key, node, "an object") }
        return ConfigFields(object: object)
    }

    private func double(_ key: String) throws(HuggingFaceConfigDefect) -> Double? {
        guard let node = present(key) else { return nil }
        guard let value = node.number else { throw ConfigFields.wrongType(key, node, "a number") }
        return value
    }

    private func requiredDouble(_ key: String) throws(HuggingFaceConfigDefect) -> Double {
        guard let value = try double(key) else { throw .missing(key: key) }
        return value
    }

    /// A number of blocks that a list may be made of.
    func blockCount(_ keys: HuggingFaceSizeKeys) throws(HuggingFaceConfigDefect) -> Int {
        let count = try size(keys.blocks)
        guard count <= Architecture.mostBlocks else {
            throw .sizeOutOfRange(key: keys.blocks[0], value: count, limit: Architecture.mostBlocks)
        }
        return count
    }
}

extension RotaryFrequencies {
    /// `rope_scaling`.
    fileprivate var scalingMember: JSONOutput {
        switch scaling {
        case .linear(let factor): .object([("rope_type", "linear"), ("factor", .number(factor))])
        case .llama3(let factor, let low, let high, let originalContext):
            .object([
                ("rope_type", "llama3"), ("factor", .number(factor)), ("low_freq_factor", .number(low)),
                ("high_freq_factor", .number(high)),
                ("original_max_position_embeddings", .integer(originalContext)),
            ])
        case .none, .factors: .null
        }
    }

    /// Whether a config.json can say the scaling.
    fileprivate var hasNamedScaling: Bool {
        if case .factors = scaling { return false }
        return true
    }
}
