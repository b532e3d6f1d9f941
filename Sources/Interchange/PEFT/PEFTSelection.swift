// Which layers of a model an adapter_config.json means, by the rules of PEFT.

import StrictJSON

/// `target_modules`, `exclude_modules`, `modules_to_save`, `layers_to_transform` and `layers_pattern` together.
///
/// Names are those of the base's modules, `transformer.h.0.attn.c_attn`. (PEFT, `check_target_module_exists`.)
struct PEFTSelection: Sendable {
    let targets: PEFTNames
    /// What is left as it is although it is a target.
    let excluded: PEFTNames?
    /// The modules that the adapter holds completely; they have no matrices.
    let saved: [String]
    /// Numbers of blocks; nil for all.
    private let blocks: Set<Int>?
    /// What comes before a block's number; none for anything.
    private let blockPatterns: [String]

    init(_ fields: ConfigFields) throws(HuggingFaceConfigDefect) {
        targets = try PEFTNames(fields, "target_modules")
        // An empty list or text excludes nothing.
        let exclusion = fields.present("exclude_modules").map { $0.string?.isEmpty ?? ($0.array?.isEmpty ?? false) }
        excluded = exclusion == false ? try PEFTNames(fields, "exclude_modules") : nil
        saved = try PEFTSelection.texts(fields, "modules_to_save")
        blockPatterns = try PEFTSelection.texts(fields, "layers_pattern")
        for pattern in blockPatterns {
            guard (try? PEFTSelection.blockExpression(pattern)) != nil else {
                throw .unsupportedValue(
                    key: "layers_pattern", value: quoted(pattern), supported: ["regular expressions"])
            }
        }
        blocks = try PEFTSelection.numbers(fields, "layers_to_transform")
        if let blocks, case .ends = targets {
            precondition(!blocks.isEmpty, "no blocks are all blocks")
        } else if let node = fields.present("layers_to_transform"), blocks != nil {
            // PEFT refuses the two together.
            throw .unsupportedValue(
                key: "layers_to_transform", value: JSONOutput(node).serialized(),
                supported: ["null next to a text as target_modules"])
        }
    }

    /// Whether the module of this name has an adapter.
    func contains(_ name: String) -> Bool {
        guard targets.contains(name), excluded?.contains(name) != true, !isInSaved(name) else { return false }
        guard let blocks else { return true }
        return blockNumber(in: name).map(blocks.contains) ?? false
    }

    /// Whether the adapter holds the module of this name completely. The end of a name is enough, also within a part:
    /// `norm` means `input_layernorm` too. (PEFT, `_set_trainable`.)
    func isSaved(_ name: String) -> Bool { saved.contains { name.hasSuffix($0) } }

    /// Whether the module of this name is one of them or in one of them, by complete parts.
    private func isInSaved(_ name: String) -> Bool { saved.contains { ".\(name).".contains(".\($0).") } }

    /// The first number in a name that has two parts or more before it, or the one after the first pattern that is there.
    private func blockNumber(in name: String) -> Int? {
        guard !blockPatterns.isEmpty else {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            return parts.dropFirst(2).dropLast().first { Int($0) != nil }.flatMap { Int($0) }
        }
        for pattern in blockPatterns {
            guard let expression = try? PEFTSelection.blockExpression(pattern),
                let match = try? expression.prefixMatch(in: name), let number = match.output.last?.substring
            else { continue }
            return Int(number)
        }
        return nil
    }

    private static func blockExpression(_ pattern: String) throws -> Regex<AnyRegexOutput> {
        try Regex("(?:^|.*?\\.)\(pattern)\\.([0-9]+)\\.")
    }

    /// A text or a list of them; absent and null are none.
    private static func texts(_ fields: ConfigFields, _ key: String) throws(HuggingFaceConfigDefect) -> [String] {
        guard let node = fields.present(key) else { return [] }
        if let text = node.string { return text.isEmpty ? [] : [text] }
        guard let names = node.array?.map(\.string), !names.contains(nil) else {
            throw ConfigFields.wrongType(key, node, "a list of names")
        }
        return names.compactMap { $0 }
    }

    /// An integer or a list of them; an empty list means the same as null.
    private static func numbers(_ fields: ConfigFields, _ key: String) throws(HuggingFaceConfigDefect) -> Set<Int>? {
        guard let node = fields.present(key) else { return nil }
        if let number = node.integer { return [number] }
        guard let numbers = node.array?.map(\.integer), !numbers.contains(nil) else {
            throw ConfigFields.wrongType(key, node, "an integer or a list of them")
        }
        return numbers.isEmpty ? nil : Set(numbers.compactMap { $0 })
    }
}

/// A list of modules' names, or a text that describes them.
enum PEFTNames: Sendable {
    /// Those whose names are one of these, or end in a point and one of these.
    case ends([String])
    /// Every linear layer but the head.
    case allLinear
    /// Those whose full names match this regular expression.
    case pattern(String)

    /// From `target_modules` or `exclude_modules`; null, with which PEFT chooses targets by the architecture, is not what
    /// it saves.
    init(_ fields: ConfigFields, _ key: String) throws(HuggingFaceConfigDefect) {
        let node = try fields.required(key)
        if let text = node.string {
            if text == "all-linear", key == "target_modules" {
                self = .allLinear
            } else {
                guard (try? Regex(text)) != nil else {
                    throw .unsupportedValue(key: key, value: quoted(text), supported: ["regular expressions, lists"])
                }
                self = .pattern(text)
            }
        } else {
            guard let names = node.array?.map(\.string), !names.contains(nil) else {
                throw ConfigFields.wrongType(key, node, "a list of names or a regular expression")
            }
            self = .ends(names.compactMap { $0 })
        }
    }

    /// Whether the module of this name is meant.
    func contains(_ name: String) -> Bool {
        switch self {
        case .allLinear: true
        case .ends(let ends): ends.contains { name == $0 || name.hasSuffix("." + $0) }
        case .pattern(let text): (try? Regex(text)).map { (try? $0.wholeMatch(in: name)) != nil } ?? false
        }
    }

    /// As the file has it.
    var text: String {
        switch self {
        case .ends(let ends): "[\(ends.map(quoted).joined(separator: ", "))]"
        case .allLinear: quoted("all-linear")
        case .pattern(let text): quoted(text)
        }
    }
}

/// Numbers for some modules: `rank_pattern` and `alpha_pattern`.
struct PEFTPattern: Sendable {
    /// In the order of the file: the first key that fits counts.
    private let members: [(key: String, value: Double)]

    init(_ fields: ConfigFields, _ key: String) throws(HuggingFaceConfigDefect) {
        guard let node = fields.present(key) else {
            members = []
            return
        }
        guard let object = node.object else { throw ConfigFields.wrongType(key, node, "an object") }
        var members: [(key: String, value: Double)] = []
        for member in object.members {
            guard let value = member.value.number, value.isFinite else {
                throw ConfigFields.wrongType("\(key).\(member.key)", member.value, "a number")
            }
            guard PEFTPattern.isPlain(member.key) || (try? PEFTPattern.expression(member.key)) != nil else {
                throw .unsupportedValue(key: key, value: quoted(member.key), supported: ["regular expressions"])
            }
            members.append((member.key, value))
        }
        self.members = members
    }

    var values: [Double] { members.map(\.value) }

    /// The value for the module of this name; nil where no key fits.
    subscript(name: String) -> Double? { members.first { PEFTPattern.fits($0.key, name) }?.value }

    /// Whether a key is the name's end, from its start or after a point. (PEFT, `get_pattern_key`.)
    private static func fits(_ key: String, _ name: String) -> Bool {
        if isPlain(key), name == key || name.hasSuffix("." + key) { return true }
        guard let expression = try? expression(key) else { return false }
        return (try? expression.wholeMatch(in: name)) != nil
    }

    /// Whether the key is a name and nothing in it has a meaning but the points.
    private static func isPlain(_ key: String) -> Bool {
        key.utf8.allSatisfy {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20
                || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    private static func expression(_ key: String) throws -> Regex<AnyRegexOutput> { try Regex("(?:.*\\.)?(?:\(key))$") }
}
