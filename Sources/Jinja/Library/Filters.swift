// Jinja's filters: which function each is, and those that make texts and numbers.

extension Interpreter {
    func apply(_ filter: Filter, to value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        switch filter {
        case .abs, .float, .int: return try number(filter, value, arguments)
        case .capitalize, .lower, .string, .title, .upper:
            _ = try bind(arguments, [], of: filter.rawValue)
            let text = try text(of: value)
            try charge(characters: text.count)
            return .text(cased(text, filter))
        case .trim:
            let characters = try bind(arguments, ["chars"], of: "trim")[0]
            return .text(try strip(text(of: value), characters, left: true, right: true, "trim"))
        case .replace: return try replace(value, arguments)
        case .indent: return .text(try indent(value, arguments))
        case .tojson: return .text(try dump(value, arguments))
        case .d, .default:
            let values = try bind(arguments, ["default_value", "boolean"], of: filter.rawValue)
            let isMissing: Bool
            if case .undefined = value {
                isMissing = true
            } else {
                isMissing = !value.isTrue && values[1]?.isTrue ?? false
            }
            return isMissing ? values[0] ?? .text(JinjaText()) : value
        case .count, .length:
            _ = try bind(arguments, [], of: filter.rawValue)
            return .integer(try length(of: value))
        case .safe: throw failure(.unsupported("the filter safe inside an expression"))
        case .first, .last, .list, .reverse, .items, .join, .sum, .unique, .sort, .min, .max, .dictsort:
            return try sequence(filter, value, arguments)
        case .map, .select, .reject, .selectattr, .rejectattr: return try selection(filter, value, arguments)
        }
    }

    private func cased(_ text: JinjaText, _ filter: Filter) -> JinjaText {
        switch filter {
        case .capitalize: text.capitalized()
        case .lower: text.lowercased()
        case .title: text.titlecasedByWords()
        case .upper: text.uppercased()
        default: text
        }
    }

    func length(of value: JinjaValue) throws(JinjaError) -> Int {
        switch value {
        case .undefined: return 0
        case .text(let text): return text.count
        case .list(let list), .tuple(let list), .view(let list, _): return list.elements.count
        case .mapping(let mapping): return mapping.count
        case .range(let range): return range.count
        case .loop(let cursor): return try cursor.length()
        default: throw failure(.wrongValue("\(value.typeName) has no length"))
        }
    }

    private func replace(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue {
        let values = try bind(arguments, ["old", "new", "count"], required: 2, of: "replace")
        var limit = -1
        if let count = values[2] {
            if case .none = count { limit = -1 } else { limit = try integer(count, of: "replace", or: -1) }
        }
        return .text(
            try replace(
                text(of: value), text(of: values[0] ?? .none), text(of: values[1] ?? .none), limit))
    }

    /// Each line but the first, and but empty ones, with spaces in front.
    private func indent(_ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaText {
        let values = try bind(arguments, ["width", "first", "blank"], of: "indent")
        var string = try text(value, of: "indent")
        let indentation: JinjaText
        if case .text(let text)? = values[0] {
            indentation = text
        } else {
            let width = max(0, try integer(values[0], of: "indent", or: 4))
            try charge(characters: width)
            indentation = JinjaText(String(repeating: " ", count: width))
        }
        let (indentsFirst, indentsBlank) = (values[1]?.isTrue ?? false, values[2]?.isTrue ?? false)
        string.append("\n")
        var lines: [JinjaText] = []
        for (place, line) in string.lines(keepingEnds: false).enumerated() {
            var indented = JinjaText()
            let isIndented = place == 0 ? indentsFirst : indentsBlank || !line.isEmpty
            if isIndented { indented = indentation }
            try charge(characters: indented.count + line.count)
            indented.append(line)
            lines.append(indented)
        }
        return try joined(lines, JinjaText("\n"))
    }

    private func number(_ filter: Filter, _ value: JinjaValue, _ arguments: Arguments) throws(JinjaError) -> JinjaValue
    {
        if case .undefined(let message) = value { throw failure(.undefined(message)) }
        switch filter {
        case .abs:
            _ = try bind(arguments, [], of: "abs")
            switch value.numeric {
            case .integer(let number):
                guard number != .min else { throw failure(.overflow) }
                return .integer(Swift.abs(number))
            case .number(let number): return .number(Swift.abs(number))
            case nil: throw failure(.wrongValue("\(value.typeName) has no sign"))
            }
        case .float:
            let fallback = try bind(arguments, ["default"], of: "float")[0] ?? .number(0)
            if let number = value.numeric { return .number(number.double) }
            guard case .text(let text) = value, let number = PythonNumber.double(text.string) else { return fallback }
            return .number(number)
        default:
            let values = try bind(arguments, ["default", "base"], of: "int")
            guard try integer(values[1], of: "int", or: 10) == 10 else {
                throw failure(.unsupported("the filter int with a base other than 10"))
            }
            return try integer(from: value) ?? values[0] ?? .integer(0)
        }
    }

    /// A value as an integer, rounded towards 0; nil where it cannot be one.
    private func integer(from value: JinjaValue) throws(JinjaError) -> JinjaValue? {
        var double: Double?
        switch value {
        case .boolean, .integer: return value.index.map { .integer($0) }
        case .number(let number): double = number
        case .text(let text):
            switch PythonNumber.integer(text.string) {
            case .number(let number): return .integer(number)
            case .tooLarge: throw failure(.overflow)
            case .none: double = PythonNumber.double(text.string)
            }
        default: return nil
        }
        guard let double, double.isFinite else { return nil }
        guard let integer = Int(exactly: double.rounded(.towardZero)) else { throw failure(.overflow) }
        return .integer(integer)
    }
}

extension PythonNumber {
    enum Whole {
        case number(Int)
        case tooLarge
        case none
    }

    /// Digits with single underscores between them, white space and a sign around them.
    static func integer(_ text: String) -> Whole {
        guard let (sign, digits) = parts(text), digits.allSatisfy({ ("0"..."9").contains($0) || $0 == "_" }),
            let plain = withoutUnderscores(digits)
        else { return .none }
        return Int(sign + plain).map { .number($0) } ?? .tooLarge
    }

    static func double(_ text: String) -> Double? {
        guard let (sign, rest) = parts(text) else { return nil }
        let word = rest.lowercased()
        if ["inf", "infinity"].contains(word) { return sign == "-" ? -.infinity : .infinity }
        if word == "nan" { return .nan }
        guard rest.allSatisfy({ "0123456789.eE+-_".contains($0) }), let plain = withoutUnderscores(rest),
            let number = Double(plain.hasPrefix(".") ? "0" + plain : plain), !plain.hasPrefix("+"),
            !plain.hasPrefix("-")
        else { return nil }
        return sign == "-" ? -number : number
    }

    /// The sign and the rest, without white space around them; nil where there is no rest.
    private static func parts(_ text: String) -> (sign: String, rest: String)? {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.firstIndex(where: { !$0.isSpace }),
            let last = scalars.lastIndex(where: { !$0.isSpace })
        else { return nil }
        let hasSign = scalars[first] == "+" || scalars[first] == "-"
        let rest = JinjaText(Array(scalars[(hasSign ? first + 1 : first)..<last + 1])).string
        return rest.isEmpty ? nil : (hasSign ? String(scalars[first]) : "", rest)
    }

    /// Nil where an underscore is not between two digits.
    private static func withoutUnderscores(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        func isDigit(_ place: Int) -> Bool { bytes.indices.contains(place) && (0x30...0x39).contains(bytes[place]) }
        for place in bytes.indices where bytes[place] == 0x5F {
            guard isDigit(place - 1), isDigit(place + 1) else { return nil }
        }
        return text.filter { $0 != "_" }
    }
}
