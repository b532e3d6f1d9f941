// What can be wrong with a JSON text, and where.

/// A defect of a JSON text and the place where it shows. The description leaves the file's name to the caller.
public struct JSONError: Error, Equatable, CustomStringConvertible {
    public let position: SourcePosition
    public let defect: JSONDefect

    public init(position: SourcePosition, defect: JSONDefect) {
        self.position = position
        self.defect = defect
    }

    public var description: String { "\(position): \(defect)" }
}

/// What the grammar asks for at a place.
public enum JSONExpectation: Sendable, Equatable {
    case value
    case keyOrClosingBrace
    case key
    case colon
    case commaOrClosingBracket
    case commaOrClosingBrace
}

/// One case per way in which a text fails to be JSON.
public enum JSONDefect: Sendable, Equatable {
    /// The text stops while something is still open, or holds nothing at all.
    case unexpectedEnd(expected: JSONExpectation)
    case unexpectedCharacter(Unicode.Scalar, expected: JSONExpectation)
    /// Letters that are none of `true`, `false`, `null`.
    case unknownWord(String)
    /// `NaN`, `Infinity` or `-Infinity`.
    case notFinite(String)
    /// A comma with nothing after it.
    case trailingComma
    /// Two members of one object have the same key.
    case duplicateKey(String, first: SourcePosition)
    /// Something other than white space follows the value.
    case trailingContent
    /// A number that starts with a zero and goes on with digits.
    case leadingZero
    /// A sign, a point or an exponent without digits.
    case missingDigits
    /// A number beyond what a double can hold.
    case numberOutOfRange(String)
    case unterminatedString
    /// A byte below 0x20 inside a string.
    case controlCharacter(UInt8)
    /// A backslash before a character that it cannot stand before.
    case unknownEscape(Unicode.Scalar)
    /// `\u` without four hexadecimal digits.
    case incompleteUnicodeEscape
    /// Half of a surrogate pair in `\u` escapes.
    case loneSurrogate(UInt16)
    case invalidUTF8(UInt8)
    /// The text looks like UTF-16 or UTF-32.
    case notUTF8
    case commentNotAllowed
    /// A `/* … */` comment: only `//` is read, and only in configuration files.
    case blockComment
    case tooDeep(limit: Int)
    case tooLarge(bytes: Int, limit: Int)
}
