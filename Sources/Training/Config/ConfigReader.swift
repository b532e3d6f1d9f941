// Reads a RunConfig from JSON and flags, records the origin of every value, and writes it back.

import Files
import Foundation
import StrictJSON

/// Defects of a config.
package enum ConfigError: Error, Equatable, CustomStringConvertible {
    case fileNotFound(path: String)
    case unreadable(path: String)
    case json(path: String, JSONError)
    case unknownKey(source: String, key: String, nearest: String?)
    case wrongValue(source: String, key: String, found: String, expected: String)
    case notASection(source: String, key: String, found: String)
    case malformedAssignment(text: String)
    case inconsistent(String)

    package var description: String {
        switch self {
        case .fileNotFound(let path): "\(path): no such file"
        case .unreadable(let path): "\(path) is a folder or cannot be read, where a config was expected"
        case .json(let path, let error): "\(path), \(error)"
        case .unknownKey(let source, let key, let nearest):
            "\(source): unknown key \(key)" + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .wrongValue(let source, let key, let found, let expected):
            "\(source): \(key) is \(found); it takes \(expected)"
        case .notASection(let source, let key, let found):
            "\(source): \(key) is a group of keys and takes an object, not \(found)"
        case .malformedAssignment(let text): "--set \(text): expected key.path=value"
        case .inconsistent(let text): text
        }
    }

    package var hint: String? {
        switch self {
        case .unknownKey: "`luthier train --help` lists every key"
        case .wrongValue(_, _, let found, let expected): ConfigError.nearest(to: found, of: expected)
        case .malformedAssignment: "for example --set training.learningRate=3e-4"
        default: nil
        }
    }
}

extension ConfigError {
    /// `did you mean lines?` if a text is close to one of the values that are listed.
    private static func nearest(to found: String, of expected: String) -> String? {
        guard found.hasPrefix("\""), expected.contains("one of ") else { return nil }
        let words = expected.replacing("one of ", with: "").split(separator: ", ").map(String.init)
        let names = words.filter { !$0.contains(" ") }
        return Suggestion.nearest(to: found.filter { $0 != "\"" }, among: names).map { "did you mean \($0)?" }
    }
}

/// Collects values from a file, then from the command line; later values win.
package struct ConfigReader {
    package private(set) var config = RunConfig()
    /// Key path → origin of its value; keys that are not listed have their default.
    package private(set) var origins: [String: String] = [:]

    package init() {}

    /// Starts from other values than the defaults.
    init(_ config: RunConfig) { self.config = config }

    /// Reads a config file: JSON with `//` comments.
    package mutating func read(path: String) throws(ConfigError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .fileNotFound(path: path) }
        guard FileDescriptor.isRegular(path), let data = FileManager.default.contents(atPath: path) else {
            throw .unreadable(path: path)
        }
        try read([UInt8](data), path: path)
    }

    /// Reads a config's text. `path` names it in messages.
    package mutating func read(_ bytes: [UInt8], path: String) throws(ConfigError) {
        let root: JSONNode
        do {
            root = try JSONText.parse(bytes, options: JSONOptions(allowsComments: true, maximumBytes: 1 << 20))
        } catch { throw .json(path: path, error) }
        guard let sections = root.object else {
            throw .notASection(source: "\(path), \(root.position)", key: "the config", found: root.typeName)
        }
        for section in sections.members {
            let place = "\(path), \(section.keyPosition)"
            let keys = ConfigKey.all.filter { $0.section == section.key }
            guard !keys.isEmpty else { throw ConfigReader.unknown(section.key, place) }
            guard let members = section.value.object else {
                throw .notASection(source: place, key: section.key, found: section.value.typeName)
            }
            for member in members.members {
                let line = "\(path), \(member.keyPosition)"
                try set("\(section.key).\(member.key)", to: member.value, source: line, origin: line)
            }
        }
    }

    /// Merges the given values into `earlier`, the config of an existing run; the result replaces this config.
    ///
    /// - Parameter changeable: keys that may differ; all others must agree.
    /// - Returns: the keys that differ.
    package mutating func merge(
        into earlier: ConfigReader, changeable: Set<String>
    ) throws(TrainingError) -> [(path: String, here: String, there: String)] {
        // The tokenizer is the base's, whatever a config for training from scratch says.
        var fixed: Set<String> =
            earlier.config.model.base == nil
            ? [] : ["tokenizer.path", "tokenizer.vocabularySize", "tokenizer.split"]
        // What was measured when the run began stays.
        if config.training.precision == RunConfig.measuredPrecision { fixed.insert("training.precision") }
        let given = Set(origins.keys).subtracting(fixed)
        let differences = config.differences(from: earlier.config).filter { given.contains($0.path) }
        for difference in differences where !changeable.contains(difference.path) {
            throw .configChanged(key: difference.path, run: difference.there, now: difference.here)
        }
        var merged = earlier.config
        for key in ConfigKey.all where given.contains(key.path) { key.copy(config, &merged) }
        config = merged
        return differences
    }

    /// Says where a value came from that is neither given nor default.
    mutating func note(origin: String, of path: String) { origins[path] = origin }

    /// Applies `--set key.path=value`. The value is JSON if it parses as JSON, otherwise a text.
    package mutating func set(assignment text: String) throws(ConfigError) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw .malformedAssignment(text: text)
        }
        try set(
            String(text[..<equals]), toText: String(text[text.index(after: equals)...]), source: "--set \(text)",
            origin: "--set")
    }

    /// Applies the value of a flag.
    package mutating func set(_ key: String, toText text: String, source: String, origin: String) throws(ConfigError) {
        let node: JSONNode
        if let parsed = try? JSONText.parse(text) {
            node = parsed
        } else {
            node = JSONNode(value: .string(text), position: SourcePosition(line: 1, column: 1))
        }
        try set(key, to: node, source: source, origin: origin)
    }

    private mutating func set(
        _ path: String, to node: JSONNode, source: String, origin: String
    ) throws(ConfigError) {
        guard let key = ConfigKey.all.first(where: { $0.path == path }) else {
            throw ConfigReader.unknown(path, source)
        }
        guard key.assign(node, &config) else {
            let text = JSONOutput(node).serialized()
            let found = text.count > 40 ? node.typeName : text
            throw .wrongValue(source: source, key: path, found: found, expected: key.values)
        }
        origins[path] = origin
    }

    private static func unknown(_ key: String, _ source: String) -> ConfigError {
        let candidates = key.contains(".") ? ConfigKey.all.map(\.path) : sections + ConfigKey.all.map(\.path)
        return .unknownKey(source: source, key: key, nearest: Suggestion.nearest(to: key, among: candidates))
    }

    private static var sections: [String] {
        var names: [String] = []
        for key in ConfigKey.all where names.last != key.section { names.append(key.section) }
        return names
    }
}

extension RunConfig {
    /// The complete config as JSON, which reads back to the same config; later keys only where they are not default.
    package func serialized() -> String {
        var sections: [(key: String, value: JSONOutput)] = []
        for key in ConfigKey.all where key.isWritten(self) {
            let name = String(key.path.dropFirst(key.section.count + 1))
            let member = (key: name, value: key.value(self))
            if let last = sections.last, last.key == key.section, case .object(let members) = last.value {
                sections[sections.count - 1].value = .object(members + [member])
            } else {
                sections.append((key: key.section, value: .object([member])))
            }
        }
        return JSONOutput.object(sections).serialized(pretty: true) + "\n"
    }

    /// Every key that is written, with its value as JSON.
    var keyValues: [(key: String, value: String)] {
        ConfigKey.all.filter { $0.isWritten(self) }.map { ($0.path, $0.value(self).serialized()) }
    }

    /// Keys whose values differ from those of `other`: path, value here, value there.
    package func differences(from other: RunConfig) -> [(path: String, here: String, there: String)] {
        ConfigKey.all.compactMap { key in
            let (here, there) = (key.value(self).serialized(), key.value(other).serialized())
            return here == there ? nil : (key.path, here, there)
        }
    }
}
