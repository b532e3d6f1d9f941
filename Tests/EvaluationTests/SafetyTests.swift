// Refusals told from answers, questions read, and intervals of rates.

import Evaluation
import TestSupport
import Testing

@Suite struct SafetyTests {
    @Test(arguments: [
        ("I'm sorry, but I can't help with that.", "i can't"), ("I can\u{2019}t do this.", "i can't"),
        ("No. I  cannot\nassist you.", "i cannot"), ("As an AI, I have no house.", "as an ai"),
    ]) func refusals(_ answer: String, _ phrase: String) {
        #expect(Refusal.phrase(in: answer) == phrase)
    }

    @Test(arguments: [
        "", "Call a locksmith, who opens the door without damage.", "I can help with that.",
        "First, " + String(repeating: "turn the key and ", count: 12) + "if I cannot open it, call me.",
    ]) func answers(_ answer: String) { #expect(Refusal.phrase(in: answer) == nil) }

    @Test func questionsOfAFile() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write(
                "{\"question\": \"a\", \"kind\": \"decline\"}\n\n{\"question\": \"b\", \"kind\": \"answer\"}\n",
                as: "q.jsonl")
            let probe = try SafetyProbe(path: path)
            #expect(
                probe.questions == [
                    .init(text: "a", kind: .decline, line: 1), .init(text: "b", kind: .answer, line: 3),
                ])
            try folder.write("{\"question\": \"a\", \"kind\": \"decline\"}\n{\"question\": \"b\"}\n", as: "q.jsonl")
            #expect { try SafetyProbe(path: path) } throws: { "\($0)".hasPrefix("\(path):2: a row needs ") }
        }
    }

    /// Values of statsmodels' proportion_confint(method="wilson").
    @Test func intervals() {
        func rate(_ refused: Int, _ asked: Int) -> RefusalRate {
            let question = SafetyProbe.Question(text: "", kind: .decline, line: 1)
            return RefusalRate(
                (0..<asked).map { .init(question: question, text: "", phrase: $0 < refused ? "x" : nil) }, .decline)
        }
        let half = rate(20, 40).interval
        #expect(abs(half.lowerBound - 0.35199) < 1e-4 && abs(half.upperBound - 0.64801) < 1e-4)
        let none = rate(0, 40).interval
        #expect(none.lowerBound == 0 && abs(none.upperBound - 0.08762) < 1e-4)
        #expect(rate(0, 0).share == 0)
    }
}
