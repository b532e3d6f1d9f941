// Llama (Touvron et al. 2023) as Transformers stores it: LlamaForCausalLM. SmolLM2, Llama 3.2 and TinyLlama are Llamas.

import Kernels
import Model
import StrictJSON

/// RMSNorm in front of attention and feed-forward layer, rotary positions, grouped queries, a feed-forward layer gated by
/// SiLU. Linear layers are stored (outputs, inputs); queries, keys and values, gate and up are separate matrices.
public enum Llama: ModelFamily {
    public static let modelType = "llama"
    public static let prefix = "model."
    public static let sizeKeys = HuggingFaceSizeKeys(
        context: ["max_position_embeddings"], blocks: ["num_hidden_layers"], heads: ["num_attention_heads"],
        width: ["hidden_size"], feedForward: ["intermediate_size"], epsilon: "rms_norm_eps",
        defaults: [
            "vocab_size": 32_000, "max_position_embeddings": 2048, "num_hidden_layers": 32, "num_attention_heads": 32,
            "hidden_size": 4096, "intermediate_size": 11_008,
        ])
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

    /// `pretraining_tp` above 1 changes the order of sums and is ignored, as Transformers does.
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

    public static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "llama",
        pieces: { parameter, architecture in
            let key = parameter.key
            guard let block = key.block, let names = ggufNames[key.role] else {
                return [GGUFFamily.singlePiece(of: parameter)]
            }
            let description = architecture.blocks[block]
            return zip(names, architecture.linearModules.filter { $0.layer.role == key.role }).map { name, module in
                let columns = module.part.columns(
                    of: module.layer, in: description, modelWidth: architecture.modelWidth)
                let isRotated = module.part == .query || module.part == .key
                return GGUFPiece(
                    GGUFFamily.name(name, of: key), columns: columns,
                    order: isRotated ? .rotaryPairs(headWidth: description.attention.headWidth) : .same)
            }
        },
        metadata: { architecture in
            let (attention, feedForward) = (architecture.blocks[0].attention, architecture.blocks[0].feedForward)
            let rotary = attention.rotary
            func count(_ value: Int) -> GGUFOutput { .uint32(UInt32(value)) }
            var keys: [(key: String, value: GGUFOutput)] = [
                ("llama.block_count", count(architecture.blockCount)),
                ("llama.context_length", count(architecture.contextLength)),
                ("llama.embedding_length", count(architecture.modelWidth)),
                ("llama.feed_forward_length", count(feedForward.width)),
                ("llama.attention.head_count", count(attention.headCount)),
                ("llama.attention.head_count_kv", count(attention.keyValueHeadCount)),
                ("llama.attention.key_length", count(attention.headWidth)),
                ("llama.attention.value_length", count(attention.headWidth)),
                ("llama.attention.layer_norm_rms_epsilon", .float32(architecture.finalNorm.epsilon)),
                ("llama.rope.dimension_count", count(rotary?.width ?? 0)),
                ("llama.rope.freq_base", .float32(Float(rotary?.base ?? 10_000))),
                ("llama.vocab_size", count(architecture.vocabularySize)),
            ]
            if case .linear(let factor) = rotary?.scaling {
                keys += [
                    ("llama.rope.scaling.type", .text("linear")),
                    ("llama.rope.scaling.factor", .float32(Float(factor))),
                ]
            }
            return keys
        },
        objection: { architecture in
            guard computes(architecture), let block = architecture.blocks.first else { return .otherFamily }
            if block.attention.hasInputBias || block.feedForward.hasInputBias {
                return .reason("biases of a Llama are not written to GGUF")
            }
            if case .llama3 = block.attention.rotary?.scaling {
                return .reason("llama3's scaling of rotary positions is not written to GGUF")
            }
            return nil
        },
        describe: { (file) throws(GGUFDefect) in try describe(file) })

    /// The tensors of a block's linear layers, in the order of `modules`.
    private static let ggufNames: [ParameterRole: [String]] = [
        .attentionInput: ["attn_q", "attn_k", "attn_v"], .attentionOutput: ["attn_output"],
        .feedForwardInput: ["ffn_gate", "ffn_up"], .feedForwardOutput: ["ffn_down"],
    ]

    /// The architecture that a GGUF file of a Llama describes.
    private static func describe(_ file: GGUFFile) throws(GGUFDefect) -> Architecture {
        let (keys, sizes) = (file.metadata, 1...Architecture.largestSize)
        func size(_ key: String) throws(GGUFDefect) -> Int { try keys.integer("llama." + key, in: sizes) }
        func optional(_ key: String) throws(GGUFDefect) -> Int? {
            try keys.integerIfPresent("llama." + key, in: sizes)
        }
        guard let table = file.tensor("token_embd.weight"), table.shape.count == 2 else {
            throw .missing(tensor: "token_embd.weight")
        }
        for name in ["llama.expert_count", "llama.attention.sliding_window"] {
            if let value = try keys.integerIfPresent(name), value > 0 {
                throw .outOfRange(key: name, value: "\(value)", range: "0 or absent")
            }
        }
        let (heads, width) = (try size("attention.head_count"), try size("embedding_length"))
        let headWidth = try optional("attention.key_length") ?? width / heads
        let norm = NormDescription(
            kind: .rms,
            epsilon: Float(try keys.number("llama.attention.layer_norm_rms_epsilon")), hasBias: false)
        let block = BlockDescription(
            attentionNorm: norm,
            attention: AttentionDescription(
                headCount: heads, keyValueHeadCount: try optional("attention.head_count_kv") ?? heads,
                headWidth: headWidth, rotary: try rotary(file, headWidth: headWidth),
                hasInputBias: file.tensor("blk.0.attn_q.bias") != nil,
                hasOutputBias: file.tensor("blk.0.attn_output.bias") != nil),
            feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: try size("feed_forward_length"), kind: .gated(activation: .silu),
                hasInputBias: file.tensor("blk.0.ffn_up.bias") != nil,
                hasOutputBias: file.tensor("blk.0.ffn_down.bias") != nil))
        let count = try keys.integer("llama.block_count", in: 1...Architecture.mostBlocks)
        return Architecture(
            vocabularySize: table.shape[0], contextLength: try size("context_length"), modelWidth: width,
            embedding: EmbeddingDescription(learnsPositions: false),
            blocks: [BlockDescription](repeating: block, count: count), finalNorm: norm,
            head: HeadDescription(isTied: file.tensor("output.weight") == nil),
            initialization: InitializationDescription(scalesResidualProjections: false), linearModules: modules)
    }

    /// `rope_freqs.weight` divides the frequencies, as llama3's scaling does; `linear` is given by keys.
    private static func rotary(_ file: GGUFFile, headWidth: Int) throws(GGUFDefect) -> RotaryFrequencies {
        let keys = file.metadata
        let base = try keys.numberIfPresent("llama.rope.freq_base") ?? 10_000
        let width = try keys.integerIfPresent("llama.rope.dimension_count", in: 1...headWidth) ?? headWidth
        let type = try keys.textIfPresent("llama.rope.scaling.type")
        let factor = try keys.numberIfPresent("llama.rope.scaling.factor")
        var scaling = RotaryFrequencies.Scaling.none
        if let entry = file.tensor("rope_freqs.weight") {
            guard let factors = try? file.floats(entry) else { throw .missing(tensor: "rope_freqs.weight") }
            scaling = .factors(factors.map { Double($0) })
        } else if type == "linear" || type == nil, let factor {
            scaling = .linear(factor: factor)
        } else if let type, type != "none" {
            throw .outOfRange(key: "llama.rope.scaling.type", value: type, range: "none or linear")
        }
        do throws(RotaryFrequencies.Defect) {
            return try RotaryFrequencies(base: base, width: width, scaling: scaling)
        } catch {
            throw .badArchitecture("\(error)")
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
