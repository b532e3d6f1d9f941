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
    /// The sizes contradict each other.
    case shape(ModelConfigError)
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
        case .shape(let error): "\(error)"
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
