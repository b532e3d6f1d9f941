// One JSON object to one expectation, every key and type checked.

import StrictJSON

/// The members of one object of a slots file, asked for in turn.
struct ExpectationReader {
    let object: JSONObject
    let path: String
    let line: Int
    /// The prefix of a key in a message: "tomorrow." for the members of that object.
    let prefix: String

    init(
        _ node: JSONNode, keys: [String], path: String, line: Int, name: String = ""
    ) throws(WeatherExpectationError) {
        guard let object = node.object else {
            throw .wrongType(
                path: path, line: line, column: node.position.column, key: name.isEmpty ? "the line" : name,
                expected: "an object", found: node.typeName)
        }
        self.object = object
        self.path = path
        self.line = line
        self.prefix = name.isEmpty ? "" : name + "."
        for member in object.members where !keys.contains(member.key) {
            throw .unknownKey(
                path: path, line: line, column: member.keyPosition.column, key: prefix + member.key,
                nearest: Suggestion.nearest(to: member.key, among: keys))
        }
    }

    func require<Value>(
        _ key: String, _ value: (String) throws(WeatherExpectationError) -> Value?
    ) throws(WeatherExpectationError) -> Value {
        guard let value = try value(key) else { throw .missingKey(path: path, line: line, key: prefix + key) }
        return value
    }

    func flag(_ key: String) throws(WeatherExpectationError) -> Bool? {
        guard let node = object[key] else { return nil }
        guard let flag = node.bool else { throw wrongType(node, key, expected: "true or false") }
        return flag
    }

    func integer(_ key: String) throws(WeatherExpectationError) -> Int? {
        guard let node = object[key] else { return nil }
        guard let number = node.integer else { throw wrongType(node, key, expected: "an integer") }
        return number
    }

    /// A text with at least one character.
    func text(_ key: String) throws(WeatherExpectationError) -> String? {
        guard let node = object[key] else { return nil }
        guard let text = node.string, !text.isEmpty else { throw wrongType(node, key, expected: "a text") }
        return text
    }

    func texts(_ key: String) throws(WeatherExpectationError) -> [String]? {
        guard let node = object[key] else { return nil }
        guard let nodes = node.array else { throw wrongType(node, key, expected: "an array of texts") }
        var texts: [String] = []
        for element in nodes {
            guard let text = element.string, !text.isEmpty else {
                throw wrongType(element, key, expected: "a text in the array")
            }
            texts.append(text)
        }
        return texts
    }

    /// One of the words of an enumeration.
    func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String, of type: Value.Type
    ) throws(WeatherExpectationError) -> Value? where Value.RawValue == String {
        guard let word = try text(key), let node = object[key] else { return nil }
        guard let value = Value(rawValue: word) else { throw unknown(node, key, word, Value.allCases.map(\.rawValue)) }
        return value
    }

    /// One of the words of a list.
    func word(_ key: String, of known: [String]) throws(WeatherExpectationError) -> String? {
        guard let word = try text(key), let node = object[key] else { return nil }
        guard known.contains(word) else { throw unknown(node, key, word, known) }
        return word
    }

    /// The object under a key.
    func members(_ key: String, keys: [String]) throws(WeatherExpectationError) -> ExpectationReader? {
        guard let node = object[key] else { return nil }
        return try ExpectationReader(node, keys: keys, path: path, line: line, name: prefix + key)
    }

    private func wrongType(_ node: JSONNode, _ key: String, expected: String) -> WeatherExpectationError {
        let isEmpty = node.string?.isEmpty ?? false
        return .wrongType(
            path: path, line: line, column: node.position.column, key: prefix + key, expected: expected,
            found: isEmpty ? "an empty string" : node.typeName)
    }

    private func unknown(
        _ node: JSONNode, _ key: String, _ value: String, _ known: [String]
    ) -> WeatherExpectationError {
        .unknownValue(
            path: path, line: line, column: node.position.column, key: prefix + key, value: value, known: known)
    }
}
