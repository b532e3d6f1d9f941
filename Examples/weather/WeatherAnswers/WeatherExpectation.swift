// What a right answer to one question about the weather must contain.

/// One line of a slots file: what was asked, and the values that a right answer gives.
///
/// A value that was not asked for is nil, and an answer that gives it invents something. `data/README.md` describes the
/// keys of the file.
public struct WeatherExpectation: Sendable, Equatable {
    public enum Question: String, Sendable, CaseIterable {
        case current, temperature, condition, tomorrow, wind, humidity, rain, clothing, compare, smalltalk, unanswerable
    }

    public enum SmallTalk: String, Sendable, CaseIterable {
        case greeting, wellbeing, identity, thanks, farewell
    }

    public enum Degree: String, Sendable, CaseIterable {
        case warmer, colder
    }

    public enum TemperatureUnit: String, Sendable, CaseIterable {
        case fahrenheit = "F"
        case celsius = "C"
    }

    public enum SpeedUnit: String, Sendable, CaseIterable {
        case milesPerHour = "mph"
        case kilometresPerHour = "km/h"
    }

    public struct Temperature: Sendable, Equatable {
        public var value: Int
        public var unit: TemperatureUnit

        public init(value: Int, unit: TemperatureUnit) {
            self.value = value
            self.unit = unit
        }
    }

    public struct Wind: Sendable, Equatable {
        public var value: Int
        public var unit: SpeedUnit
        /// Where it blows from: "west", "northeast".
        public var direction: String
    }

    public struct Tomorrow: Sendable, Equatable {
        public var condition: String
        public var temperature: Temperature
    }

    public struct PlaceTemperature: Sendable, Equatable {
        public var place: String
        public var temperature: Temperature
    }

    public struct Comparison: Sendable, Equatable {
        public var degree: Degree
        public var warmer: PlaceTemperature
        public var colder: PlaceTemperature
    }

    /// The conversation's line in the data, and the turn in it; both count from 1.
    public var row: Int
    public var turn: Int
    public var asks: Question
    /// Whether a right answer says that it does not have this.
    public var declines: Bool
    /// The places of the report, which an answer may name.
    public var observed: [String]
    public var place: String?
    public var condition: String?
    public var temperature: Temperature?
    public var wind: Wind?
    public var humidity: Int?
    public var rain: Int?
    public var tomorrow: Tomorrow?
    public var comparison: Comparison?
    /// For a question of yes or no: whether the answer is yes.
    public var agrees: Bool?
    /// What a decline has to name.
    public var missing: String?
    public var smallTalk: SmallTalk?
    public var placeSeenInTraining: Bool
    public var wordingSeenInTraining: Bool
}
