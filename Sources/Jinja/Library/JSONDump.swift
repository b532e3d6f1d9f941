// The filter `tojson`: Python's `json.dumps`, by default without escapes for other than ASCII.

/// A value being written as JSON.
struct JSONDump {
    /// What may be asked of the writing.
    struct Options {
        var escapesUnicode = false
        /// What a level is indented by; nil for all in one line.
        var indent: JinjaText?
        var itemSeparator = JinjaText(", ")
        var keySeparator = JinjaText(": ")
        var sortsKeys = false
    }

    private let interpreter: Interpreter
    private let options: Options
    private(set) var text = JinjaText()

    init(_ interpreter: Interpreter, _ options: Options) {
        self.interpreter = interpreter
        self.options = options
    }

    mutating func write(_ value: JinjaValue, level: Int = 0) throws(JinjaError) {
        try interpreter.charge()
        switch value {
        case .none: text.append("null")
        case .boolean(let flag): text.append(flag ? "true" : "false")
        case .integer(let number): text.append(String(number))
        case .number(let number): text.append(JSONDump.text(number))
        case .text(let string): try write(string)
        case .list(let list), .tuple(let list):
            text.append("[")
            for (place, element) in list.elements.enumerated() {
                try separate(place, level + 1)
                try write(element, level: level + 1)
            }
            try close("]", isEmpty: list.elements.isEmpty, level)
        case .mapping(let mapping):
            text.append("{")
            for (place, (key, value)) in try members(mapping).enumerated() {
                try separate(place, level + 1)
                try write(key)
                text.append(options.keySeparator)
                try write(value, level: level + 1)
            }
            try close("}", isEmpty: mapping.count == 0, level)
        default: throw interpreter.failure(.wrongValue("\(value.typeName) cannot be written as JSON"))
        }
        guard text.count <= interpreter.bounds.textLength else {
            throw interpreter.failure(.textTooLong(limit: interpreter.bounds.textLength))
        }
    }

    private static func text(_ number: Double) -> String {
        number.isFinite ? PythonNumber.text(number) : number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    }

    /// Members with their keys as texts.
    private func members(_ mapping: JinjaMapping) throws(JinjaError) -> [(key: JinjaText, value: JinjaValue)] {
        var members = Array(zip(mapping.keys, mapping.values))
        if options.sortsKeys {
            members = try interpreter.sorted(members) { (left, right) throws(JinjaError) in
                try interpreter.order(left.0, right.0, "<") == .before
            }
        }
        var result: [(key: JinjaText, value: JinjaValue)] = []
        for (key, value) in members {
            switch key {
            case .text(let text): result.append((text, value))
            case .none: result.append((JinjaText("null"), value))
            case .boolean(let flag): result.append((JinjaText(flag ? "true" : "false"), value))
            case .integer(let number): result.append((JinjaText(String(number)), value))
            case .number(let number): result.append((JinjaText(JSONDump.text(number)), value))
            default: throw interpreter.failure(.wrongValue("\(key.typeName) cannot be a key in JSON"))
            }
        }
        return result
    }

    private mutating func separate(_ place: Int, _ level: Int) throws(JinjaError) {
        if place > 0 { text.append(options.itemSeparator) }
        try breakLine(level)
    }

    private mutating func close(_ bracket: String, isEmpty: Bool, _ level: Int) throws(JinjaError) {
        if !isEmpty { try breakLine(level) }
        text.append(bracket)
    }

    private mutating func breakLine(_ level: Int) throws(JinjaError) {
        guard let indent = options.indent else { return }
        text.append("\n")
        try interpreter.charge(characters: indent.count * level)
        for _ in 0..<level { text.append(indent) }
    }

    private mutating func write(_ string: JinjaText) throws(JinjaError) {
        try interpreter.charge(characters: string.count)
        text.append("\"")
        for (range, origin) in string.spans {
            for scalar in string.scalars[range] {
                switch scalar {
                case "\"": text.append("\\\"", origin)
                case "\\": text.append("\\\\", origin)
                case "\n": text.append("\\n", origin)
                case "\r": text.append("\\r", origin)
                case "\t": text.append("\\t", origin)
                case "\u{8}": text.append("\\b", origin)
                case "\u{C}": text.append("\\f", origin)
                default:
                    if scalar.value < 0x20 || options.escapesUnicode && scalar.value > 0x7E {
                        for unit in String(scalar).utf16 { text.append(JSONDump.escape(unit), origin) }
                    } else {
                        text.append(scalar, origin)
                    }
                }
            }
        }
        text.append("\"")
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

extension Interpreter {
    /// The filter `tojson` as Transformers defines it.
    func dump(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaText {
        let values = try bind(
            arguments, ["ensure_ascii", "indent", "separators", "sort_keys"], of: "tojson")
        var options = JSONDump.Options()
        options.escapesUnicode = values[0]?.isTrue ?? false
        options.sortsKeys = values[3]?.isTrue ?? false
        switch values[1] {
        case nil, JinjaValue.none?: break
        case .text(let text)?: options.indent = text
        case let width?:
            let width = max(0, try integer(width, of: "tojson", or: 0))
            try charge(characters: width)
            options.indent = JinjaText(String(repeating: " ", count: width))
        }
        // Python leaves no space at the end of a line that is broken.
        if options.indent != nil { options.itemSeparator = JinjaText(",") }
        switch values[2] {
        case nil, JinjaValue.none?: break
        case let separators?:
            let parts = try iterate(separators).rest()
            guard parts.count == 2 else { throw failure(.cannotUnpack(values: parts.count, names: 2)) }
            options.itemSeparator = try text(parts[0], of: "tojson")
            options.keySeparator = try text(parts[1], of: "tojson")
        }
        var dump = JSONDump(self, options)
        try dump.write(value)
        return dump.text
    }
}
