// What can be wrong with a template, and where.

import StrictJSON

/// A defect of a template, or of what happens when it is rendered, and its place in the template.
package struct JinjaError: Error, Equatable, CustomStringConvertible {
    package let position: SourcePosition
    package let defect: JinjaDefect

    package init(position: SourcePosition, defect: JinjaDefect) {
        self.position = position
        self.defect = defect
    }

    package var description: String { "\(position): \(defect)" }
}

/// One case per way in which a template fails.
package enum JinjaDefect: Sendable, Equatable {
    // The text is no template.
    case unexpectedCharacter(Unicode.Scalar)
    /// A comment, a string, a tag or `raw` that begins here and does not end.
    case unterminated(String)
    case unexpected(found: String, expected: String)
    /// A tag such as `for` that begins here and whose end is missing.
    case unclosedTag(String)
    /// An end or a branch of something that is not open.
    case strayTag(String)
    case badEscape(String)
    case numberTooLarge(String)
    case notAssignable(String)
    /// `break` or `continue` outside a loop.
    case outsideLoop(String)

    // It is a template, but one that is not evaluated here.
    case unsupportedTag(String)
    case unsupportedFilter(String)
    case unsupportedTest(String)
    case unsupportedFunction(String)
    case unsupportedMethod(String)
    /// An attribute that Python's objects have and that is not evaluated here.
    case unsupportedAttribute(type: String, name: String)
    case unsupported(String)

    // A bound is passed.
    case templateTooLarge(bytes: Int, limit: Int)
    case nestedTooDeep(limit: Int)
    case tooManySteps(limit: Int)
    case tooManyIterations(limit: Int)
    case textTooLong(limit: Int)
    case evaluatedTooDeep(limit: Int)
    case valueTooDeep(limit: Int)
    case rangeTooLong(limit: Int)

    // It cannot be rendered with these values.
    /// The template's own `raise_exception`.
    case raised(String)
    /// Something undefined was used for more than being printed or tested.
    case undefined(String)
    /// A value of a kind that an operation does not take.
    case wrongValue(String)
    case overflow
    case divisionByZero
    case cannotUnpack(values: Int, names: Int)
}

extension JinjaDefect: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unexpectedCharacter(let scalar): "the character \(shown(scalar)) has no meaning here"
        case .unterminated(let what): "\(what) begins here and does not end"
        case .unexpected(let found, let expected): "found \(found) where \(expected) is expected"
        case .unclosedTag(let name): "{% \(name) %} has no end"
        case .strayTag(let name): "{% \(name) %} belongs to nothing that is open"
        case .badEscape(let reason): reason
        case .numberTooLarge(let text): "the number \(text) is too large"
        case .notAssignable(let what): "nothing can be assigned to \(what)"
        case .outsideLoop(let name): "{% \(name) %} is outside a loop"
        case .unsupportedTag(let name): "the tag \(name) is not supported"
        case .unsupportedFilter(let name): "the filter \(name) is not supported"
        case .unsupportedTest(let name): "the test \(name) is not supported"
        case .unsupportedFunction(let name): "the function \(name) is not supported"
        case .unsupportedMethod(let name): "the method \(name) is not supported"
        case .unsupportedAttribute(let type, let name): "the attribute \(name) of \(type) is not supported"
        case .unsupported(let what): "\(what) is not supported"
        case .raised(let message): "the template refuses this: \(message)"
        case .undefined(let message): message
        case .wrongValue(let message): message
        case .overflow: "an integer is too large for 64 bits"
        case .divisionByZero: "a division by zero"
        case .cannotUnpack(let values, let names): "\(values) values cannot be assigned to \(names) names"
        default: boundDescription
        }
    }

    private var boundDescription: String {
        switch self {
        case .templateTooLarge(let bytes, let limit): "the template has \(bytes) bytes; the limit is \(limit)"
        case .nestedTooDeep(let limit): "more than \(limit) tags and brackets are nested"
        case .tooManySteps(let limit): "the template takes more than \(limit) steps"
        case .tooManyIterations(let limit): "its loops run more than \(limit) times"
        case .textTooLong(let limit): "a text has more than \(limit) characters"
        case .evaluatedTooDeep(let limit): "more than \(limit) expressions, tags and macros call each other"
        case .valueTooDeep(let limit): "more than \(limit) lists and mappings are nested"
        case .rangeTooLong(let limit): "a range has more than \(limit) numbers"
        default: ""
        }
    }

    private func shown(_ scalar: Unicode.Scalar) -> String {
        scalar.properties.generalCategory == .control
            ? "U+" + String(scalar.value, radix: 16, uppercase: true) : String(Character(scalar))
    }
}
