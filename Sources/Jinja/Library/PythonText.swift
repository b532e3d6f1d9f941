// Values as Python prints them: `str` for output, `repr` inside lists and mappings.

extension Interpreter {
    /// Python's `str`.
    func text(of value: JinjaValue) throws(JinjaError) -> JinjaText {
        switch value {
        case .undefined: return JinjaText()
        case .text(let text): return text
        default:
            var writer = ReprWriter(interpreter: self)
            try writer.write(value)
            return writer.text
        }
    }
}

/// Python's `repr`, written piece by piece.
private struct ReprWriter {
    let interpreter: Interpreter
    var text = JinjaText()

    init(interpreter: Interpreter) { self.interpreter = interpreter }

    mutating func write(_ value: JinjaValue) throws(JinjaError) {
        try interpreter.charge()
        switch value {
        case .undefined: text.append("Undefined")
        case .none: text.append("None")
        case .boolean(let flag): text.append(flag ? "True" : "False")
        case .integer(let number): text.append(String(number))
        case .number(let number): text.append(PythonNumber.text(number))
        case .text(let string): try write(string)
        case .list(let list): try write(list.elements, "[", "]")
        case .tuple(let list): try write(list.elements, "(", list.elements.count == 1 ? ",)" : ")")
        case .mapping(let mapping):
            text.append("{")
            for (place, (key, value)) in zip(mapping.keys, mapping.values).enumerated() {
                if place > 0 { text.append(", ") }
                try write(key)
                text.append(": ")
                try write(value)
            }
            text.append("}")
        case .range(let range):
            text.append("range(\(range.start), \(range.end)\(range.step == 1 ? "" : ", \(range.step)"))")
        case .view, .iterator, .namespace, .macro, .method, .function, .loop:
            throw interpreter.failure(.unsupported("printing \(value.typeName)"))
        }
        // Elements that are the same list are written again each time.
        guard text.count <= interpreter.bounds.textLength else {
            throw interpreter.failure(.textTooLong(limit: interpreter.bounds.textLength))
        }
    }

    private mutating func write(
        _ elements: [JinjaValue], _ opening: String, _ closing: String
    ) throws(JinjaError) {
        text.append(opening)
        for (place, element) in elements.enumerated() {
            if place > 0 { text.append(", ") }
            try write(element)
        }
        text.append(closing)
    }

    private mutating func write(_ string: JinjaText) throws(JinjaError) {
        try interpreter.charge(characters: string.count)
        let quote = string.scalars.contains("'") && !string.scalars.contains("\"") ? "\"" : "'"
        text.append(quote)
        for (range, origin) in string.spans {
            for scalar in string.scalars[range] {
                switch scalar {
                case "\\": text.append("\\\\", origin)
                case "\n": text.append("\\n", origin)
                case "\r": text.append("\\r", origin)
                case "\t": text.append("\\t", origin)
                default:
                    if String(scalar) == quote {
                        text.append("\\" + quote, origin)
                    } else if scalar.isPrintable {
                        text.append(scalar, origin)
                    } else {
                        text.append(scalar.pythonEscape, origin)
                    }
                }
            }
        }
        text.append(quote)
    }
}

enum PythonNumber {
    /// The shortest digits that read back to the same double, written as Python's `repr` writes them.
    static func text(_ number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
        guard number != 0 else { return number.sign == .minus ? "-0.0" : "0.0" }
        let (digits, exponent) = decimal(abs(number))
        let sign = number < 0 ? "-" : ""
        if exponent < -4 || exponent >= 16 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = abs(exponent)
            return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+") + (power < 10 ? "0" : "")
                + String(power)
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let padded = digits + String(repeating: "0", count: max(0, exponent + 2 - digits.count))
        let point = padded.index(padded.startIndex, offsetBy: exponent + 1)
        return sign + padded[..<point] + "." + padded[point...]
    }

    /// Digits without zeros at either end, and the power of ten of the first.
    private static func decimal(_ number: Double) -> (digits: String, exponent: Int) {
        let parts = number.description.split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let pieces = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let integer = pieces[0]
        var digits = integer + (pieces.count > 1 ? pieces[1] : "")
        exponent += integer.count - 1
        while digits.first == "0", digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.last == "0", digits.count > 1 { digits.removeLast() }
        return (String(digits), exponent)
    }
}

extension Unicode.Scalar {
    /// Whether Python's `repr` shows the character itself.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: self == " "
        default: true
        }
    }

    /// `\x1b`, `\u200b` or `\U0001f3f4`.
    fileprivate var pythonEscape: String {
        let digits = String(value, radix: 16)
        let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
    }
}
