// The pieces that a template is cut into.

import StrictJSON

/// A piece of a template and where it begins.
struct Token {
    enum Kind: Equatable {
        /// Text outside tags, white space already removed where the tags ask for it.
        case data([Unicode.Scalar])
        case blockStart, blockEnd
        case outputStart, outputEnd
        case name(String)
        case text([Unicode.Scalar])
        case integer(Int)
        case number(Double)
        case symbol(Symbol)
        case end
    }

    let kind: Kind
    let position: SourcePosition
}

/// Operators and punctuation. Longer ones come before their own beginnings.
enum Symbol: String, CaseIterable {
    case floorDivide = "//"
    case power = "**"
    case equal = "=="
    case notEqual = "!="
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case add = "+"
    case subtract = "-"
    case divide = "/"
    case multiply = "*"
    case remainder = "%"
    case join = "~"
    case openBracket = "["
    case closeBracket = "]"
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBrace = "{"
    case closeBrace = "}"
    case greater = ">"
    case less = "<"
    case assign = "="
    case dot = "."
    case colon = ":"
    case pipe = "|"
    case comma = ","
    case semicolon = ";"

    /// What closes this bracket, if it is one that opens.
    var closing: Symbol? {
        switch self {
        case .openBracket: .closeBracket
        case .openParenthesis: .closeParenthesis
        case .openBrace: .closeBrace
        default: nil
        }
    }

    var isClosing: Bool { self == .closeBracket || self == .closeParenthesis || self == .closeBrace }
}

extension Token.Kind: CustomStringConvertible {
    var description: String {
        switch self {
        case .data: "text"
        case .blockStart: "{%"
        case .blockEnd: "%}"
        case .outputStart: "{{"
        case .outputEnd: "}}"
        case .name(let name): name
        case .text: "a string"
        case .integer, .number: "a number"
        case .symbol(let symbol): symbol.rawValue
        case .end: "the end of the template"
        }
    }
}
