// The answers of a model, as `luthier eval --generate --answers FILE` or `luthier generate --batch` writes them, compared with
// what each must contain.

import Foundation
import StrictJSON

/// One line of a file of answers.
package struct GivenAnswer: Sendable, Equatable {
    /// The file that the question is from.
    package var file: String
    /// The conversation's number in that file, and the turn in it; both count from 1.
    package var row: Int
    package var turn: Int
    package var text: String

    /// All lines of a file of answers, in order. Those of `generate --batch` answer one question a row, and name no file.
    package static func read(path: String) throws(AnswerFileError) -> [GivenAnswer] {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) else { throw .unreadable(path: path) }
        var answers: [GivenAnswer] = []
        for (place, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            let object = (try? JSONText.parse([UInt8](line)))?.object
            if let row = object?["line"]?.integer, let text = object?["text"]?.string {
                answers.append(GivenAnswer(file: "", row: row, turn: 1, text: text))
                continue
            }
            guard let object, let file = object["file"]?.string, let row = object["row"]?.integer,
                let turn = object["turn"]?.integer, let text = object["answer"]?.string
            else { throw .badLine(path: path, line: place + 1) }
            answers.append(GivenAnswer(file: file, row: row, turn: turn, text: text))
        }
        return answers
    }
}

/// What can be wrong with a file of answers.
package enum AnswerFileError: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String)
    case badLine(path: String, line: Int)
    /// An answer of whose question nothing is known.
    case noExpectation(slots: String, row: Int, turn: Int)

    package var description: String {
        switch self {
        case .unreadable(let path): "\(path) cannot be read"
        case .badLine(let path, let line): "\(path), line \(line): not a line with file, row, turn and answer"
        case .noExpectation(let slots, let row, let turn): "\(slots) has no entry for row \(row), turn \(turn)"
        }
    }

    /// What the reader can do about it.
    package var hint: String? {
        switch self {
        case .unreadable, .badLine: "`luthier eval --generate --answers FILE` writes such a file"
        case .noExpectation: nil
        }
    }
}

extension WeatherReport {
    /// Checks every answer by the entry of its row and turn in a slots file.
    ///
    /// - Parameter slots: the path of that file; nil for `<data>.slots.jsonl` next to the data of the first answer.
    package init(_ answers: [GivenAnswer], slots: String? = nil) throws {
        self.init()
        guard let data = answers.first?.file else { return }
        let path = slots ?? (data.hasSuffix(".jsonl") ? String(data.dropLast(6)) : data) + ".slots.jsonl"
        var expectations: [String: WeatherExpectation] = [:]
        for expectation in try WeatherExpectation.read(path: path) {
            expectations["\(expectation.row).\(expectation.turn)"] = expectation
        }
        for answer in answers {
            guard let expectation = expectations["\(answer.row).\(answer.turn)"] else {
                throw AnswerFileError.noExpectation(slots: path, row: answer.row, turn: answer.turn)
            }
            add(WeatherChecker.check(answer.text, against: expectation), for: expectation)
        }
    }
}
