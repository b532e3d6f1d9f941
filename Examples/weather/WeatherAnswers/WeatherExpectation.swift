// What a right answer to one question about the weather must contain.

/// One line of a slots file: what was asked, and the values that a right answer gives.
///
/// A value that was not asked for is nil, and an answer that gives it invents something. `data/README.md` describes the
/// keys of the file.
package struct WeatherExpectation: Sendable, Equatable {
    package enum Question: String, Sendable, CaseIterable {
        case current, temperature, condition, tomorrow, wind, humidity, rain, clothing, compare, smalltalk, unanswerable
    }

    package enum SmallTalk: String, Sendable, CaseIterable {
        case greeting, wellbeing, identity, thanks, farewell
    }

    package enum Degree: String, Sendable, CaseIterable {
        case warmer, colder
    }

    package enum TemperatureUnit: String, Sendable, CaseIterable {
        case fahrenheit = "F"
        case celsius = "C"
    }

    package enum SpeedUnit: String, Sendable, CaseIterable {
        case milesPerHour = "mph"
        case kilometresPerHour = "km/h"
    }

    package struct Temperature: Sendable, Equatable {
        package var value: Int
        package var unit: TemperatureUnit

        package init(value: Int, unit: TemperatureUnit) {
            self.value = value
            self.unit = unit
        }
    }

    package struct Wind: Sendable, Equatable {
        package var value: Int
        package var unit: SpeedUnit
        /// Where it blows from: "west", "northeast".
        package var direction: String
    }

    package struct Tomorrow: Sendable, Equatable {
        package var condition: String
        package var temperature: Temperature
    }

    package struct PlaceTemperature: Sendable, Equatable {
        package var place: String
        package var temperature: Temperature
    }

    package struct Comparison: Sendable, Equatable {
        package var degree: Degree
        package var warmer: PlaceTemperature
        package var colder: PlaceTemperature
    }

    /// The conversation's line in the data, and the turn in it; both count from 1.
    package var row: Int
    package var turn: Int
    package var asks: Question
    /// Whether a right answer says that it does not have this.
    package var declines: Bool
    /// The places of the report, which an answer may name.
    package var observed: [String]
    package var place: String?
    package var condition: String?
    package var temperature: Temperature?
    package var wind: Wind?
    package var humidity: Int?
    package var rain: Int?
    package var tomorrow: Tomorrow?
    package var comparison: Comparison?
    /// For a question of yes or no: whether the answer is yes.
    package var agrees: Bool?
    /// What a decline has to name.
    package var missing: String?
    package var smallTalk: SmallTalk?
    package var placeSeenInTraining: Bool
    package var wordingSeenInTraining: Bool
}
