// Right answers pass wholly; answers wrong in one thing are refused for that thing, and for no other.

import Testing
import WeatherAnswers

@Suite struct WeatherCheckerTests {
    @Test(arguments: ["validation", "test"]) func theDatasOwnAnswersAreWhollyRight(split: String) throws {
        let expectations = try WeatherExpectation.read(path: WeatherData.path(split + ".slots.jsonl"))
        let answers = try WeatherData.answers(split)
        #expect(expectations.count == answers.reduce(0) { $0 + $1.count })
        for expectation in expectations {
            let answer = answers[expectation.row - 1][expectation.turn - 1]
            let verdict = WeatherChecker.check(answer, against: expectation)
            #expect(verdict.isWhollyRight, "row \(expectation.row): \(answer) \(verdict.findings)")
            #expect(!verdict.findings.isEmpty, "row \(expectation.row) asks for nothing")
            #expect(verdict.declined == expectation.declines, "row \(expectation.row): \(answer)")
        }
    }

    @Test func everyWrongAnswerIsRefusedForWhatIsWrong() throws {
        let answers = try WrongAnswer.all()
        #expect(answers.count >= 60)
        for wrong in answers {
            let verdict = WeatherChecker.check(wrong.answer, against: wrong.expectation)
            let description = "\(wrong.defect): \(wrong.answer) \(verdict.findings)"
            #expect(!verdict.isWhollyRight, "\(description)")
            let outcome = verdict.outcome(of: wrong.wrong)
            #expect(outcome == .wrong || outcome == .missing, "\(description)")
            let others = verdict.findings.filter { $0.slot != wrong.wrong && $0.outcome == .wrong }
            #expect(others.isEmpty, "\(description)")
            // Where the full answer is replaced, what it omits is missing too.
            if wrong.wrong != .declines {
                let missing = verdict.findings.filter { $0.slot != wrong.wrong && $0.outcome != .right }
                #expect(missing.isEmpty, "\(description)")
            }
        }
        let slots = Set(answers.map(\.wrong))
        #expect(slots == Set(WeatherSlot.allCases), "no wrong answer for some slot")
    }

    /// An answer to one question must not pass for another: each answer against the expectations of other rows.
    @Test func answersToOtherQuestionsAreRefused() throws {
        let expectations = try WeatherExpectation.read(path: WeatherData.path("test.slots.jsonl"))
        let answers = try WeatherData.answers("test")
        var (compared, passed) = (0, 0)
        for (expectation, other) in zip(expectations, expectations.dropFirst(7)) where expectation.asks != other.asks {
            if expectation.declines && other.declines { continue }
            let answer = answers[other.row - 1][other.turn - 1]
            compared += 1
            if WeatherChecker.check(answer, against: expectation).isWhollyRight { passed += 1 }
        }
        #expect(compared > 1000)
        #expect(passed == 0)
    }

    @Test func anEmptyAnswerMissesEverything() throws {
        for expectation in try WeatherExpectation.read(path: WeatherData.path("test.slots.jsonl")) {
            let verdict = WeatherChecker.check("", against: expectation)
            #expect(verdict.findings.allSatisfy { $0.outcome == .missing } && !verdict.findings.isEmpty)
        }
    }
}
