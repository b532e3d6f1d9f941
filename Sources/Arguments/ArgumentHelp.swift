// Help text and names of an option, flag or argument.

import StrictJSON

/// The description of one property. A string literal is enough for most.
package struct ArgumentHelp: Sendable, ExpressibleByStringInterpolation {
    package var abstract: String
    /// The word between angle brackets, `--config <file>`; nil means the property's name.
    package var valueName: String?

    /// The default as the help shows it; nil means the property's initial value.
    package var defaultText: String?

    /// What a shell offers as the value; nil means what `valueName` says, such as files for `<file>`.
    package var completion: CompletionKind?

    package init(
        _ abstract: String, valueName: String? = nil, defaultText: String? = nil, completion: CompletionKind? = nil
    ) {
        self.abstract = abstract
        self.valueName = valueName
        self.defaultText = defaultText
        self.completion = completion
    }

    package init(stringLiteral value: String) { self.init(value) }
}

/// The names of an option or flag.
package struct NameSpecification: Sendable, ExpressibleByArrayLiteral {
    enum Element: Sendable {
        case long
        case short
        case customLong(String)
        case customShort(Character)
    }

    let elements: [Element]

    init(_ elements: [Element]) { self.elements = elements }

    package init(arrayLiteral parts: NameSpecification...) { self.init(parts.flatMap(\.elements)) }

    /// The property's name in kebab-case: `batchSize` is `--batch-size`.
    package static var long: NameSpecification { NameSpecification([.long]) }
    /// The first letter of the property's name.
    package static var short: NameSpecification { NameSpecification([.short]) }
    package static var shortAndLong: NameSpecification { NameSpecification([.short, .long]) }
    /// `name` is given without dashes.
    package static func customLong(_ name: String) -> NameSpecification { NameSpecification([.customLong(name)]) }
    package static func customShort(_ letter: Character) -> NameSpecification {
        NameSpecification([.customShort(letter)])
    }

    /// The names with dashes, in the given order.
    func names(property: String) -> [String] {
        elements.map { element in
            switch element {
            case .long: "--" + kebabCase(property)
            case .short: "-" + property.prefix(1).lowercased()
            case .customLong(let name): "--" + name
            case .customShort(let letter): "-\(letter)"
            }
        }
    }
}
