// The inside of tags: names, numbers, strings and operators.

extension Lexer {
    /// Reads up to the end of a tag and adds its tokens. While a bracket is open, nothing ends the tag.
    mutating func readTag(isOutput: Bool, opening: Int) throws(JinjaError) {
        var open: [Symbol] = []
        while offset < scalars.count {
            let start = offset
            if open.isEmpty {
                if isOutput, skipEnd("}}", trimsLine: false) {
                    add(.outputEnd, at: start)
                    return
                }
                if !isOutput, skipEnd("%}", trimsLine: true) {
                    add(.blockEnd, at: start)
                    return
                }
            }
            let scalar = scalars[offset]
            if scalar.isSpace {
                offset += 1
            } else if scalar.isDigit {
                try readNumber()
            } else if scalar.beginsName {
                while offset < scalars.count, scalars[offset].beginsName || scalars[offset].isDigit { offset += 1 }
                add(.name(JinjaText(Array(scalars[start..<offset])).string), at: start)
            } else if scalar == "'" || scalar == "\"" {
                try readString(quote: scalar)
            } else {
                try readSymbol(&open)
            }
        }
        throw failure(.unterminated(isOutput ? "{{" : "{%"), at: opening)
    }

    private mutating func readSymbol(_ open: inout [Symbol]) throws(JinjaError) {
        let found = Symbol.allCases.first { symbol in
            let text = Array(symbol.rawValue.unicodeScalars)
            return offset + text.count <= scalars.count && Array(scalars[offset..<offset + text.count]) == text
        }
        guard let found else { throw failure(.unexpectedCharacter(scalars[offset]), at: offset) }
        if let closing = found.closing {
            open.append(closing)
        } else if found.isClosing {
            let expected = open.popLast()
            guard found == expected else {
                throw failure(
                    .unexpected(found: found.rawValue, expected: expected?.rawValue ?? "an expression"), at: offset)
            }
        }
        add(.symbol(found), at: offset)
        offset += found.rawValue.utf8.count
    }

    /// Digits from `place` on, single underscores between them; nil where there is none.
    private func digits(from place: Int, where isDigit: (Unicode.Scalar) -> Bool = \.isDigit) -> Int? {
        guard place < scalars.count, isDigit(scalars[place]) else { return nil }
        var place = place + 1
        while place < scalars.count {
            if isDigit(scalars[place]) {
                place += 1
            } else if scalars[place] == "_", place + 1 < scalars.count, isDigit(scalars[place + 1]) {
                place += 2
            } else {
                break
            }
        }
        return place
    }

    private mutating func readNumber() throws(JinjaError) {
        let start = offset
        if let end = fractionEnd(from: start) {
            offset = end
            let text = plainText(start..<end)
            guard let number = Double(text), number.isFinite else { throw failure(.numberTooLarge(text), at: start) }
            add(.number(number), at: start)
            return
        }
        var (radix, first) = (10, start)
        if scalars[start] == "0", start + 1 < scalars.count {
            radix = ["b": 2, "B": 2, "o": 8, "O": 8, "x": 16, "X": 16][scalars[start + 1]] ?? 10
            if radix != 10 {
                first = start + 2
                if first < scalars.count, scalars[first] == "_" { first += 1 }
            }
        }
        let end = digits(from: first) { Int(String(Character($0)), radix: radix) != nil && $0.isASCII }
        guard let end else { throw failure(.unexpectedCharacter(scalars[start + 1]), at: start + 1) }
        let text = plainText(first..<end)
        guard radix != 10 || !text.hasPrefix("0") || text.allSatisfy({ $0 == "0" }) else {
            throw failure(.unexpected(found: "a number that begins with 0", expected: "a number"), at: start)
        }
        guard let number = Int(text, radix: radix) else { throw failure(.numberTooLarge(text), at: start) }
        offset = end
        add(.integer(number), at: start)
    }

    /// The end of a number with a fraction or an exponent; nil for an integer. After a point, as in
    /// `list.0.1`, every number is one.
    private func fractionEnd(from start: Int) -> Int? {
        guard start == 0 || scalars[start - 1] != ".", let integer = digits(from: start) else { return nil }
        var end: Int?
        if has(".", at: integer) { end = digits(from: integer + 1) }
        let exponent = end ?? integer
        if has("e", at: exponent) || has("E", at: exponent) {
            let signed = has("+", at: exponent + 1) || has("-", at: exponent + 1)
            end = digits(from: exponent + (signed ? 2 : 1)) ?? end
        }
        return end
    }

    private func plainText(_ range: Range<Int>) -> String {
        JinjaText(scalars[range].filter { $0 != "_" }).string
    }

    private mutating func readString(quote: Unicode.Scalar) throws(JinjaError) {
        let start = offset
        var result: [Unicode.Scalar] = []
        offset += 1
        while offset < scalars.count {
            let scalar = scalars[offset]
            if scalar == quote {
                offset += 1
                add(.text(result), at: start)
                return
            }
            if scalar == "\\", offset + 1 < scalars.count {
                try readEscape(into: &result)
            } else {
                result.append(scalar)
                offset += 1
            }
        }
        throw failure(.unterminated("a string"), at: start)
    }

    /// Reads a backslash and what belongs to it, as in Python's strings: an unknown one stays as it is.
    private mutating func readEscape(into result: inout [Unicode.Scalar]) throws(JinjaError) {
        let start = offset
        let escaped = scalars[offset + 1]
        offset += 2
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r", "t": "\t",
            "v": "\u{B}",
        ]
        if let scalar = simple[escaped] {
            result.append(scalar)
            return
        }
        switch escaped {
        case "\n": return
        case "0"..."7":
            offset -= 1
            var value: UInt32 = 0
            let end = min(offset + 3, scalars.count)
            while offset < end, ("0"..."7").contains(scalars[offset]) {
                value = value * 8 + scalars[offset].value - 48
                offset += 1
            }
            if let scalar = Unicode.Scalar(value) { result.append(scalar) }
        case "x", "u", "U":
            let length = escaped == "x" ? 2 : escaped == "u" ? 4 : 8
            let hexadecimal = scalars[offset..<min(offset + length, scalars.count)].prefix {
                $0.isASCII && $0.properties.isHexDigit
            }
            guard hexadecimal.count == length, let value = UInt32(JinjaText(Array(hexadecimal)).string, radix: 16)
            else {
                throw failure(.badEscape("\\\(escaped) needs \(length) hexadecimal digits"), at: start)
            }
            guard let scalar = Unicode.Scalar(value) else {
                throw failure(.badEscape("\\\(escaped) names no character"), at: start)
            }
            result.append(scalar)
            offset += length
        case "N": throw failure(.unsupported("\\N in a string"), at: start)
        default:
            // Jinja writes other than ASCII as an escape of its own first, whose backslash the one before it takes.
            result.append("\\")
            if escaped.isASCII {
                result.append(escaped)
            } else {
                let digits = String(escaped.value, radix: 16)
                let (letter, width) = escaped.value < 0x100 ? ("x", 2) : escaped.value < 0x10000 ? ("u", 4) : ("U", 8)
                result += (letter + String(repeating: "0", count: width - digits.count) + digits).unicodeScalars
            }
        }
    }
}

extension Unicode.Scalar {
    var isDigit: Bool { ("0"..."9").contains(self) }
    /// Names are ASCII here.
    var beginsName: Bool { self == "_" || ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
