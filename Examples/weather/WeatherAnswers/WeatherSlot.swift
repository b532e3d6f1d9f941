// The parts of an answer about the weather that can be right or wrong by themselves.

/// One thing that an answer is asked for.
package enum WeatherSlot: String, Sendable, CaseIterable {
    case place
    case condition
    case temperature
    case tomorrowCondition
    case tomorrowTemperature
    /// Speed, unit and direction.
    case wind
    case humidity
    case rain
    /// Clothes that fit the temperature, and rain gear exactly when it is wet.
    case clothing
    /// Which of two places is the warmer one.
    case warmer
    /// The temperatures of both places, each with its own.
    case temperatures
    /// Yes or no.
    case agreement
    case smalltalk
    /// Says that it does not have what was asked, and invents nothing.
    case declines
    /// Names what it does not have.
    case missing
    /// Never asked for: a number, condition or place in the answer that nothing calls for.
    case invented

    /// The slot as a table shows it.
    package var title: String {
        switch self {
        case .tomorrowCondition: "tomorrow's condition"
        case .tomorrowTemperature: "tomorrow's temperature"
        case .rain: "chance of rain"
        case .warmer: "warmer place"
        case .temperatures: "both temperatures"
        case .agreement: "yes or no"
        case .smalltalk: "small talk"
        case .missing: "names what is missing"
        default: rawValue
        }
    }
}
