// Gemma 3's text models (Team Gemma 2025) as Transformers stores them: Gemma3ForCausalLM.

import Kernels
import Model
import StrictJSON

/// A gated family whose norms scale by 1 + w, before and after each layer and of each head; whose embedding is scaled by
/// the root of the model's width; and most of whose blocks have a window and another base of their rotary positions.
///
/// The scale is not rounded, as Transformers computes it in float32; in bfloat16 it rounds it to eight bits.
package enum Gemma3: GatedFamily {
    package static let modelType = "gemma3_text"
    package static let className = "Gemma3ForCausalLM"
    package static let sizeKeys = HuggingFaceSizeKeys.gated(defaults: [
        "vocab_size": 262_208, "max_position_embeddings": 131_072, "num_hidden_layers": 26, "num_attention_heads": 8,
        "num_key_value_heads": 4, "hidden_size": 2304, "intermediate_size": 9216,
    ])
    package static let gate = (key: "hidden_activation", name: "gelu_pytorch_tanh")
    package static let normNames: [ParameterRole: String] = [
        .attentionNorm: "input_layernorm", .attentionOutputNorm: "post_attention_layernorm",
        .feedForwardNorm: "pre_feedforward_layernorm", .feedForwardOutputNorm: "post_feedforward_layernorm",
        .queryNorm: "self_attn.q_norm", .keyNorm: "self_attn.k_norm",
    ]

    package static func architecture(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) -> Architecture {
        try fields.expect(gate.key, oneOf: [gate.name, "gelu_new"], absent: gate.name)
        try fields.refuseAnything(under: "attn_logit_softcapping")
        if fields.present("use_bidirectional_attention") != nil {
            try fields.expect("use_bidirectional_attention", false)
        }
        var result = try plainArchitecture(fields, norm: .rmsPlusOne, gate: .geluTanh, headWidth: 256, tied: true)
        result.head.softCap = try fields.double("final_logit_softcapping").map { Float($0) }
        let windows = try windows(fields, count: result.blockCount)
        let rotary = try rotary(fields, width: result.blocks[0].attention.headWidth)
        let hasBias = try fields.flag("attention_bias", default: false)
        let divisor = try fields.number("query_pre_attn_scalar", default: 256)
        guard divisor > 0, divisor.isFinite else {
            throw .unsupportedValue(
                key: "query_pre_attn_scalar", value: "\(divisor)", supported: ["positive numbers"])
        }
        result.addNorms()
        result.changeBlocks { block, index in
            block.attention.window = windows[index]
            block.attention.rotary = windows[index] == nil ? rotary.full : rotary.sliding
            block.attention.scale = 1 / divisor.squareRoot()
            (block.attention.hasInputBias, block.attention.hasOutputBias) = (hasBias, hasBias)
        }
        return result
    }

    /// Every sixth block sees all positions, or every `sliding_window_pattern`th; unless `layer_types` says which.
    private static func windows(
        _ fields: ConfigFields, count: Int
    ) throws(HuggingFaceConfigDefect) -> [Int?] {
        let pattern = try fields.optionalSize(["sliding_window_pattern"]) ?? 6
        let kinds = try fields.slidingBlocks(count: count) ?? (1...count).map { $0 % pattern != 0 }
        guard kinds.contains(true) else { return [Int?](repeating: nil, count: count) }
        let window = fields.object["sliding_window"] == nil ? 4096 : try fields.optionalSize(["sliding_window"])
        guard let window else { throw .missing(key: "sliding_window") }
        return kinds.map { $0 ? window : nil }
    }

    /// Of blocks that see all positions, and of those with a window; `rope_scaling` is of the former only.
    private static func rotary(
        _ fields: ConfigFields, width: Int
    ) throws(HuggingFaceConfigDefect) -> (full: RotaryFrequencies, sliding: RotaryFrequencies) {
        let (both, scaling) = (try fields.nested("rope_parameters"), try fields.nested("rope_scaling"))
        let (full, sliding) = (try both?.nested("full_attention"), try both?.nested("sliding_attention"))
        if both != nil, full == nil, sliding == nil {
            throw .unsupportedValue(
                key: "rope_parameters", value: "an object for all layers",
                supported: ["one with full_attention and sliding_attention"])
        }
        for own in [fields, full, sliding, scaling] {
            guard let share = try own?.double("partial_rotary_factor"), share != 1 else { continue }
            throw .unsupportedValue(key: "partial_rotary_factor", value: "\(share)", supported: ["1"])
        }
        let bases = (
            full: try full?.double("rope_theta"), old: try fields.double("rope_theta"),
            sliding: try fields.double("rope_local_base_freq")
        )
        let result = (
            full: try fields.rotary(width: width, base: bases.full ?? bases.old ?? 1_000_000, scaling ?? full),
            sliding: try fields.rotary(width: width, base: bases.sliding ?? 10_000, sliding)
        )
        guard result.sliding.scaling == .none else {
            throw .unsupportedValue(
                key: "rope_parameters.sliding_attention.rope_type", value: "a scaling", supported: [quoted("default")])
        }
        return result
    }

    package static func ownMembers(_ architecture: Architecture) -> [(key: String, value: JSONOutput)] {
        let (attention, rotary) = (architecture.blocks[0].attention, architecture.bothRotaries)
        return [
            ("rope_theta", .number(rotary.full?.base ?? 1_000_000)),
            ("rope_local_base_freq", .number(rotary.sliding?.base ?? 10_000)),
            ("rope_scaling", rotary.full?.scalingMember ?? .null),
            ("query_pre_attn_scalar", .integer(Int((1 / (attention.scale * attention.scale)).rounded()))),
            ("sliding_window", .integer(architecture.window ?? 4096)), ("layer_types", architecture.layerTypes),
            (
                "final_logit_softcapping",
                architecture.head.softCap.map { .number(ModelShape.decimal($0)) } ?? .null
            ), ("attn_logit_softcapping", .null), ("attention_bias", .bool(attention.hasInputBias)),
        ]
    }

    /// llama.cpp makes every sixth block see all positions, and adds the 1 of the norms to their weights.
    package static let gguf: GGUFFamily? = GGUFFamily(
        architecture: "gemma3",
        pieces: { gatedPieces(of: $0, in: $1, normsAdd: 1) },
        metadata: { architecture in
            let rotary = architecture.bothRotaries
            let width = architecture.blocks[0].attention.headWidth
            let full = rotary.full ?? (try? RotaryFrequencies(base: 1_000_000, width: width))
            return gatedMetadata("gemma3", architecture, rotary: full) + [
                ("gemma3.attention.sliding_window", .uint32(UInt32(architecture.window ?? 0))),
                ("gemma3.rope.freq_base_swa", .float32(Float(rotary.sliding?.base ?? 10_000))),
            ]
        },
        objection: { architecture in
            if let objection = gatedObjection(architecture) { return objection }
            let attention = architecture.blocks[0].attention
            if architecture.head.softCap != nil { return .reason("llama.cpp's Gemma 3 does not cap logits") }
            if attention.hasInputBias { return .reason("llama.cpp's Gemma 3 has no biases") }
            if attention.scale != architecture.scaleOfGemma3 {
                return .reason("llama.cpp's Gemma 3 scales scores by the root of a head's width only")
            }
            let isUsual = architecture.blocks.enumerated().allSatisfy {
                ($0.element.attention.window == nil) == (($0.offset + 1) % 6 == 0)
            }
            return isUsual ? nil : .reason("llama.cpp's Gemma 3 has windows in all blocks but every sixth")
        },
        describe: { (file) throws(GGUFDefect) in try describe(file) })

    private static func describe(_ file: GGUFFile) throws(GGUFDefect) -> Architecture {
        var result = try gatedArchitecture("gemma3", file, norm: .rmsPlusOne, gate: .geluTanh)
        let (keys, headWidth) = (file.metadata, result.blocks[0].attention.headWidth)
        let window = try keys.integer("gemma3.attention.sliding_window", in: 1...Architecture.largestSize)
        let base = try keys.numberIfPresent("gemma3.rope.freq_base_swa") ?? 10_000
        let sliding = try GGUFFile.frequencies(base: base, width: headWidth)
        if let cap = try keys.numberIfPresent("gemma3.final_logit_softcapping") { result.head.softCap = Float(cap) }
        let scale = result.scaleOfGemma3
        result.addNorms()
        let isSliding = try slidingBlocks(keys, count: result.blockCount)
        result.changeBlocks { block, index in
            block.attention.scale = scale
            guard isSliding[index] else { return }
            (block.attention.window, block.attention.rotary) = (window, sliding)
        }
        return result
    }

    /// Which blocks have a window: a list, or a number n of which every nth has none.
    private static func slidingBlocks(_ keys: GGUFMetadata, count: Int) throws(GGUFDefect) -> [Bool] {
        let key = "gemma3.attention.sliding_window_pattern"
        if case .list = keys[key], let flags = try keys.flagsIfPresent(key, count: count) { return flags }
        let pattern = try keys.integerIfPresent(key, in: 1...Architecture.mostBlocks) ?? 6
        return (1...count).map { $0 % pattern != 0 }
    }
}

extension Architecture {
    /// What all models of Gemma 3 have: norms of heads and of layers' results, and a scaled embedding.
    fileprivate mutating func addNorms() {
        embedding.scale = Float(Double(modelWidth).squareRoot())
        let norm = finalNorm
        changeBlocks { block, _ in
            block.attention.headNorm = norm
            (block.attentionOutputNorm, block.feedForwardOutputNorm) = (norm, norm)
        }
    }

    /// Rotary positions of the first block that sees all positions, and of the first with a window.
    fileprivate var bothRotaries: (full: RotaryFrequencies?, sliding: RotaryFrequencies?) {
        let full = blocks.first { $0.attention.window == nil }
        let sliding = blocks.first { $0.attention.window != nil }
        return (full?.attention.rotary, sliding?.attention.rotary)
    }

    /// The factor of scores that llama.cpp uses: in the model of 27 billion parameters, which it knows by its 62 blocks,
    /// by the width divided by the heads, otherwise by a head's width.
    fileprivate var scaleOfGemma3: Float {
        let attention = blocks[0].attention
        let divisor = blockCount == 62 ? modelWidth / attention.headCount : attention.headWidth
        return 1 / Float(divisor).squareRoot()
    }
}
