// What Llama and the families that followed it have in common, as Transformers describes and stores them.

import Kernels
import Model
import StrictJSON

/// A family of RMSNorm, rotary positions, grouped queries and a gated feed-forward layer. Linear layers are stored
/// (outputs, inputs); queries, keys and values, gate and up are separate matrices. A family adds what is its own: biases,
/// further norms, windows.
package protocol GatedFamily: ModelFamily {
    /// The class of Transformers that opens its folders.
    static var className: String { get }
    /// The key of the gate's function, and the function's name there.
    static var gate: (key: String, name: String) { get }
    /// Its norms of blocks by their modules' names.
    static var normNames: [ParameterRole: String] { get }
    /// The members of a config.json that not all of these families have.
    static func ownMembers(_ architecture: Architecture) -> [(key: String, value: JSONOutput)]
}

extension GatedFamily {
    package static var prefix: String { "model." }
    package static var storesInputsFirst: Bool { false }
    package static var gate: (key: String, name: String) { ("hidden_act", "silu") }
    package static var normNames: [ParameterRole: String] {
        [
            .attentionNorm: "input_layernorm", .feedForwardNorm: "post_attention_layernorm",
            .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
        ]
    }

    /// What the keys that all of these families have describe: blocks without biases, windows and rotary positions.
    ///
    /// - Parameters:
    ///   - norm: the kind of all norms.
    ///   - headWidth: where the file gives none; nil for the width divided by the heads.
    static func plainArchitecture(
        _ fields: ConfigFields, norm kind: NormDescription.Kind = .rms, gate activation: Activation = .silu,
        headWidth absent: Int? = nil, tied: Bool = false
    ) throws(HuggingFaceConfigDefect) -> Architecture {
        let (heads, width) = (try fields.size(sizeKeys.heads), try fields.size(sizeKeys.width))
        let given = try fields.optionalSize(sizeKeys.headWidth) ?? absent
        if given == nil, width % heads != 0 {
            throw .headsDoNotDivideWidth(
                widthKey: sizeKeys.width[0], width: width, headsKey: sizeKeys.heads[0], heads: heads)
        }
        let norm = NormDescription(
            kind: kind, epsilon: try fields.number(sizeKeys.epsilon, default: 1e-6), hasBias: false)
        let block = BlockDescription(
            attentionNorm: norm,
            attention: AttentionDescription(
                headCount: heads, keyValueHeadCount: try keyValueHeads(fields, heads: heads),
                headWidth: given ?? width / heads, hasInputBias: false, hasOutputBias: false),
            feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: try fields.size(sizeKeys.feedForward), kind: .gated(activation: activation),
                hasInputBias: false, hasOutputBias: false))
        return Architecture(
            vocabularySize: try fields.size(["vocab_size"]), contextLength: try fields.size(sizeKeys.context),
            modelWidth: width, embedding: EmbeddingDescription(learnsPositions: false),
            blocks: [BlockDescription](repeating: block, count: try fields.blockCount(sizeKeys)),
            finalNorm: norm, head: HeadDescription(isTied: try fields.flag("tie_word_embeddings", default: tied)),
            initialization: InitializationDescription(scalesResidualProjections: false),
            linearModules: GatedModules.all)
    }

    /// Null stands for one on each head, as Llama's absent key does. Elsewhere an absent key is the class's default,
    /// whatever number of heads there is.
    private static func keyValueHeads(_ fields: ConfigFields, heads: Int) throws(HuggingFaceConfigDefect) -> Int {
        let keys = sizeKeys.keyValueHeads
        if let size = try fields.optionalSize(keys) { return size }
        let isNull = keys.contains { fields.object[$0] != nil }
        return isNull ? heads : fields.defaults[keys[0]] ?? heads
    }

    package static func configMembers(
        _ architecture: Architecture, endOfTextID: Int?
    ) -> [(key: String, value: JSONOutput)]? {
        guard let block = architecture.blocks.first, block.attention.rotary != nil, block.feedForward.isGated else {
            return nil
        }
        let (attention, endOfText) = (block.attention, endOfTextID.map { JSONOutput.integer($0) } ?? .null)
        let members: [(key: String, value: JSONOutput)] =
            [
                ("model_type", .string(modelType)), ("architectures", [.string(className)]),
                ("vocab_size", .integer(architecture.vocabularySize)),
                (sizeKeys.context[0], .integer(architecture.contextLength)),
                (sizeKeys.width[0], .integer(architecture.modelWidth)),
                (sizeKeys.blocks[0], .integer(architecture.blockCount)),
                (sizeKeys.heads[0], .integer(attention.headCount)),
                (sizeKeys.keyValueHeads[0], .integer(attention.keyValueHeadCount)),
                (sizeKeys.headWidth[0], .integer(attention.headWidth)),
                (sizeKeys.feedForward[0], .integer(block.feedForward.width)), (gate.key, .string(gate.name)),
                (sizeKeys.epsilon, .number(ModelShape.decimal(architecture.finalNorm.epsilon))),
            ] + ownMembers(architecture) + [
                ("tie_word_embeddings", .bool(architecture.head.isTied)), ("bos_token_id", endOfText),
                ("eos_token_id", endOfText), ("torch_dtype", "float32"),
            ]
        return describes(members, architecture) ? members : nil
    }

    package static func pieces(of parameter: Parameter, in architecture: Architecture) -> [StoredPiece] {
        let key = parameter.key
        guard let block = key.block else {
            switch key.role {
            case .tokenEmbedding: return [StoredPiece(parameter, name: "embed_tokens.weight")]
            case .finalNorm: return [StoredPiece(parameter, name: "norm.weight")]
            default: return [StoredPiece(parameter)]
            }
        }
        let name = { (layer: String) in "layers.\(block).\(layer).\(key.kind == .bias ? "bias" : "weight")" }
        if let norm = normNames[key.role] { return [StoredPiece(parameter, name: name(norm))] }
        return GatedModules.all.filter { $0.layer.role == key.role }.map { module in
            let columns = module.part.columns(
                of: module.layer, in: architecture.blocks[block], modelWidth: architecture.modelWidth)
            return StoredPiece(columns: columns, of: parameter, name: name(module.name))
        }
    }

    package static func ignoredTensors(block: Int) -> [String] { ["layers.\(block).self_attn.rotary_emb.inv_freq"] }
}

/// The linear layers of gated families by the names of Transformers' modules.
enum GatedModules {
    static let all = [
        LinearModule("self_attn.q_proj", .attentionInput, .query),
        LinearModule("self_attn.k_proj", .attentionInput, .key),
        LinearModule("self_attn.v_proj", .attentionInput, .value),
        LinearModule("self_attn.o_proj", .attentionOutput),
        LinearModule("mlp.gate_proj", .feedForwardInput, .gate), LinearModule("mlp.up_proj", .feedForwardInput, .up),
        LinearModule("mlp.down_proj", .feedForwardOutput),
    ]
}

extension HuggingFaceSizeKeys {
    /// Those of the gated families.
    /// - Parameter defaults: the sizes of the family's class in Transformers.
    static func gated(defaults: [String: Int]) -> HuggingFaceSizeKeys {
        HuggingFaceSizeKeys(
            context: ["max_position_embeddings"], blocks: ["num_hidden_layers"], heads: ["num_attention_heads"],
            width: ["hidden_size"], feedForward: ["intermediate_size"], epsilon: "rms_norm_eps",
            window: "sliding_window", defaults: defaults)
    }
}

extension Architecture {
    /// Changes each block, which is given with its number.
    mutating func changeBlocks(_ change: (inout BlockDescription, Int) -> Void) {
        for index in blocks.indices { change(&blocks[index], index) }
    }
}
