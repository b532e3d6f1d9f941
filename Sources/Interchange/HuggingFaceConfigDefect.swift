// The ways in which a Hugging Face config.json describes a model that this program cannot run.

import Model

/// One case per defect.
public enum HuggingFaceConfigDefect: Error, Equatable, Sendable {
    /// The file holds something other than an object.
    case notAnObject(found: String)
    case missing(key: String)
    case wrongType(key: String, found: String, expected: String)
    /// `model_type` names another architecture.
    case unsupportedArchitecture(String, supported: [String])
    /// A key that changes the mathematics has a value that is not implemented. Values are written as JSON.
    case unsupportedValue(key: String, value: String, supported: [String])
    /// A size below one, or beyond what any model may have.
    case sizeOutOfRange(key: String, value: Int, limit: Int)
    case headsDoNotDivideWidth(width: Int, heads: Int)
    case tooManyParameters(about: Double, limit: Int)
    case badEpsilon(Float)
}

extension HuggingFaceConfigDefect {
    /// What `ModelConfig` found wrong, in the words of this file format.
    init(_ error: ModelConfigError) {
        let keys = [
            "vocabularySize": "vocab_size", "contextLength": "n_positions", "blockCount": "n_layer",
            "headCount": "n_head", "modelWidth": "n_embd", "feedForwardWidth": "n_inner",
        ]
        self =
            switch error {
            case .sizeOutOfRange(let key, let value, let limit):
                .sizeOutOfRange(key: keys[key] ?? key, value: value, limit: limit)
            case .headsDoNotDivideWidth(let width, let heads): .headsDoNotDivideWidth(width: width, heads: heads)
            case .tooManyParameters(let count, let limit): .tooManyParameters(about: count, limit: limit)
            case .badEpsilon(let value): .badEpsilon(value)
            }
    }
}

extension HuggingFaceConfigDefect: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notAnObject(let found): "the file holds \(found) instead of an object"
        case .missing(let key): "the key \(key) is missing"
        case .wrongType(let key, let found, let expected): "\(key) is \(found); \(expected) is expected"
        case .unsupportedArchitecture(let name, let supported):
            "the architecture \(quoted(name)) is not supported; supported: \(supported.joined(separator: ", "))"
        case .unsupportedValue(let key, let value, let supported):
            "\(key) is \(value), which changes the computation and is not supported; supported: "
                + supported.joined(separator: ", ")
        case .sizeOutOfRange(let key, let value, let limit):
            "\(key) is \(value); it must lie between 1 and \(limit)"
        case .headsDoNotDivideWidth(let width, let heads): "n_embd \(width) is not divisible by n_head \(heads)"
        case .tooManyParameters(let count, let limit):
            "the model would have about \(count) parameters; \(limit) are the most"
        case .badEpsilon(let value): "layer_norm_epsilon is \(value); it must be a positive number"
        }
    }

    var hint: String? {
        switch self {
        case .missing(let key) where key == "model_type":
            "add \"model_type\": \"gpt2\" if the weights are GPT-2's"
        default: nil
        }
    }
}
