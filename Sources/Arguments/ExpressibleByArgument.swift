// Types that one word of the command line can stand for.

/// A type that can be read from one word of the command line.
public protocol ExpressibleByArgument {
    /// Nil where `argument` does not stand for a value.
    init?(argument: String)

    /// How the value is written, for the help's default.
    var defaultValueDescription: String { get }

    /// Every word that is allowed, where there are only a few; else empty.
    static var allValueStrings: [String] { get }

    /// What is wanted, as a phrase for errors: "a whole number".
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
    public static var valueKind: String { "a whole number" }
}

extension UInt64: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public static var valueKind: String { "a whole number from 0 to \(UInt64.max)" }
}

extension Double: ExpressibleByArgument {
    /// "nan" and "inf" are refused: no setting of a program means them.
    public init?(argument: String) {
        guard let value = Double(argument), value.isFinite else { return nil }
        self = value
    }
    public static var valueKind: String { "a number" }
}

extension Float: ExpressibleByArgument {
    /// "nan", "inf" and numbers too large for `Float` are refused.
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
