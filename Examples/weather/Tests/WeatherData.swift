// The conversations of data/weather as the tests use them.

import Foundation
import StrictJSON
import TestSupport
import WeatherAnswers

enum WeatherData {
    static let folder = TestData.packageRoot.appendingPathComponent("data/weather").path

    static func path(_ name: String) -> String { folder + "/" + name }

    static func lines(_ name: String) throws -> [JSONNode] {
        try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n")
            .map { try JSONText.parse(String($0)) }
    }

    /// The answers of a split by row and turn, both counted from 0.
    static func answers(_ split: String) throws -> [[String]] {
        try lines(split + ".jsonl").map { row in
            (row.object?["messages"]?.array ?? []).filter { $0.object?["role"]?.string == "assistant" }
                .compactMap { $0.object?["content"]?.string }
        }
    }

    static func expectation(_ members: String, asks: String) throws -> WeatherExpectation {
        let line = """
            {"row":1,"turn":1,"asks":"\(asks)","placeSeenInTraining":true,"wordingSeenInTraining":true,\(members)}
            """
        return try WeatherExpectation(line: Array(line.utf8), path: "slots.jsonl", lineNumber: 1)
    }
}

/// An answer that is wrong in one thing.
struct WrongAnswer {
    let expectation: WeatherExpectation
    let answer: String
    let wrong: WeatherSlot
    let defect: String

    static func all() throws -> [WrongAnswer] {
        try WeatherData.lines("wrong-answers.jsonl").enumerated().map { place, line in
            let members = line.object
            guard let node = members?["expectation"], let answer = members?["answer"]?.string,
                let slot = (members?["wrong"]?.string).flatMap({ WeatherSlot(rawValue: $0) }),
                let defect = members?["defect"]?.string
            else {
                throw WeatherExpectationError.missingKey(path: "wrong-answers.jsonl", line: place + 1, key: "wrong")
            }
            let expectation = try WeatherExpectation(node, path: "wrong-answers.jsonl", lineNumber: place + 1)
            return WrongAnswer(expectation: expectation, answer: answer, wrong: slot, defect: defect)
        }
    }
}
