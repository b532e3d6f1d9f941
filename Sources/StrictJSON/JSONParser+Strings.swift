// Parsing strings: escapes, surrogate pairs and strict UTF-8.

extension JSONParser {
    /// Parses the string whose opening quote is at the offset; the offset ends after the closing quote.
    mutating func parseString() throws(JSONError) -> String {
        let opening = position
        offset += 1
        let start = offset
        while offset < count {
            let byte = base[offset]
            if byte == UInt8(ascii: "\"") {
                let text = UnsafeBufferPointer(start: base + start, count: offset - start)
                offset += 1
                return String(decoding: text, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start, opening: opening) }
            try passStringByte(byte)
        }
        throw JSONError(position: opening, defect: .unterminatedString)
    }

    /// Continues at the first backslash with a copy of the bytes before it.
    private mutating func parseEscapedString(
        from start: Int, opening: SourcePosition
    ) throws(JSONError) -> String {
        var bytes = [UInt8](UnsafeBufferPointer(start: base + start, count: offset - start))
        while offset < count {
            let byte = base[offset]
            if byte == UInt8(ascii: "\"") {
                offset += 1
                return String(decoding: bytes, as: UTF8.self)
            }
            if byte == UInt8(ascii: "\\") {
                guard offset + 1 < count else { break }
                try parseEscape(into: &bytes)
            } else {
                let first = offset
                try passStringByte(byte)
                for place in first..<offset { bytes.append(base[place]) }
            }
        }
        throw JSONError(position: opening, defect: .unterminatedString)
    }

    private mutating func passStringByte(_ byte: UInt8) throws(JSONError) {
        if byte < 0x20 { throw error(.controlCharacter(byte)) }
        if byte < 0x80 { offset += 1 } else { try passScalar() }
    }

    private mutating func parseEscape(into bytes: inout [UInt8]) throws(JSONError) {
        let escaped = base[offset + 1]
        switch escaped {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(escaped)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            for unit in UTF8.encode(try parseUnicodeEscape()) ?? .init() { bytes.append(unit) }
            return
        default:
            let backslash = position
            offset += 1
            throw JSONError(position: backslash, defect: .unknownEscape(try peekScalar().scalar))
        }
        offset += 2
    }

    /// Parses `\uXXXX`, or two of them if they are a surrogate pair.
    private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimalUnit(at: offset)
        if let scalar = Unicode.Scalar(UInt32(first)) {
            offset += 6
            return scalar
        }
        guard first < 0xDC00, offset + 7 < count, base[offset + 6] == UInt8(ascii: "\\"),
            base[offset + 7] == UInt8(ascii: "u")
        else { throw error(.loneSurrogate(first)) }
        let second = try hexadecimalUnit(at: offset + 6)
        let value = 0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF
        guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(value) else {
            throw error(.loneSurrogate(first))
        }
        offset += 12
        return scalar
    }

    /// The four digits after the `\u` at `start`.
    private func hexadecimalUnit(at start: Int) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for place in start + 2..<start + 6 {
            let byte = place < count ? base[place] : 0
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw JSONError(position: position(at: start), defect: .incompleteUnicodeEscape)
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// Skips the scalar at the offset, which must be well-formed UTF-8 (RFC 3629: shortest form, no surrogates).
    mutating func passScalar() throws(JSONError) {
        let length = try peekScalar().length
        offset += length
        continuationBytes += length - 1
    }

    func peekScalar() throws(JSONError) -> (scalar: Unicode.Scalar, length: Int) {
        let lead = base[offset]
        if lead < 0x80 { return (Unicode.Scalar(lead), 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard lead >= 0xC2, lead <= 0xF4, offset + length <= count else { throw error(.invalidUTF8(lead)) }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for place in offset + 1..<offset + length {
            guard base[place] & 0xC0 == 0x80 else { throw error(.invalidUTF8(lead)) }
            value = value << 6 | UInt32(base[place] & 0x3F)
        }
        let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
        guard value >= smallest, let scalar = Unicode.Scalar(value) else { throw error(.invalidUTF8(lead)) }
        return (scalar, length)
    }

    /// The error for the character at the offset, or for the byte there if it is not valid UTF-8.
    func unexpectedCharacter(expected: JSONExpectation) throws(JSONError) -> JSONError {
        error(.unexpectedCharacter(try peekScalar().scalar, expected: expected))
    }
}
