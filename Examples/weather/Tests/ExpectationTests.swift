// Slots files that are read, and those that are refused, with their messages.

import Foundation
import StrictJSON
import Testing
import WeatherAnswers

@Suite struct ExpectationTests {
    private static let start = #"{"row":3,"turn":2,"asks":"current","declines":false,"observed":["Oslo"],"#
    private static let end = #","placeSeenInTraining":true,"wordingSeenInTraining":false}"#

    @Test func everyKeyIsRead() throws {
        let line =
            Self.start + #""place":"Oslo","condition":"partly cloudy","temperature":{"value":-7,"unit":"C"},"#
            + #""wind":{"value":8,"unit":"km/h","direction":"west"},"humidity":40,"rain":5,"agrees":true,"#
            + #""tomorrow":{"condition":"snowy","temperature":{"value":-9,"unit":"C"}}"# + Self.end
        let expectation = try WeatherExpectation(line: Array(line.utf8), path: "slots.jsonl", lineNumber: 1)
        #expect(expectation.row == 3 && expectation.turn == 2 && expectation.asks == .current)
        #expect(expectation.place == "Oslo" && expectation.condition == "partly cloudy")
        #expect(expectation.temperature == .init(value: -7, unit: .celsius))
        #expect(expectation.wind?.direction == "west" && expectation.wind?.unit == .kilometresPerHour)
        #expect(expectation.humidity == 40 && expectation.rain == 5 && expectation.agrees == true)
        #expect(expectation.tomorrow?.condition == "snowy" && expectation.tomorrow?.temperature.value == -9)
        #expect(expectation.placeSeenInTraining && !expectation.wordingSeenInTraining)
    }

    @Test(arguments: [
        ("{", "slots.jsonl, line 4, column 2: the text ends where a key in double quotes or } is expected"),
        ("[]", "slots.jsonl, line 4, column 1: the line is an array, where an object is expected"),
        (#"{"row":1}"#, "slots.jsonl, line 4: the key turn is missing"),
        (#"{"row":"1"}"#, "slots.jsonl, line 4, column 8: row is a string, where an integer is expected"),
        (#"{"row":1,"place":""}"#, "slots.jsonl, line 4: the key turn is missing"),
        (
            #"{"row":1,"temprature":2}"#,
            "slots.jsonl, line 4, column 10: the key temprature is not known; did you mean temperature?"
        ),
        (
            Self.start + #""place":"""# + Self.end,
            "slots.jsonl, line 4, column 81: place is an empty string, where a text is expected"
        ),
        (
            Self.start + #""condition":"sunnny""# + Self.end,
            "slots.jsonl, line 4, column 85: condition is sunnny, which is not one of sunny, clear, partly cloudy, cloudy, "
                + "overcast, windy, hazy, foggy, drizzly, rainy, stormy, snowy"
        ),
        (
            Self.start + #""temperature":{"value":7,"unit":"K"}"# + Self.end,
            "slots.jsonl, line 4, column 105: temperature.unit is K, which is not one of F, C"
        ),
        (
            Self.start + #""condition":"sunny","temperature":{"value":7}"# + Self.end,
            "slots.jsonl, line 4: the key temperature.unit is missing"
        ),
        (
            Self.start + #""condition":"sunny""# + Self.end,
            "slots.jsonl, line 4: the question asks for current, but the key temperature is missing"
        ),
    ]) func aBadLineIsRefused(line: String, message: String) {
        #expect(throws: WeatherExpectationError.self) {
            try WeatherExpectation(line: Array(line.utf8), path: "slots.jsonl", lineNumber: 4)
        }
        do {
            _ = try WeatherExpectation(line: Array(line.utf8), path: "slots.jsonl", lineNumber: 4)
        } catch {
            #expect(error.description == message)
        }
    }

    @Test func linesAreCountedWithBlankOnes() throws {
        let good = Self.start + #""condition":"sunny","temperature":{"value":7,"unit":"C"}"# + Self.end
        let path = NSTemporaryDirectory() + "slots-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data((good + "\r\n\n" + good + "\n\n").utf8).write(to: URL(fileURLWithPath: path))
        #expect(try WeatherExpectation.read(path: path).count == 2)
        try Data((good + "\n\n{\n").utf8).write(to: URL(fileURLWithPath: path))
        #expect(
            throws: WeatherExpectationError.notJSON(
                path: path, line: 3, column: 2, defect: .unexpectedEnd(expected: .keyOrClosingBrace))
        ) { try WeatherExpectation.read(path: path) }
        try Data("\n \n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: WeatherExpectationError.empty(path: path)) { try WeatherExpectation.read(path: path) }
        #expect(throws: WeatherExpectationError.unreadable(path: path + "x")) {
            try WeatherExpectation.read(path: path + "x")
        }
    }
}
