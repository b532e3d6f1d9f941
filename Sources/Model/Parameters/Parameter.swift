// One named array of a model, and the role that it plays.

/// What a parameter is for. The names of other programs' files are made from roles.
package enum ParameterRole: Sendable, Hashable, CaseIterable {
    case tokenEmbedding, positionEmbedding
    case attentionNorm, attentionInput, queryNorm, keyNorm, attentionOutput, attentionOutputNorm
    case feedForwardNorm, feedForwardInput, feedForwardOutput, feedForwardOutputNorm
    case finalNorm, head

    /// The name in GPT-2's published checkpoint, or one like it; of a block's parameters, within the block.
    package var name: String {
        switch self {
        case .tokenEmbedding: "wte"
        case .positionEmbedding: "wpe"
        case .attentionNorm: "ln_1"
        case .attentionInput: "attn.c_attn"
        case .queryNorm: "attn.q_norm"
        case .keyNorm: "attn.k_norm"
        case .attentionOutput: "attn.c_proj"
        case .attentionOutputNorm: "attn.post_norm"
        case .feedForwardNorm: "ln_2"
        case .feedForwardInput: "mlp.c_fc"
        case .feedForwardOutput: "mlp.c_proj"
        case .feedForwardOutputNorm: "mlp.post_norm"
        case .finalNorm: "ln_f"
        case .head: "lm_head"
        }
    }
}

/// Which of a role's arrays.
package enum ParameterKind: Sendable, Hashable {
    case weight, bias
    /// LoRA's matrices for the module of this index in `Architecture.linearModules`.
    case adapterA(module: Int), adapterB(module: Int)
}

/// What distinguishes a model's parameters.
package struct ParameterKey: Sendable, Hashable {
    package let role: ParameterRole
    /// The block's number, counted from 0; nil outside the blocks.
    package let block: Int?
    package let kind: ParameterKind

    package init(_ role: ParameterRole, block: Int? = nil, _ kind: ParameterKind = .weight) {
        (self.role, self.block, self.kind) = (role, block, kind)
    }
}

/// How a parameter is filled before training from scratch.
package enum Initializer: Sendable, Equatable {
    case zeros
    case ones
    /// Normal with mean 0.
    case normal(standardDeviation: Double)
    /// Uniform between -bound and bound.
    case uniform(bound: Double)
}

/// One array of a model.
package struct Parameter: Sendable, Equatable {
    package let key: ParameterKey
    /// The name in checkpoints: GPT-2's published one, `h.3.attn.c_attn.weight`.
    package let name: String
    /// `[rows, columns]` of a matrix, `[count]` of a vector.
    package let shape: [Int]
    /// Where it starts in an arena of this layout, in floats; a multiple of 16.
    package let offset: Int
    package let initializer: Initializer

    package var count: Int { shape.reduce(1, *) }
    /// Whether AdamW's weight decay acts on it: matrices decay, biases and the weights of norms do not.
    package var decays: Bool { shape.count > 1 }
    /// Its elements in an arena of the layout.
    package var range: Range<Int> { offset..<(offset + count) }
}
