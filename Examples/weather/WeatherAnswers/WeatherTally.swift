// How often something was right, of how often it was asked.

/// Two counts, and their quotient.
public struct WeatherTally: Sendable, Equatable {
    public private(set) var right = 0
    public private(set) var asked = 0

    public init() {}

    public mutating func add(_ isRight: Bool) {
        asked += 1
        if isRight { right += 1 }
    }

    public mutating func add(_ other: WeatherTally) {
        right += other.right
        asked += other.asked
    }

    /// From 0 to 1, or nil where nothing was asked.
    public var share: Double? { asked == 0 ? nil : Double(right) / Double(asked) }
}
