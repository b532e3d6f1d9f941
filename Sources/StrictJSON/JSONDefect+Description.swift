// Messages for the defects of a JSON text.

extension JSONExpectation: CustomStringConvertible {
    package var description: String {
        switch self {
        case .value: "a value"
        case .keyOrClosingBrace: "a key in double quotes or }"
        case .key: "a key in double quotes"
        case .colon: "a colon"
        case .commaOrClosingBracket: "a comma or ]"
        case .commaOrClosingBrace: "a comma or }"
        }
    }
}

extension JSONDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedEnd(let expected): "the text ends where \(expected) is expected"
        case .unexpectedCharacter(let scalar, let expected): "found \(scalar.shown) where \(expected) is expected"
        case .unknownWord(let word): "\(word) is not true, false or null; put strings in double quotes"
        case .notFinite(let word): "\(word) is not a JSON number; write null or a finite number"
        case .trailingComma: "nothing follows this comma; remove it"
        case .duplicateKey(let key, let first): "the key \(key.quotedForMessage) is already given at \(first)"
        case .trailingContent: "the value is complete, but more text follows"
        case .leadingZero: "a number cannot have leading zeros"
        case .missingDigits: "the number lacks digits here"
        case .numberOutOfRange(let text): "\(text) is beyond the range of a double"
        case .unterminatedString, .controlCharacter, .unknownEscape, .incompleteUnicodeEscape, .loneSurrogate:
            stringDescription
        case .invalidUTF8(let byte): "the byte \(byte.hexadecimal) is not valid UTF-8 here; store the file as UTF-8"
        case .notUTF8: "the text is UTF-16 or UTF-32; store the file as UTF-8"
        case .commentNotAllowed: "comments are not allowed in this file"
        case .blockComment: "only comments that start with // are read; /* is not"
        case .tooDeep(let limit): "arrays and objects are nested more than \(limit) deep"
        case .tooLarge(let bytes, let limit): "the text has \(bytes) bytes, more than the limit of \(limit)"
        }
    }

    private var stringDescription: String {
        switch self {
        case .controlCharacter(0x0A): "a line ends inside a string; write it as \\n, or close the string"
        case .controlCharacter(0x09): "a tab inside a string; write it as \\t"
        case .controlCharacter(let byte):
            "the control character \(byte.hexadecimal) inside a string; write it as \\u00\(byte.hexadecimalDigits)"
        case .unknownEscape(let scalar): "\(scalar.shown) cannot be escaped with a backslash"
        case .incompleteUnicodeEscape: "\\u needs four hexadecimal digits"
        case .loneSurrogate(let unit):
            "\\u\(String(unit, radix: 16)) is half of a surrogate pair, and the other half is missing"
        default: "the string that starts here has no closing quote"
        }
    }
}

extension UInt8 {
    fileprivate var hexadecimalDigits: String { (self < 16 ? "0" : "") + String(self, radix: 16, uppercase: true) }
    fileprivate var hexadecimal: String { "0x" + hexadecimalDigits }
}

extension Unicode.Scalar {
    /// The character itself if it is visible, otherwise its number.
    fileprivate var shown: String {
        let isVisible =
            switch properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
                .spaceSeparator, .nonspacingMark, .enclosingMark:
                false
            default: true
            }
        return isVisible ? String(Character(self)) : "U+" + String(value, radix: 16, uppercase: true).leftPadded
    }
}

extension String {
    fileprivate var leftPadded: String { String(repeating: "0", count: max(0, 4 - count)) + self }

    /// The string as JSON, truncated if it is long.
    fileprivate var quotedForMessage: String {
        let scalars = unicodeScalars
        let shown = scalars.count > 60 ? String(String.UnicodeScalarView(scalars.prefix(60))) + "…" : self
        return JSONOutput.string(shown).serialized()
    }
}
