// The families of models that are read and written, and how their weights lie in files.

import Model

/// An architecture of Hugging Face Transformers, by its `model_type`.
public enum HuggingFaceFamily: String, Sendable, CaseIterable {
    case gpt2
    case gptNeo = "gpt_neo"

    /// Names of the sizes in the family's config.json; where there are two, the first is the usual one.
    var sizeKeys: HuggingFaceSizeKeys {
        switch self {
        case .gpt2: GPT2Format.sizeKeys
        case .gptNeo: GPTNeoFormat.sizeKeys
        }
    }

    /// The tensors that hold a parameter of ours, in the order of its columns.
    func pieces(of parameter: Parameter) -> [StoredPiece] {
        switch self {
        case .gpt2: [StoredPiece(whole: parameter)]
        case .gptNeo: GPTNeoFormat.pieces(of: parameter)
        }
    }

    /// Names of stored masks, which are no parameters.
    func maskNames(block: Int) -> [String] {
        switch self {
        case .gpt2: ["h.\(block).attn.bias", "h.\(block).attn.masked_bias"]
        case .gptNeo: ["h.\(block).attn.attention.bias", "h.\(block).attn.attention.masked_bias"]
        }
    }

    /// The family whose config can say what `config` computes, exactly.
    ///
    /// Both give every linear layer but GPT-Neo's queries, keys and values a bias; zeros stand in for missing ones.
    static func expressing(_ config: ModelConfig) throws(InterchangeError) -> HuggingFaceFamily {
        let windows = Set(config.attentionWindows).subtracting([0])
        let hasInputBias = config.biases && config.attentionInputBias
        let isNeo = !hasInputBias && !config.scalesAttention && !config.scalesAttentionByBlock && windows.count <= 1
        if windows.isEmpty { return isNeo && config.biases ? .gptNeo : .gpt2 }
        guard isNeo else {
            throw .notExpressible(
                format: "a Hugging Face folder",
                reason: "of the architectures that it can name only GPT-Neo has attention windows, and there all "
                    + "windows are equal, scores are not scaled, and queries, keys and values have no bias")
        }
        return .gptNeo
    }
}

/// The keys under which a config.json has a model's sizes, each with the names that Transformers takes for it.
struct HuggingFaceSizeKeys {
    let context: [String]
    let blocks: [String]
    let heads: [String]
    let width: [String]
    let feedForward: [String]

    /// Key of ours → key of the file, for messages.
    var names: [String: String] {
        [
            "vocabularySize": "vocab_size", "contextLength": context[0], "blockCount": blocks[0],
            "headCount": heads[0], "modelWidth": width[0], "feedForwardWidth": feedForward[0],
        ]
    }
}

/// A tensor of a foreign file that holds some columns of a parameter of ours, or all of it.
struct StoredPiece {
    /// Its name without the prefix `transformer.`.
    let name: String
    /// Sizes as the file has them.
    let shape: [Int]
    /// Which columns of the parameter it holds, and whether it holds them as rows; nil for all of it as it is.
    let turnedColumns: Range<Int>?

    /// All of a parameter under its own name.
    init(whole parameter: Parameter, name: String? = nil) {
        self.name = name ?? parameter.name
        shape = parameter.shape
        turnedColumns = nil
    }

    /// Columns of a matrix of `rows` rows, stored (columns, rows) as `nn.Linear` has its weights.
    init(turned columns: Range<Int>, rows: Int, name: String) {
        self.name = name
        shape = [columns.count, rows]
        turnedColumns = columns
    }
}
