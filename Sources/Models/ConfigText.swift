// A config's text, read group by group and key by key; what is wrong is said with its line and column.

import StrictJSON

/// A config as JSON, with `//` comments.
struct ConfigText {
    private let root: JSONObject
    private let path: String

    init(_ bytes: [UInt8], path: String) throws(ModelError) {
        let node: JSONNode
        do {
            node = try JSONText.parse(bytes, options: JSONOptions(allowsComments: true, maximumBytes: 1 << 20))
        } catch { throw .badConfig("\(path), \(error)") }
        guard let root = node.object else {
            throw .badConfig("\(path), \(node.position): the config is \(node.typeName), not an object")
        }
        (self.root, self.path) = (root, path)
    }

    /// The keys under `name`; none where the group is missing.
    func group(_ name: String) throws(ModelError) -> ConfigGroup {
        guard let node = root[name] else { return ConfigGroup(name: name, path: path, members: nil) }
        guard let members = node.object else {
            throw .badConfig(
                "\(path), \(node.position): \(name) is a group of keys and takes an object, not \(node.typeName)")
        }
        return ConfigGroup(name: name, path: path, members: members)
    }
}

/// One group of a config, read key by key. A key that is missing has its default; without a default it is an error.
final class ConfigGroup {
    private let name: String
    private let path: String
    private let members: JSONObject?
    private var known: Set<String> = []

    init(name: String, path: String, members: JSONObject?) {
        (self.name, self.path, self.members) = (name, path, members)
    }

    /// - Parameters:
    ///   - values: what the key takes, in words.
    ///   - read: nil for a value of the wrong type or out of range.
    func value<Value>(
        _ key: String, _ values: String, default standard: Value?, _ read: (JSONNode) -> Value?
    ) throws(ModelError) -> Value {
        known.insert(key)
        guard let node = members?[key] else {
            guard let standard else { throw .badConfig("\(path) has no \(name).\(key)") }
            return standard
        }
        guard let value = read(node) else {
            let text = JSONOutput(node).serialized()
            let found = text.count > 40 ? node.typeName : text
            throw .badConfig("\(path), \(node.position): \(name).\(key) is \(found); it takes \(values)")
        }
        return value
    }

    func integer(_ key: String, default standard: Int? = nil, in range: ClosedRange<Int>) throws(ModelError) -> Int {
        try value(key, "integer from \(range.lowerBound) to \(range.upperBound)", default: standard) { node in
            node.integer.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func optionalInteger(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard let node = members?[key], !node.isNull else {
            known.insert(key)
            return nil
        }
        return try integer(key, in: range)
    }

    func integers(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> [Int] {
        try value(key, "list of integers from \(range.lowerBound) to \(range.upperBound)", default: []) { node in
            let numbers = node.array?.compactMap(\.integer).filter(range.contains)
            return numbers?.count == node.array?.count ? numbers : nil
        }
    }

    func number(
        _ key: String, default standard: Double? = nil, in range: ClosedRange<Double>
    ) throws(ModelError) -> Double {
        try value(key, "number from \(range.lowerBound) to \(range.upperBound)", default: standard) { node in
            node.number.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func flag(_ key: String, default standard: Bool) throws(ModelError) -> Bool {
        try value(key, "true or false", default: standard, \.bool)
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, default standard: Choice
    ) throws(ModelError) -> Choice {
        try value(
            key, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "), default: standard
        ) { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    /// A list of texts, which may also be a single text; null is none.
    func texts(_ key: String, default standard: [String]) throws(ModelError) -> [String] {
        try value(key, "list of texts", default: standard) { node in
            if node.isNull { return [] }
            if let one = node.string { return one.isEmpty ? nil : [one] }
            let texts = node.array?.compactMap(\.string).filter { !$0.isEmpty }
            return texts?.count == node.array?.count ? texts : nil
        }
    }

    /// Throws where the group has a key that was neither read nor is one of `others`.
    func refuseOthers(than others: [String]) throws(ModelError) {
        let known = known.union(others)
        for member in members?.members ?? [] where !known.contains(member.key) {
            let nearest = Suggestion.nearest(to: member.key, among: known.sorted())
            throw .badConfig(
                "\(path), \(member.keyPosition): unknown key \(name).\(member.key)"
                    + (nearest.map { "; did you mean \(name).\($0)?" } ?? ""))
        }
    }
}
