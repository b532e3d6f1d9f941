// Expectations from a slots file, with an error that names file, line and key.

import Foundation
import StrictJSON

extension WeatherExpectation {
    private static let keys = [
        "row", "turn", "asks", "declines", "observed", "place", "condition", "temperature", "wind", "humidity", "rain",
        "tomorrow", "compare", "agrees", "missing", "smalltalk", "placeSeenInTraining", "wordingSeenInTraining",
    ]

    /// All lines of a slots file, in order; blank lines are skipped.
    package static func read(path: String) throws(WeatherExpectationError) -> [WeatherExpectation] {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) else { throw .unreadable(path: path) }
        var expectations: [WeatherExpectation] = []
        for (place, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            expectations.append(try WeatherExpectation(line: Array(line), path: path, lineNumber: place + 1))
        }
        guard !expectations.isEmpty else { throw .empty(path: path) }
        return expectations
    }

    /// One line of a slots file.
    package init(line: [UInt8], path: String, lineNumber: Int) throws(WeatherExpectationError) {
        let node: JSONNode
        do {
            node = try JSONText.parse(line)
        } catch {
            throw .notJSON(path: path, line: lineNumber, column: error.position.column, defect: error.defect)
        }
        try self.init(node, path: path, lineNumber: lineNumber)
    }

    /// An expectation inside another object.
    package init(_ node: JSONNode, path: String, lineNumber: Int) throws(WeatherExpectationError) {
        let reader = try ExpectationReader(node, keys: Self.keys, path: path, line: lineNumber)
        row = try reader.require("row", reader.integer)
        turn = try reader.require("turn", reader.integer)
        asks = try reader.require("asks") { key throws(WeatherExpectationError) in
            try reader.choice(key, of: Question.self)
        }
        declines = try reader.require("declines", reader.flag)
        observed = try reader.require("observed", reader.texts)
        placeSeenInTraining = try reader.require("placeSeenInTraining", reader.flag)
        wordingSeenInTraining = try reader.require("wordingSeenInTraining", reader.flag)
        place = try reader.text("place")
        condition = try reader.word("condition", of: Conditions.names)
        temperature = try Self.temperature(reader)
        wind = try Self.wind(reader)
        humidity = try reader.integer("humidity")
        rain = try reader.integer("rain")
        tomorrow = try Self.tomorrow(reader)
        comparison = try Self.comparison(reader)
        agrees = try reader.flag("agrees")
        missing = try reader.text("missing")
        smallTalk = try reader.choice("smalltalk", of: SmallTalk.self)
        if let key = absentKey {
            throw .incomplete(path: path, line: lineNumber, asks: asks.rawValue, key: key)
        }
    }

    /// The first key that the question cannot do without and that the line does not give.
    private var absentKey: String? {
        if declines { return missing == nil ? "missing" : nil }
        switch asks {
        case .current, .clothing:
            return condition == nil ? "condition" : temperature == nil ? "temperature" : nil
        case .temperature: return temperature == nil ? "temperature" : nil
        case .condition: return condition == nil ? "condition" : nil
        case .tomorrow: return tomorrow == nil ? "tomorrow" : nil
        case .wind: return wind == nil ? "wind" : nil
        case .humidity: return humidity == nil ? "humidity" : nil
        case .rain: return rain == nil ? "rain" : nil
        case .compare: return comparison == nil ? "compare" : nil
        case .smalltalk: return smallTalk == nil ? "smalltalk" : nil
        case .unanswerable: return "missing"
        }
    }

    private static func temperature(_ reader: ExpectationReader) throws(WeatherExpectationError) -> Temperature? {
        guard let members = try reader.members("temperature", keys: ["value", "unit"]) else { return nil }
        let unit = try members.require("unit") { key throws(WeatherExpectationError) in
            try members.choice(key, of: TemperatureUnit.self)
        }
        return Temperature(value: try members.require("value", members.integer), unit: unit)
    }

    private static func wind(_ reader: ExpectationReader) throws(WeatherExpectationError) -> Wind? {
        guard let members = try reader.members("wind", keys: ["value", "unit", "direction"]) else { return nil }
        let unit = try members.require("unit") { key throws(WeatherExpectationError) in
            try members.choice(key, of: SpeedUnit.self)
        }
        let direction = try members.require("direction") { key throws(WeatherExpectationError) in
            try members.word(key, of: WindDirections.names)
        }
        return Wind(value: try members.require("value", members.integer), unit: unit, direction: direction)
    }

    private static func tomorrow(_ reader: ExpectationReader) throws(WeatherExpectationError) -> Tomorrow? {
        guard let members = try reader.members("tomorrow", keys: ["condition", "temperature"]) else { return nil }
        let condition = try members.require("condition") { key throws(WeatherExpectationError) in
            try members.word(key, of: Conditions.names)
        }
        let temperature = try members.require("temperature") { _ throws(WeatherExpectationError) in
            try Self.temperature(members)
        }
        return Tomorrow(condition: condition, temperature: temperature)
    }

    private static func comparison(_ reader: ExpectationReader) throws(WeatherExpectationError) -> Comparison? {
        guard let members = try reader.members("compare", keys: ["degree", "warmer", "colder"]) else { return nil }
        let degree = try members.require("degree") { key throws(WeatherExpectationError) in
            try members.choice(key, of: Degree.self)
        }
        return Comparison(degree: degree, warmer: try side("warmer", members), colder: try side("colder", members))
    }

    private static func side(
        _ key: String, _ reader: ExpectationReader
    ) throws(WeatherExpectationError) -> PlaceTemperature {
        let members = try reader.require(key) { key throws(WeatherExpectationError) in
            try reader.members(key, keys: ["place", "temperature"])
        }
        let temperature = try members.require("temperature") { _ throws(WeatherExpectationError) in
            try Self.temperature(members)
        }
        return PlaceTemperature(place: try members.require("place", members.text), temperature: temperature)
    }
}
