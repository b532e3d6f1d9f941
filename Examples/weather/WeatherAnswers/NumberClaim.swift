// The numbers of an answer, each with its unit.

/// A number as the answer states it.
struct NumberClaim: Sendable {
    enum Unit: Sendable, Equatable {
        case temperature(WeatherExpectation.TemperatureUnit)
        /// Degrees of no scale.
        case degrees
        case speed(WeatherExpectation.SpeedUnit)
        case percent
        case none
    }

    /// What kind of thing the number measures.
    enum Quantity: Sendable, Equatable {
        case temperature, speed, share, unknown
    }

    let value: Double
    let unit: Unit
    let isNegated: Bool
    /// The number and its unit, as written.
    let text: String

    var quantity: Quantity {
        switch unit {
        case .temperature, .degrees: .temperature
        case .speed: .speed
        case .percent: .share
        case .none: .unknown
        }
    }

    func states(_ expected: Int, _ unit: Unit) -> Bool {
        !isNegated && value == Double(expected) && self.unit == unit
    }

    /// All numbers of an answer, in order.
    static func claims(in answer: AnswerText) -> [NumberClaim] {
        answer.tokens.indices.compactMap { index in
            guard let value = answer.tokens[index].number else { return nil }
            let (unit, length) = unit(of: answer.tokens[(index + 1)...].prefix(3).map(\.lowercased))
            let text = answer.tokens[index...(index + length)].map(\.text).joined()
            return NumberClaim(value: value, unit: unit, isNegated: answer.isNegated(at: index), text: text)
        }
    }

    /// The unit that starts the words after a number, and how many words it takes.
    private static func unit(of words: [String]) -> (Unit, length: Int) {
        let spellings: [([String], Unit)] = [
            (["°", "f"], .temperature(.fahrenheit)), (["°", "c"], .temperature(.celsius)),
            (["degrees", "fahrenheit"], .temperature(.fahrenheit)), (["degrees", "celsius"], .temperature(.celsius)),
            (["degrees", "f"], .temperature(.fahrenheit)), (["degrees", "c"], .temperature(.celsius)),
            (["°"], .degrees), (["degrees"], .degrees),
            (["f"], .temperature(.fahrenheit)), (["c"], .temperature(.celsius)),
            (["mph"], .speed(.milesPerHour)), (["miles", "per", "hour"], .speed(.milesPerHour)),
            (["km", "/", "h"], .speed(.kilometresPerHour)), (["kph"], .speed(.kilometresPerHour)),
            (["kilometres", "per", "hour"], .speed(.kilometresPerHour)),
            (["kilometers", "per", "hour"], .speed(.kilometresPerHour)),
            (["%"], .percent), (["percent"], .percent),
        ]
        for (spelling, unit) in spellings where words.starts(with: spelling) { return (unit, spelling.count) }
        return (.none, 0)
    }
}
