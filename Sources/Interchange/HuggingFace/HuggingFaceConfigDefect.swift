// The ways in which a Hugging Face config.json describes a model that this program cannot run.

import Model

/// One case per defect.
package enum HuggingFaceConfigDefect: Error, Equatable, Sendable {
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
    /// The sizes with their keys.
    case headsDoNotDivideWidth(widthKey: String, width: Int, headsKey: String, heads: Int)
    case headsNotShared(headsKey: String, heads: Int, keyValueHeadsKey: String, keyValueHeads: Int)
    case tooManyParameters(about: Double, limit: Int)
    case badEpsilon(key: String, Float)
    /// GPT-Neo's `attention_types` describes another number of blocks than the model has.
    case attentionTypes(described: Int, blocks: Int, blocksKey: String)
    /// `layer_types` has another number of kinds than the model has blocks.
    case layerTypes(described: Int, blocks: Int)
    /// `attention_layers` is not what `attention_types` expands to.
    case attentionLayersDiffer
}

extension HuggingFaceConfigDefect {
    /// What the description of the model has wrong, in the words of this file format.
    init(_ error: ArchitectureError, _ keys: HuggingFaceSizeKeys) {
        let names = keys.names
        self =
            switch error {
            case .sizeOutOfRange(let key, let value, let limit):
                .sizeOutOfRange(key: names[key] ?? key, value: value, limit: limit)
            case .headsDoNotDivideWidth(let width, let heads):
                .headsDoNotDivideWidth(
                    widthKey: keys.width[0], width: width, headsKey: keys.heads[0], heads: heads)
            case .headsNotShared(let heads, let keyValueHeads):
                .headsNotShared(
                    headsKey: keys.heads[0], heads: heads, keyValueHeadsKey: keys.keyValueHeads[0],
                    keyValueHeads: keyValueHeads)
            case .tooManyParameters(let count, let limit): .tooManyParameters(about: count, limit: limit)
            case .badEpsilon(let value): .badEpsilon(key: keys.epsilon, value)
            case .windowsDoNotFitBlocks(let windows, let blocks):
                .attentionTypes(described: windows, blocks: blocks, blocksKey: keys.blocks[0])
            case .badFactor(let value): .badEpsilon(key: "final_logit_softcapping", value)
            case .badModule(let name), .unsupportedActivation(let name), .unsupportedNorm(let name):
                .unsupportedValue(key: "hidden_act", value: name, supported: ["what this program has kernels for"])
            case .rotaryTooWide(let width, let headWidth):
                .unsupportedValue(key: "rotary_pct", value: "\(width)", supported: ["up to \(headWidth)"])
            case .badWindow(let value, let limit): .sizeOutOfRange(key: keys.window, value: value, limit: limit)
            }
    }
}

extension HuggingFaceConfigDefect: CustomStringConvertible {
    package var description: String {
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
            "\(key) is \(value); it must be between 1 and \(limit)"
        case .headsDoNotDivideWidth(let widthKey, let width, let headsKey, let heads):
            "\(widthKey) \(width) is not divisible by \(headsKey) \(heads)"
        case .headsNotShared(let headsKey, let heads, let keyValueHeadsKey, let keyValueHeads):
            "\(headsKey) \(heads) is not divisible by \(keyValueHeadsKey) \(keyValueHeads)"
        case .tooManyParameters(let count, let limit):
            "the model would have about \(count) parameters; \(limit) are the most"
        case .badEpsilon(let key, let value): "\(key) is \(value); it must be a positive number"
        case .attentionTypes(let described, let blocks, let blocksKey):
            "attention_types describes \(described) layers, but \(blocksKey) is \(blocks)"
        case .layerTypes(let described, let blocks):
            "layer_types lists \(described) layers, but the model has \(blocks)"
        case .attentionLayersDiffer: "attention_layers is not what attention_types describes"
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
