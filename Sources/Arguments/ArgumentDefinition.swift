// What the parser and the help know about one property, and where its value is stored.

/// Stores the value of one property. A class, because `Mirror` finds the properties of a command but cannot set them.
final class Slot<Value> {
    var value: Value?
    /// Whether the command line gave a value, which then replaced the default.
    var isGiven = false

    init(_ value: Value?) { self.value = value }

    func read(_ wrapper: String) -> Value {
        guard let value else {
            preconditionFailure("an @\(wrapper) without a default was read before the command line was parsed")
        }
        return value
    }
}

/// One property as the parser sees it.
struct ArgumentDefinition {
    enum Kind: Equatable {
        case option
        case flag
        case positional
    }

    var kind: Kind
    /// With dashes; empty for a positional argument.
    var names: [String] = []
    /// Names that set a flag to false.
    var negativeNames: [String] = []
    var valueName = ""
    var help = ""
    var isRequired = false
    var isRepeating = false
    var defaultText: String?
    var allowedValues: [String] = []
    var valueKind = ""
    /// What a shell offers as the value.
    var completion = CompletionKind.text
    /// The title of the option group, nil for the command's own options.
    var section: String?
    /// Stores a word as the value; false if the word is invalid.
    var acceptValue: (String) -> Bool = { _ in false }
    /// Sets a flag.
    var acceptFlag: (Bool) -> Void = { _ in }

    /// The name in errors: the long name, or `<value>` for a positional argument.
    var label: String {
        names.first { $0.hasPrefix("--") } ?? names.first ?? "<\(valueName)>"
    }
}

/// A property wrapper for one argument.
protocol ArgumentField {
    func definition(property: String) -> ArgumentDefinition
}

/// A property wrapper for several arguments.
protocol ArgumentFieldGroup {
    var title: String? { get }
    var members: any ParsableArguments { get }
    func validateMembers() throws(ValidationError)
}

/// The definitions of `arguments` in declaration order, with groups expanded.
func definitions(of arguments: any ParsableArguments, section: String? = nil) -> [ArgumentDefinition] {
    Mirror(reflecting: arguments).children.flatMap { child -> [ArgumentDefinition] in
        if let group = child.value as? any ArgumentFieldGroup {
            return definitions(of: group.members, section: group.title ?? section)
        }
        guard let field = child.value as? any ArgumentField, let label = child.label else { return [] }
        // `@Option var x` is stored as `_x`.
        var definition = field.definition(property: String(label.drop { $0 == "_" }))
        definition.section = section
        return [definition]
    }
}
