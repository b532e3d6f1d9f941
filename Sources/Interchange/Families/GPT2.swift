// GPT-2 (Radford et al. 2019) as Transformers stores it: GPT2LMHeadModel. Its tensors have the names that parameters have here.

import Model
import StrictJSON

package enum GPT2: ModelFamily {
    package static let modelType = "gpt2"
    package static let prefix = "transformer."
    package static let sizeKeys = HuggingFaceSizeKeys(
        context: ["n_positions", "max_position_embeddings"], blocks: ["n_layer", "num_hidden_layers"],
        heads: ["n_head", "num_attention_heads"], width: ["n_embd", "hidden_size"], feedForward: ["n_inner"],
        defaults: ["vocab_size": 50_257, "n_positions": 1024, "n_layer": 12, "n_head": 12, "n_embd": 768])
    package static let storesInputsFirst = true

    /// `reorder_and_upcast_attn` is ignored: it changes the order of roundings, not the mathematics.
    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        let shape = ModelShape(
            vocabularySize: try fields.size(["vocab_size"]), contextLength: try fields.size(sizeKeys.context),
            blockCount: try fields.size(sizeKeys.blocks), headCount: try fields.size(sizeKeys.heads),
            modelWidth: try fields.size(sizeKeys.width),
            feedForwardWidth: try fields.optionalSize(sizeKeys.feedForward),
            activation: try fields.activation("activation_function"), biases: true,
            tiedHead: try fields.flag("tie_word_embeddings", default: true),
            layerNormEpsilon: ModelShape.decimal(try fields.number("layer_norm_epsilon", default: 1e-5)),
            scalesAttention: try fields.flag("scale_attn_weights", default: true),
            scalesAttentionByBlock: try fields.flag("scale_attn_by_inverse_layer_idx", default: false))
        return try shape.gpt2Architecture(sizeKeys)
    }

    package static func configMembers(
        _ architecture: Architecture, endOfTextID: Int?
    ) -> [(key: String, value: JSONOutput)]? {
        guard let shape = ModelShape(gpt2: architecture), shape.attentionWindows.isEmpty else { return nil }
        return shape.gpt2Members(modelType, sizeKeys, endOfTextID: endOfTextID) + [
            ("architectures", ["GPT2LMHeadModel"]), ("scale_attn_weights", .bool(shape.scalesAttention)),
            ("scale_attn_by_inverse_layer_idx", .bool(shape.scalesAttentionByBlock)),
        ]
    }

    package static func completed(_ architecture: Architecture) -> Architecture {
        architecture.withAllBiases(attentionInput: true)
    }

    package static func pieces(of parameter: Parameter, in architecture: Architecture) -> [StoredPiece] {
        [StoredPiece(parameter)]
    }

    package static func ignoredTensors(block: Int) -> [String] {
        ["h.\(block).attn.bias", "h.\(block).attn.masked_bias"]
    }

    package static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "gpt2",
        pieces: { parameter, _ in [GGUFFamily.singlePiece(of: parameter)] },
        metadata: { architecture in
            let block = architecture.blocks[0]
            return [
                ("gpt2.block_count", .uint32(UInt32(architecture.blockCount))),
                ("gpt2.context_length", .uint32(UInt32(architecture.contextLength))),
                ("gpt2.embedding_length", .uint32(UInt32(architecture.modelWidth))),
                ("gpt2.feed_forward_length", .uint32(UInt32(block.feedForward.width))),
                ("gpt2.attention.head_count", .uint32(UInt32(block.attention.headCount))),
                ("gpt2.attention.layer_norm_epsilon", .float32(architecture.finalNorm.epsilon)),
            ]
        },
        objection: { architecture in
            guard let shape = ModelShape(gpt2: architecture) else { return .otherFamily }
            func only(_ what: String) -> GGUFObjection { .reason("llama.cpp's GPT-2 has " + what) }
            if shape.activation != .geluTanh { return only("the tanh form of the GELU only") }
            if !shape.attentionWindows.isEmpty { return only("no attention windows (GPT-Neo has)") }
            if !shape.scalesAttention { return only("scores scaled by the root of a head's width only") }
            if shape.scalesAttentionByBlock { return only("no scaling of scores by the block's number") }
            return nil
        },
        describe: { (file) throws(GGUFDefect) in
            let (keys, sizes) = (file.metadata, 1...Architecture.largestSize)
            guard let table = file.tensor("token_embd.weight") else { throw .missing(tensor: "token_embd.weight") }
            let shape = ModelShape(
                vocabularySize: table.shape.first ?? 0,
                contextLength: try keys.integer("gpt2.context_length", in: sizes),
                blockCount: try keys.integer("gpt2.block_count", in: sizes),
                headCount: try keys.integer("gpt2.attention.head_count", in: sizes),
                modelWidth: try keys.integer("gpt2.embedding_length", in: sizes),
                feedForwardWidth: try keys.integer("gpt2.feed_forward_length", in: sizes),
                tiedHead: file.tensor("output.weight") == nil,
                layerNormEpsilon: ModelShape.decimal(
                    Float(try keys.number("gpt2.attention.layer_norm_epsilon"))))
            do throws(ArchitectureError) { try shape.validate() } catch { throw .badArchitecture("\(error)") }
            return Architecture(gpt2: shape)
        })
}

extension Architecture {
    /// The same with a bias in every norm and linear layer; in attention's input where it says so.
    func withAllBiases(attentionInput: Bool) -> Architecture {
        var copy = self
        copy.finalNorm.hasBias = true
        for index in copy.blocks.indices {
            copy.blocks[index].attentionNorm.hasBias = true
            copy.blocks[index].attention.hasInputBias = attentionInput
            copy.blocks[index].attention.hasOutputBias = true
            copy.blocks[index].feedForwardNorm.hasBias = true
            copy.blocks[index].feedForward.hasInputBias = true
            copy.blocks[index].feedForward.hasOutputBias = true
        }
        return copy
    }
}

extension ModelShape {
    /// GPT-2's architecture of this shape; a defect of the shape is named by the file's keys.
    func gpt2Architecture(_ keys: HuggingFaceSizeKeys) throws(HuggingFaceConfigDefect) -> Architecture {
        do throws(ArchitectureError) { try validate() } catch { throw HuggingFaceConfigDefect(error, keys) }
        return Architecture(gpt2: self)
    }

    /// The members that the configs of GPT-2 and GPT-Neo have in common.
    func gpt2Members(
        _ modelType: String, _ keys: HuggingFaceSizeKeys, endOfTextID: Int?
    ) -> [(key: String, value: JSONOutput)] {
        let endOfText = endOfTextID.map { JSONOutput.integer($0) } ?? .null
        let ownWidth = feedForwardWidth == 4 * modelWidth ? nil : feedForwardWidth
        return [
            ("model_type", .string(modelType)), ("vocab_size", .integer(vocabularySize)),
            (keys.context[0], .integer(contextLength)), (keys.width[0], .integer(modelWidth)),
            (keys.blocks[0], .integer(blockCount)), (keys.heads[0], .integer(headCount)),
            (keys.feedForward[0], ownWidth.map { .integer($0) } ?? .null),
            ("activation_function", activation == .geluTanh ? "gelu_new" : "gelu"),
            ("layer_norm_epsilon", .number(layerNormEpsilon)),
            ("tie_word_embeddings", .bool(tiedHead)), ("bos_token_id", endOfText), ("eos_token_id", endOfText),
            ("torch_dtype", "float32"),
        ]
    }
}
