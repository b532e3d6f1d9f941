// Files of answers: read, and compared with the slots file next to their data.

import Foundation
import TestSupport
import Testing
import WeatherAnswers

@Suite struct GivenAnswerTests {
    private static let slots = """
        {"row":1,"turn":1,"asks":"rain","declines":false,"observed":["Dubai"],"place":"Dubai","rain":25,\
        "placeSeenInTraining":true,"wordingSeenInTraining":true}
        {"row":1,"turn":2,"asks":"humidity","declines":false,"observed":["Dubai"],"humidity":30,\
        "placeSeenInTraining":true,"wordingSeenInTraining":false}
        """

    private func line(_ folder: TemporaryFolder, turn: Int, _ answer: String) -> String {
        "{\"file\":\"\(folder.path)/test.jsonl\",\"row\":1,\"turn\":\(turn),\"line\":1,\"prompt\":\"?\","
            + "\"answer\":\"\(answer)\"}\n"
    }

    @Test func answersAreComparedWithTheirSlots() throws {
        try withTemporaryFolder { folder in
            try folder.write(Self.slots, as: "test.slots.jsonl")
            let text =
                line(folder, turn: 1, "In Dubai, the chance of rain is 25%.")
                + line(folder, turn: 2, "The humidity is 31%.")
            let answers = try GivenAnswer.read(path: folder.write(text, as: "answers.jsonl"))
            #expect(answers.map(\.turn) == [1, 2] && answers.map(\.row) == [1, 1])
            let report = try WeatherReport(answers)
            #expect(report[.all].answers.right == 1 && report[.all].answers.asked == 2)
            #expect(report[.all].slots[.humidity]?.right == 0 && report[.unseenWordings].answers.asked == 1)
        }
    }

    @Test func whatCannotBeChecked() throws {
        try withTemporaryFolder { folder in
            try folder.write(Self.slots, as: "test.slots.jsonl")
            let stranger = try folder.write(line(folder, turn: 3, "Yes."), as: "stranger.jsonl")
            let slots = folder.path + "/test.slots.jsonl"
            #expect(throws: AnswerFileError.noExpectation(slots: slots, row: 1, turn: 3)) {
                try WeatherReport(GivenAnswer.read(path: stranger))
            }
            let bad = try folder.write(line(folder, turn: 1, "Yes.") + "{\"row\": 1}\n", as: "bad.jsonl")
            #expect(throws: AnswerFileError.badLine(path: bad, line: 2)) { try GivenAnswer.read(path: bad) }
            let missing = folder.path + "/none.jsonl"
            #expect(throws: AnswerFileError.unreadable(path: missing)) { try GivenAnswer.read(path: missing) }
            #expect(try WeatherReport([])[.all].answers.asked == 0)
        }
    }
}
