// Reads the config.json of a Hugging Face folder.

import Model
import StrictJSON

/// The mapping from GPT-2's keys of Hugging Face to `ModelConfig`.
///
/// Keys that only concern training, generation or other heads are passed over. Absent keys have the meaning that
/// Transformers gives them (`GPT2Config`), except the sizes, which must be written.
enum HuggingFaceConfig {
    static let supportedArchitectures = ["gpt2"]

    /// Names of the activation functions and what they compute; several names stand for one function.
    private static let activations: [(name: String, activation: Activation)] = [
        ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh), ("gelu", .geluExact),
        ("gelu_python", .geluExact),
    ]

    /// Switches of the computation, with the only value that is implemented.
    private static let fixedFlags: [(key: String, value: Bool)] = [
        ("scale_attn_weights", true), ("scale_attn_by_inverse_layer_idx", false), ("reorder_and_upcast_attn", false),
        ("add_cross_attention", false), ("is_encoder_decoder", false),
    ]

    /// The config that `text`, the bytes of a `config.json`, describes.
    static func parse(_ text: [UInt8], file: String) throws(InterchangeError) -> ModelConfig {
        let root: JSONNode
        do throws(JSONError) { root = try JSONText.parse(text) } catch { throw .json(file: file, error) }
        do throws(HuggingFaceConfigDefect) {
            guard let object = root.object else { throw .notAnObject(found: root.typeName) }
            return try modelConfig(object)
        } catch {
            throw .config(file: file, error)
        }
    }

    private static func modelConfig(_ object: JSONObject) throws(HuggingFaceConfigDefect) -> ModelConfig {
        let architecture = try required("model_type", object)
        guard let name = architecture.string else { throw wrongType("model_type", architecture, "a string") }
        guard supportedArchitectures.contains(name) else {
            throw .unsupportedArchitecture(name, supported: supportedArchitectures)
        }
        for (key, value) in fixedFlags {
            guard try flag(key, object, default: value) == value else {
                throw .unsupportedValue(key: key, value: "\(!value)", supported: ["\(value)"])
            }
        }
        try refuseAnythingUnder("quantization_config", object)
        try refuseAnythingUnder("pruned_heads", object)
        let config = ModelConfig(
            vocabularySize: try size("vocab_size", object), contextLength: try size("n_positions", object),
            blockCount: try size("n_layer", object), headCount: try size("n_head", object),
            modelWidth: try size("n_embd", object), feedForwardWidth: try feedForwardWidth(object),
            activation: try activation(object), biases: true,
            tiedHead: try flag("tie_word_embeddings", object, default: true),
            layerNormEpsilon: try epsilon(object))
        do throws(ModelConfigError) { try config.validate() } catch { throw HuggingFaceConfigDefect(error) }
        return config
    }

    private static func required(_ key: String, _ object: JSONObject) throws(HuggingFaceConfigDefect) -> JSONNode {
        guard let node = object[key] else { throw .missing(key: key) }
        return node
    }

    /// A size: a whole number that a model may have, so that nothing computed from sizes overflows.
    private static func size(_ key: String, _ object: JSONObject) throws(HuggingFaceConfigDefect) -> Int {
        try size(key, try required(key, object))
    }

    private static func size(_ key: String, _ node: JSONNode) throws(HuggingFaceConfigDefect) -> Int {
        guard let value = node.integer else { throw wrongType(key, node, "a whole number") }
        guard value >= 1, value <= ModelConfig.largestSize else {
            throw .sizeOutOfRange(key: key, value: value, limit: ModelConfig.largestSize)
        }
        return value
    }

    /// `n_inner`; absent or null it is four times the width, which `ModelConfig` also takes.
    private static func feedForwardWidth(_ object: JSONObject) throws(HuggingFaceConfigDefect) -> Int? {
        guard let node = object["n_inner"], !node.isNull else { return nil }
        return try size("n_inner", node)
    }

    private static func activation(_ object: JSONObject) throws(HuggingFaceConfigDefect) -> Activation {
        let key = "activation_function"
        guard let node = object[key] else { return .geluTanh }
        guard let name = node.string else { throw wrongType(key, node, "a string") }
        guard let known = activations.first(where: { $0.name == name }) else {
            throw .unsupportedValue(key: key, value: quoted(name), supported: activations.map { quoted($0.name) })
        }
        return known.activation
    }

    private static func epsilon(_ object: JSONObject) throws(HuggingFaceConfigDefect) -> Float {
        let key = "layer_norm_epsilon"
        guard let node = object[key] else { return 1e-5 }
        guard let value = node.number else { throw wrongType(key, node, "a number") }
        return Float(value)
    }

    private static func flag(
        _ key: String, _ object: JSONObject, default absent: Bool
    ) throws(HuggingFaceConfigDefect) -> Bool {
        guard let node = object[key] else { return absent }
        guard let value = node.bool else { throw wrongType(key, node, "true or false") }
        return value
    }

    /// Refuses a key whose mere presence, other than as null or empty, says that the weights mean something else.
    private static func refuseAnythingUnder(
        _ key: String, _ object: JSONObject
    ) throws(HuggingFaceConfigDefect) {
        guard let node = object[key], !node.isNull, node.object?.members.isEmpty != true else { return }
        throw .unsupportedValue(key: key, value: node.typeName, supported: ["null"])
    }

    private static func wrongType(_ key: String, _ node: JSONNode, _ expected: String) -> HuggingFaceConfigDefect {
        .wrongType(key: key, found: node.typeName, expected: expected)
    }
}
