// Types that can be parsed from one word of the command line.

/// A type that can be parsed from one word of the command line.
public protocol ExpressibleByArgument {
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
    public var defaultValueDescription: String { "\(self)" }
    public static var allValueStrings: [String] { [] }
    public static var valueKind: String { "a value" }
}

extension String: ExpressibleByArgument {
    public init?(argument: String) { self = argument }
    public static var valueKind: String { "text" }
}

extension Int: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public static var valueKind: String { "an integer" }
}

extension UInt64: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public static var valueKind: String { "an integer from 0 to \(UInt64.max)" }
}

extension Double: ExpressibleByArgument {
    /// "nan" and "inf" are rejected: no setting needs them.
    public init?(argument: String) {
        guard let value = Double(argument), value.isFinite else { return nil }
        self = value
    }
    public static var valueKind: String { "a number" }
}

extension Float: ExpressibleByArgument {
    /// "nan", "inf" and numbers too large for `Float` are rejected.
    public init?(argument: String) {
        guard let value = Float(argument), value.isFinite else { return nil }
        self = value
    }
    public static var valueKind: String { "a number" }
}

extension ExpressibleByArgument where Self: RawRepresentable, RawValue == String {
    public init?(argument: String) { self.init(rawValue: argument) }
    public var defaultValueDescription: String { rawValue }
}

extension ExpressibleByArgument where Self: CaseIterable, Self: RawRepresentable, RawValue == String {
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
    public static var valueKind: String { "one of \(allValueStrings.joined(separator: ", "))" }
}
