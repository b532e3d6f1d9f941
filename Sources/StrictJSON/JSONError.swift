// Defects of a JSON text, with their position.

/// A defect of a JSON text and its position. The caller adds the file's name to the description.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let position: SourcePosition
    package let defect: JSONDefect

    package init(position: SourcePosition, defect: JSONDefect) {
        self.position = position
        self.defect = defect
    }

    package var description: String { "\(position): \(defect)" }
}

/// What the grammar expects at a position.
package enum JSONExpectation: Sendable, Equatable {
    case value
    case keyOrClosingBrace
    case key
    case colon
    case commaOrClosingBracket
    case commaOrClosingBrace
}

/// One case per reason why a text is not JSON.
package enum JSONDefect: Sendable, Equatable {
    /// The text ends too early, or is empty.
    case unexpectedEnd(expected: JSONExpectation)
    case unexpectedCharacter(Unicode.Scalar, expected: JSONExpectation)
    /// A word other than `true`, `false` and `null`.
    case unknownWord(String)
    /// `NaN`, `Infinity` or `-Infinity`.
    case notFinite(String)
    /// A comma with nothing after it.
    case trailingComma
    /// Two members of an object have the same key.
    case duplicateKey(String, first: SourcePosition)
    /// Text other than white space after the value.
    case trailingContent
    /// A number with leading zeros.
    case leadingZero
    /// A sign, a point or an exponent without digits.
    case missingDigits
    /// A number outside the range of a double.
    case numberOutOfRange(String)
    case unterminatedString
    /// A byte below 0x20 inside a string.
    case controlCharacter(UInt8)
    /// A backslash before a character that cannot be escaped.
    case unknownEscape(Unicode.Scalar)
    /// `\u` without four hexadecimal digits.
    case incompleteUnicodeEscape
    /// Half of a surrogate pair in `\u` escapes.
    case loneSurrogate(UInt16)
    case invalidUTF8(UInt8)
    /// The text looks like UTF-16 or UTF-32.
    case notUTF8
    case commentNotAllowed
    /// A `/* … */` comment: only `//` is supported, and only in configs.
    case blockComment
    case tooDeep(limit: Int)
    case tooLarge(bytes: Int, limit: Int)
}
