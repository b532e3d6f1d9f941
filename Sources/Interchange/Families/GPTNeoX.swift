// GPT-NeoX (Black et al. 2022) as Transformers stores it: GPTNeoXForCausalLM. The Pythia models are GPT-NeoX.

import Kernels
import Model
import StrictJSON

/// LayerNorms with biases, rotary positions in the first part of each head, attention and feed-forward layer in parallel,
/// a separate head. Linear layers are stored (outputs, inputs); queries, keys and values are one matrix, head by head.
package enum GPTNeoX: ModelFamily {
    package static let modelType = "gpt_neox"
    package static let prefix = "gpt_neox."
    /// Transformers 5 calls the head `lm_head` in memory and `embed_out` in files.
    package static let headNames = ["embed_out.weight", "lm_head.weight"]
    package static let sizeKeys = HuggingFaceSizeKeys(
        context: ["max_position_embeddings"], blocks: ["num_hidden_layers"], heads: ["num_attention_heads"],
        width: ["hidden_size"], feedForward: ["intermediate_size"], epsilon: "layer_norm_eps",
        defaults: [
            "vocab_size": 50_432, "max_position_embeddings": 2048, "num_hidden_layers": 44, "num_attention_heads": 64,
            "hidden_size": 6144, "intermediate_size": 24_576,
        ])
    package static let storesInputsFirst = false

    /// The linear layers by the names of Transformers' modules.
    private static let modules = [
        LinearModule("attention.query_key_value", .attentionInput), LinearModule("attention.dense", .attentionOutput),
        LinearModule("mlp.dense_h_to_4h", .feedForwardInput), LinearModule("mlp.dense_4h_to_h", .feedForwardOutput),
    ]

    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        let activation = fields.present("hidden_act") == nil ? .geluExact : try fields.activation("hidden_act")
        let hasBias = try fields.flag("attention_bias", default: true)
        return try describe(
            vocabulary: fields.size(["vocab_size"]), context: fields.size(sizeKeys.context),
            blocks: fields.blockCount(sizeKeys), heads: fields.size(sizeKeys.heads), width: fields.size(sizeKeys.width),
            feedForward: fields.size(sizeKeys.feedForward), activation: activation,
            epsilon: fields.number(sizeKeys.epsilon, default: 1e-5),
            isTied: fields.flag("tie_word_embeddings", default: false),
            isParallel: fields.flag("use_parallel_residual", default: true), attentionBias: hasBias
        ) { headWidth throws(HuggingFaceConfigDefect) in
            let own = try fields.rotaryParameters()
            let (newer, older) = (try own?.double("partial_rotary_factor"), try fields.double("rotary_pct"))
            let share = newer ?? older ?? 0.25
            guard share > 0, share <= 1 else {
                throw .unsupportedValue(key: "rotary_pct", value: "\(share)", supported: ["above 0, up to 1"])
            }
            let base = try fields.double("rotary_emb_base") ?? 10_000
            return try fields.rotary(width: Int(Double(headWidth) * share), base: base, own)
        }
    }

    /// - Parameter rotary: makes the frequencies for heads of a width.
    private static func describe(
        vocabulary: Int, context: Int, blocks: Int, heads: Int, width: Int, feedForward: Int, activation: Activation,
        epsilon: Float, isTied: Bool, isParallel: Bool, attentionBias: Bool,
        rotary: (Int) throws(HuggingFaceConfigDefect) -> RotaryFrequencies
    ) throws(HuggingFaceConfigDefect) -> Architecture {
        guard width % heads == 0 else {
            throw .headsDoNotDivideWidth(
                widthKey: sizeKeys.width[0], width: width, headsKey: sizeKeys.heads[0], heads: heads)
        }
        let norm = NormDescription(kind: .layer, epsilon: epsilon, hasBias: true)
        var block = BlockDescription(
            attentionNorm: norm,
            attention: AttentionDescription(
                headCount: heads, headWidth: width / heads, rotary: try rotary(width / heads),
                hasInputBias: attentionBias, hasOutputBias: attentionBias),
            feedForwardNorm: norm,
            feedForward: FeedForwardDescription(
                width: feedForward, kind: .plain(activation: activation), hasInputBias: true, hasOutputBias: true))
        block.isParallel = isParallel
        return Architecture(
            vocabularySize: vocabulary, contextLength: context, modelWidth: width,
            embedding: EmbeddingDescription(learnsPositions: false),
            blocks: [BlockDescription](repeating: block, count: blocks), finalNorm: norm,
            head: HeadDescription(isTied: isTied),
            initialization: InitializationDescription(scalesResidualProjections: false), linearModules: modules)
    }

    /// Both the keys of Transformers 5 and those that llama.cpp's converter and older versions read.
    package static func configMembers(
        _ architecture: Architecture, endOfTextID: Int?
    ) -> [(key: String, value: JSONOutput)]? {
        guard let block = architecture.blocks.first, let rotary = block.attention.rotary,
            case .plain(let activation) = block.feedForward.kind, activation != .silu
        else { return nil }
        // The quotient may be too small by its rounding: the width is cut to an integer.
        let (width, quotient) = (
            Double(block.attention.headWidth), Double(rotary.width) / Double(block.attention.headWidth)
        )
        let share = Int(width * quotient) < rotary.width ? quotient.nextUp : quotient
        let endOfText = endOfTextID.map { JSONOutput.integer($0) } ?? .null
        var scaling: [(key: String, value: JSONOutput)] = [("rope_type", "default")]
        if case .object(let members) = rotary.scalingMember { scaling = members }
        let complete = completed(architecture)
        let members: [(key: String, value: JSONOutput)] = [
            ("model_type", .string(modelType)), ("architectures", ["GPTNeoXForCausalLM"]),
            ("vocab_size", .integer(architecture.vocabularySize)),
            (sizeKeys.context[0], .integer(architecture.contextLength)),
            (sizeKeys.width[0], .integer(architecture.modelWidth)),
            (sizeKeys.blocks[0], .integer(architecture.blockCount)),
            (sizeKeys.heads[0], .integer(block.attention.headCount)),
            (sizeKeys.feedForward[0], .integer(block.feedForward.width)),
            ("hidden_act", activation == .geluExact ? "gelu" : "gelu_new"),
            (sizeKeys.epsilon, .number(ModelShape.decimal(architecture.finalNorm.epsilon))),
            ("rotary_pct", .number(share)), ("rotary_emb_base", .number(rotary.base)),
            (
                "rope_parameters",
                .object(
                    scaling + [("rope_theta", .number(rotary.base)), ("partial_rotary_factor", .number(share))])
            ),
            ("use_parallel_residual", .bool(block.isParallel)),
            ("attention_bias", .bool(complete.blocks[0].attention.hasInputBias)),
            ("tie_word_embeddings", .bool(architecture.head.isTied)), ("bos_token_id", endOfText),
            ("eos_token_id", endOfText), ("torch_dtype", "float32"),
        ]
        return describes(members, complete) ? members : nil
    }

    /// Attention has biases in both of its layers or in none.
    package static func completed(_ architecture: Architecture) -> Architecture {
        let attentionBias = architecture.blocks.contains { $0.attention.hasInputBias || $0.attention.hasOutputBias }
        var complete = architecture.withAllBiases(attentionInput: attentionBias)
        complete.changeBlocks { block, _ in block.attention.hasOutputBias = attentionBias }
        return complete
    }

    package static func pieces(of parameter: Parameter, in architecture: Architecture) -> [StoredPiece] {
        let key = parameter.key
        let kind = key.kind == .bias ? "bias" : "weight"
        guard let block = key.block else {
            switch key.role {
            case .tokenEmbedding: return [StoredPiece(parameter, name: "embed_in.weight")]
            case .finalNorm: return [StoredPiece(parameter, name: "final_layer_norm." + kind)]
            default: return [StoredPiece(parameter, name: headNames[0])]
            }
        }
        let name = { (layer: String) in "layers.\(block).\(layer).\(kind)" }
        switch key.role {
        case .attentionNorm: return [StoredPiece(parameter, name: name("input_layernorm"))]
        case .feedForwardNorm: return [StoredPiece(parameter, name: name("post_attention_layernorm"))]
        default:
            return modules.filter { $0.layer.role == key.role }.map { module in
                let columns = module.part.columns(
                    of: module.layer, in: architecture.blocks[block], modelWidth: architecture.modelWidth)
                let order =
                    module.layer == .attentionInput ? headByHead(architecture.blocks[block].attention) : [columns]
                return StoredPiece(columns: order, of: parameter, name: name(module.name))
            }
        }
    }

    /// The columns of each head's query, key and value, which follow one another in the files.
    private static func headByHead(_ attention: AttentionDescription) -> [Range<Int>] {
        (0..<attention.headCount).flatMap { head in
            attention.inputColumns.map { columns in
                let first = columns.lowerBound + head * attention.headWidth
                return first..<(first + attention.headWidth)
            }
        }
    }

    package static func ignoredTensors(block: Int) -> [String] {
        ["bias", "masked_bias", "rotary_emb.inv_freq"].map { "layers.\(block).attention.\($0)" }
    }

    /// The files have all queries first, then all keys, as the parameter does.
    package static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "gptneox",
        pieces: { parameter, _ in [GGUFFamily.singlePiece(of: parameter)] },
        metadata: { architecture in
            let block = architecture.blocks[0]
            func count(_ value: Int) -> GGUFOutput { .uint32(UInt32(value)) }
            let keys: [(key: String, value: GGUFOutput)] = [
                ("block_count", count(architecture.blockCount)), ("context_length", count(architecture.contextLength)),
                ("embedding_length", count(architecture.modelWidth)),
                ("feed_forward_length", count(block.feedForward.width)),
                ("attention.head_count", count(block.attention.headCount)),
                ("attention.layer_norm_epsilon", .float32(architecture.finalNorm.epsilon)),
                ("rope.dimension_count", count(block.attention.rotary?.width ?? 0)),
                ("rope.freq_base", .float32(Float(block.attention.rotary?.base ?? 10_000))),
                ("use_parallel_residual", .flag(block.isParallel)),
            ]
            guard case .linear(let factor) = block.attention.rotary?.scaling else {
                return keys.map { ("gptneox." + $0.key, $0.value) }
            }
            let scaling: [(key: String, value: GGUFOutput)] = [
                ("rope.scaling.type", .text("linear")), ("rope.scaling.factor", .float32(Float(factor))),
            ]
            return (keys + scaling).map { ("gptneox." + $0.key, $0.value) }
        },
        objection: { architecture in
            guard configMembers(architecture, endOfTextID: nil) != nil else { return .otherFamily }
            let block = architecture.blocks[0]
            if block.feedForward.kind != .plain(activation: .geluExact) {
                return .reason("GGUF files of GPT-NeoX do not say which GELU a model has; the exact form is meant")
            }
            if architecture.head.isTied { return .reason("llama.cpp's GPT-NeoX has a separate head only") }
            if case .llama3 = block.attention.rotary?.scaling {
                return .reason("llama3's scaling of rotary positions is not written to GGUF")
            }
            return block.attention.hasInputBias || block.attention.hasOutputBias
                ? nil : .reason("llama.cpp's GPT-NeoX has biases in attention")
        },
        describe: { (file) throws(GGUFDefect) in try describe(file) },
        note: { _ in
            "llama.cpp computes GPT-NeoX with the tanh form of the GELU; this model has the exact form, so that its logits "
                + "differ slightly there"
        })

    private static func describe(_ file: GGUFFile) throws(GGUFDefect) -> Architecture {
        let (keys, sizes) = (file.metadata, 1...Architecture.largestSize)
        func size(_ key: String) throws(GGUFDefect) -> Int { try keys.integer("gptneox." + key, in: sizes) }
        guard let table = file.tensor("token_embd.weight"), table.shape.count == 2 else {
            throw .missing(tensor: "token_embd.weight")
        }
        let (heads, width) = (try size("attention.head_count"), try size("embedding_length"))
        let frequencies = try file.rotary("gptneox", headWidth: max(1, width / heads))
        let context = try size("context_length")
        let count = try keys.integer("gptneox.block_count", in: 1...Architecture.mostBlocks)
        let feedForward = try size("feed_forward_length")
        let epsilon = Float(try keys.number("gptneox.attention.layer_norm_epsilon"))
        let isParallel = try keys.flagIfPresent("gptneox.use_parallel_residual") ?? true
        do throws(HuggingFaceConfigDefect) {
            return try describe(
                vocabulary: table.shape[0], context: context, blocks: count, heads: heads, width: width,
                feedForward: feedForward, activation: .geluExact, epsilon: epsilon, isTied: false,
                isParallel: isParallel, attentionBias: true, rotary: { _ in frequencies })
        } catch {
            throw .badArchitecture("\(error)")
        }
    }
}
