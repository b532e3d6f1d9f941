// Parsing numbers and the words true, false and null.

extension JSONParser {
    mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = offset
        let startPosition = position
        let isNegative = base[offset] == UInt8(ascii: "-")
        if isNegative {
            offset += 1
            if offset < count, base[offset] == UInt8(ascii: "I") {
                let word = takeLetters()
                throw JSONError(position: startPosition, defect: .notFinite("-" + word))
            }
        }
        var integer: Int? = 0
        let firstDigit = offset
        while let digit = currentDigit {
            let scaled = integer?.multipliedReportingOverflow(by: 10)
            let next = scaled.map { $0.partialValue.subtractingReportingOverflow(Int(digit)) }
            integer = scaled?.overflow == false && next?.overflow == false ? next?.partialValue : nil
            offset += 1
        }
        guard offset > firstDigit else { throw error(.missingDigits) }
        if base[firstDigit] == UInt8(ascii: "0"), offset > firstDigit + 1 {
            throw JSONError(position: startPosition, defect: .leadingZero)
        }
        let hasFraction = try passFraction()
        let hasExponent = try passExponent()
        // Digits are summed as negatives, because the smallest integer has no positive counterpart.
        if !hasFraction, !hasExponent, let integer, isNegative || integer != Int.min {
            return .integer(isNegative ? integer : -integer)
        }
        let text = String(decoding: UnsafeBufferPointer(start: base + start, count: offset - start), as: UTF8.self)
        guard let number = Double(text), number.isFinite else {
            let shown = text.utf8.count > 40 ? String(text.prefix(40)) + "…" : text
            throw JSONError(position: startPosition, defect: .numberOutOfRange(shown))
        }
        return .number(number)
    }

    private var currentDigit: UInt8? {
        guard offset < count else { return nil }
        let digit = base[offset] &- UInt8(ascii: "0")
        return digit < 10 ? digit : nil
    }

    private mutating func passDigits() throws(JSONError) {
        guard currentDigit != nil else { throw error(.missingDigits) }
        while currentDigit != nil { offset += 1 }
    }

    private mutating func passFraction() throws(JSONError) -> Bool {
        guard offset < count, base[offset] == UInt8(ascii: ".") else { return false }
        offset += 1
        try passDigits()
        return true
    }

    private mutating func passExponent() throws(JSONError) -> Bool {
        guard offset < count, base[offset] | 0x20 == UInt8(ascii: "e") else { return false }
        offset += 1
        if offset < count, base[offset] == UInt8(ascii: "+") || base[offset] == UInt8(ascii: "-") { offset += 1 }
        try passDigits()
        return true
    }

    mutating func parseWord() throws(JSONError) -> JSONValue {
        let start = position
        let word = takeLetters()
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        case "NaN", "nan", "Infinity", "inf": throw JSONError(position: start, defect: .notFinite(word))
        default: throw JSONError(position: start, defect: .unknownWord(word))
        }
    }

    /// Skips the letters at the offset and returns them, truncated for messages.
    private mutating func takeLetters() -> String {
        let start = offset
        while offset < count, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(base[offset] | 0x20) { offset += 1 }
        let letters = UnsafeBufferPointer(start: base + start, count: min(offset - start, 40))
        return String(decoding: letters, as: UTF8.self)
    }
}
