// Assigns the words of a command line to properties.

import StrictJSON

/// One pass over the words after a command's name.
struct Assignment {
    private let definitions: [ArgumentDefinition]
    private let positionals: [ArgumentDefinition]
    /// Index of the next positional argument in `positionals`.
    private var nextPositional = 0
    /// What was given so far, by label: an option's last value, a flag's name.
    private var given: [String: String] = [:]

    init(_ definitions: [ArgumentDefinition]) {
        self.definitions = definitions
        positionals = definitions.filter { $0.kind == .positional }
    }

    /// Assigns `words`, then reports missing arguments.
    mutating func take(_ words: ArraySlice<String>) throws(ArgumentError) {
        var rest = words
        while let word = rest.popFirst() {
            if word == "--" {
                while let positional = rest.popFirst() { try takePositional(positional) }
            } else if isOption(word) {
                try takeOption(word, &rest)
            } else {
                try takePositional(word)
            }
        }
        for definition in definitions where definition.isRequired && given[definition.label] == nil {
            throw .missingArgument(
                label: definition.label, isOption: definition.kind == .option, help: definition.help)
        }
    }

    /// Whether `word` is an option name: it starts with a dash, but is not `-` (standard input), a negative number, or
    /// text with a space (`--prompt "- milk"`).
    private func isOption(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word != "-", !word.prefix(while: { $0 != "=" }).contains(" ") else { return false }
        return Double(word) == nil || definitions.contains { $0.names.contains(word) }
    }

    private mutating func takeOption(_ word: String, _ rest: inout ArraySlice<String>) throws(ArgumentError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let attached = parts.count > 1 ? String(parts[1]) : nil
        guard let definition = definitions.first(where: { ($0.names + $0.negativeNames).contains(name) }) else {
            let names = definitions.flatMap { $0.names + $0.negativeNames } + ["--help"]
            throw .unknownOption(name: name, nearest: Suggestion.nearest(to: name, among: names))
        }
        if definition.kind == .flag {
            if let attached { throw .unexpectedValue(flag: name, value: attached) }
            try setFlag(definition, name)
            return
        }
        let value: String
        if let attached {
            value = attached
        } else if let next = rest.first, !isOption(next) {
            value = next
            rest = rest.dropFirst()
        } else {
            throw .missingValue(option: name, next: rest.first)
        }
        if let first = given[definition.label], !definition.isRepeating {
            throw .repeatedOption(option: name, first: first, second: value)
        }
        try accept(value, definition)
    }

    private mutating func setFlag(_ definition: ArgumentDefinition, _ name: String) throws(ArgumentError) {
        let isOn = definition.names.contains(name)
        if let earlier = given[definition.label], definition.names.contains(earlier) != isOn {
            throw .contradictoryFlags(on: isOn ? name : earlier, off: isOn ? earlier : name)
        }
        given[definition.label] = name
        definition.acceptFlag(isOn)
    }

    private mutating func takePositional(_ word: String) throws(ArgumentError) {
        guard nextPositional < positionals.count else { throw .unexpectedArgument(word) }
        let definition = positionals[nextPositional]
        if !definition.isRepeating { nextPositional += 1 }
        try accept(word, definition)
    }

    private mutating func accept(_ value: String, _ definition: ArgumentDefinition) throws(ArgumentError) {
        guard definition.acceptValue(value) else {
            let nearest = Suggestion.nearest(to: value, among: definition.allowedValues)
            throw .invalidValue(
                label: definition.label, value: value, expected: definition.valueKind, nearest: nearest)
        }
        given[definition.label] = value
    }
}
