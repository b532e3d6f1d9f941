// Types that can be parsed from one word of the command line.

/// A type that can be parsed from one word of the command line.
package protocol ExpressibleByArgument {
    /// Nil if `argument` is not a valid value.
    init?(argument: String)

    /// The value as text, for the default in the help.
    var defaultValueDescription: String { get }

    /// All allowed words if there are only a few; otherwise empty.
    static var allValueStrings: [String] { get }

    /// What is expected, as a phrase for errors: "an integer".
    static var valueKind: String { get }
}

extension ExpressibleByArgument {
    package var defaultValueDescription: String { "\(self)" }
    package static var allValueStrings: [String] { [] }
    package static var valueKind: String { "a value" }
}

extension String: ExpressibleByArgument {
    package init?(argument: String) { self = argument }
    package static var valueKind: String { "text" }
}

extension Int: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
    package static var valueKind: String { "an integer" }
}

extension UInt64: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
    package static var valueKind: String { "an integer from 0 to \(UInt64.max)" }
}

extension Double: ExpressibleByArgument {
    /// "nan" and "inf" are rejected: no setting needs them.
    package init?(argument: String) {
        guard let value = Double(argument), value.isFinite else { return nil }
        self = value
    }
    package static var valueKind: String { "a number" }
}

extension Float: ExpressibleByArgument {
    /// "nan", "inf" and numbers too large for `Float` are rejected.
    package init?(argument: String) {
        guard let value = Float(argument), value.isFinite else { return nil }
        self = value
    }
    package static var valueKind: String { "a number" }
}

extension ExpressibleByArgument where Self: RawRepresentable, RawValue == String {
    package init?(argument: String) { self.init(rawValue: argument) }
    package var defaultValueDescription: String { rawValue }
}

extension ExpressibleByArgument where Self: CaseIterable, Self: RawRepresentable, RawValue == String {
    package static var allValueStrings: [String] { allCases.map(\.rawValue) }
    package static var valueKind: String { "one of \(allValueStrings.joined(separator: ", "))" }
}
