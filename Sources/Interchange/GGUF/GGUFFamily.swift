// What llama.cpp needs to know of a family, and what its files say of a model.

import Model

/// How a family's models stand in GGUF files. Names and keys are those of llama.cpp's own converter (ggml-org/llama.cpp).
package struct GGUFFamily: Sendable {
    /// `general.architecture`.
    let architecture: String
    /// The tensors that hold a parameter, in the order of its columns.
    let pieces: @Sendable (Parameter, Architecture) -> [GGUFPiece]
    /// The keys that describe an architecture.
    let metadata: @Sendable (Architecture) -> [(key: String, value: GGUFOutput)]
    /// Why llama.cpp would compute something else for an architecture, or a file could not say it; nil where all is well.
    let objection: @Sendable (Architecture) -> GGUFObjection?
    /// The architecture that a file describes, not validated yet.
    let describe: @Sendable (GGUFFile) throws(GGUFDefect) -> Architecture
    /// What to know of llama.cpp's computation of an architecture; nil where it is the same.
    var note: @Sendable (Architecture) -> String? = { _ in nil }
    /// Vectors that are no parameters: `rope_freqs.weight`.
    var constants: @Sendable (Architecture) -> [(name: String, values: [Float])] = { _ in [] }
}

/// Why llama.cpp cannot run an architecture as a family.
enum GGUFObjection: Sendable {
    /// It is another family's.
    case otherFamily
    case reason(String)
}

/// A tensor of a GGUF file that holds some columns of a parameter, or all of it.
struct GGUFPiece: Sendable {
    let name: String
    /// Which columns of the parameter it holds, as rows; nil for the complete parameter, not transposed.
    let columns: Range<Int>?
    /// How the file's rows follow one another.
    let order: GGUFRowOrder
    /// By how much larger each element is in the file; 0 for matrices.
    var added: Float = 0

    /// A complete parameter, as it is.
    init(_ name: String) { (self.name, columns, order) = (name, nil, .same) }

    /// Columns of a matrix, or elements of a vector.
    init(_ name: String, columns: Range<Int>, order: GGUFRowOrder = .same) {
        (self.name, self.columns, self.order) = (name, columns, order)
    }

    /// Sizes as the file has them, slowest axis first.
    func shape(of parameter: Parameter) -> [Int] {
        columns.map { [$0.count] + parameter.shape.dropLast() } ?? parameter.shape
    }
}

extension GGUFFamily {
    /// The names of most families' tensors, without `.weight`; of a block's without `blk.N.`.
    static let names: [ParameterRole: String] = [
        .tokenEmbedding: "token_embd", .positionEmbedding: "position_embd", .finalNorm: "output_norm",
        .head: "output", .attentionNorm: "attn_norm", .attentionInput: "attn_qkv", .attentionOutput: "attn_output",
        .queryNorm: "attn_q_norm", .keyNorm: "attn_k_norm", .attentionOutputNorm: "post_attention_norm",
        .feedForwardNorm: "ffn_norm", .feedForwardInput: "ffn_up", .feedForwardOutput: "ffn_down",
        .feedForwardOutputNorm: "post_ffw_norm",
    ]

    /// `blk.3.attn_q.weight`.
    static func name(_ name: String, of key: ParameterKey) -> String {
        (key.block.map { "blk.\($0)." } ?? "") + name + (key.kind == .bias ? ".bias" : ".weight")
    }

    /// A parameter in one tensor: a block's matrices are stored (outputs, inputs), everything else as it is.
    static func singlePiece(of parameter: Parameter) -> GGUFPiece {
        let key = parameter.key
        let name = name(names[key.role] ?? key.role.name, of: key)
        guard key.block != nil, parameter.shape.count == 2 else { return GGUFPiece(name) }
        return GGUFPiece(name, columns: 0..<parameter.shape[1])
    }
}
