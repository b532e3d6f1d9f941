// The members of a Hugging Face config.json by type, each mistake named by its key.

import Model
import StrictJSON

/// Typed access to the members of a config's object.
package struct ConfigFields {
    let object: JSONObject
    /// The sizes that the family's class has in Transformers, by key: what an absent key means.
    var defaults: [String: Int] = [:]

    private typealias Defect = HuggingFaceConfigDefect

    /// Names of the activation functions and what they compute; several names stand for one function.
    private static let activations: [(name: String, activation: Activation)] = [
        ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_python_tanh", .geluTanh),
        ("gelu_accurate", .geluTanh), ("gelu_fast", .geluTanh), ("gelu", .geluExact), ("gelu_python", .geluExact),
    ]

    func required(_ key: String) throws(HuggingFaceConfigDefect) -> JSONNode {
        guard let node = object[key] else { throw .missing(key: key) }
        return node
    }

    /// A member that is there and not null.
    func present(_ key: String) -> JSONNode? { object[key].flatMap { $0.isNull ? nil : $0 } }

    /// A size under the first of `keys` that is there, else the class's default: an integer that a model may have, so
    /// that nothing computed from sizes overflows.
    func size(_ keys: [String]) throws(HuggingFaceConfigDefect) -> Int {
        if let size = try optionalSize(keys) { return size }
        if let key = keys.first(where: { object[$0] != nil }), let node = object[key] {
            throw ConfigFields.wrongType(key, node, "an integer")
        }
        guard let size = defaults[keys[0]] else { throw .missing(key: keys[0]) }
        return size
    }

    func optionalSize(_ keys: [String]) throws(HuggingFaceConfigDefect) -> Int? {
        guard let key = keys.first(where: { present($0) != nil }), let node = present(key) else { return nil }
        guard let value = node.integer else { throw ConfigFields.wrongType(key, node, "an integer") }
        guard value >= 1, value <= Architecture.largestSize else {
            throw .sizeOutOfRange(key: key, value: value, limit: Architecture.largestSize)
        }
        return value
    }

    func activation(_ key: String) throws(HuggingFaceConfigDefect) -> Activation {
        guard let node = present(key) else { return .geluTanh }
        guard let name = node.string else { throw ConfigFields.wrongType(key, node, "a string") }
        guard let known = ConfigFields.activations.first(where: { $0.name == name }) else {
            let supported = ConfigFields.activations.map { quoted($0.name) }
            throw .unsupportedValue(key: key, value: quoted(name), supported: supported)
        }
        return known.activation
    }

    func number(_ key: String, default absent: Float) throws(HuggingFaceConfigDefect) -> Float {
        guard let node = present(key) else { return absent }
        guard let value = node.number else { throw ConfigFields.wrongType(key, node, "a number") }
        return Float(value)
    }

    /// Null, which Python takes for false, is refused where an absent key means true.
    func flag(_ key: String, default absent: Bool) throws(HuggingFaceConfigDefect) -> Bool {
        guard let node = absent ? object[key] : present(key) else { return absent }
        guard let value = node.bool else { throw ConfigFields.wrongType(key, node, "true or false") }
        return value
    }

    /// Refuses a switch of the computation whose value is not the one that is implemented.
    func expect(_ key: String, _ value: Bool) throws(HuggingFaceConfigDefect) {
        guard try flag(key, default: value) == value else {
            throw .unsupportedValue(key: key, value: "\(!value)", supported: ["\(value)"])
        }
    }

    /// Rejects a text that is not one of `values`, and a missing key, unless there is a text that this means.
    func expect(_ key: String, oneOf values: [String], absent: String?) throws(HuggingFaceConfigDefect) {
        guard let node = present(key) else {
            if absent == nil { throw .missing(key: key) }
            return
        }
        guard let text = node.string else { throw ConfigFields.wrongType(key, node, "a string") }
        guard values.contains(text) else {
            throw .unsupportedValue(key: key, value: quoted(text), supported: values.map(quoted))
        }
    }

    /// Refuses a key whose mere presence, other than as null or empty, says that the weights mean something else.
    func refuseAnything(under key: String) throws(HuggingFaceConfigDefect) {
        guard let node = present(key), node.object?.members.isEmpty != true, node.array?.isEmpty != true,
            node.string?.isEmpty != true
        else { return }
        let isScalar = node.object == nil && node.array == nil
        throw .unsupportedValue(
            key: key, value: isScalar ? JSONOutput(node).serialized() : node.typeName,
            supported: [node.bool == nil ? "null" : "false"])
    }

    /// The tokens that end a text, the one that is written first: a number, or a list of them.
    func endIDs() throws(HuggingFaceConfigDefect) -> [Int] {
        guard let node = present("eos_token_id") else { return [] }
        if let id = node.integer { return [id] }
        let ids = node.array?.compactMap(\.integer)
        guard let ids, ids.count == node.array?.count else {
            throw ConfigFields.wrongType("eos_token_id", node, "an integer or a list of them")
        }
        return ids
    }

    static func wrongType(_ key: String, _ node: JSONNode, _ expected: String) -> HuggingFaceConfigDefect {
        .wrongType(key: key, found: node.typeName, expected: expected)
    }
}
