// The state in a checkpoint: what is written reads back, and nothing is guessed.

import Testing
import Training

@Suite struct TrainingStateTests {
    /// No field has its default.
    static var full: TrainingState {
        var state = TrainingState()
        (state.step, state.epoch, state.position, state.updates) = (101, 3, 17, 99)
        (state.bestLoss, state.bestStep, state.evaluationsSinceBest) = (1.234567890123456, 80, 2)
        state.evaluationPending = true
        (state.skippedSteps, state.consecutiveSkips) = (2, 1)
        (state.windowLoss, state.windowWeight) = (0.1 + 0.2, 48)
        (state.seed, state.totalSteps) = (7, 500)
        (state.kernel, state.threads, state.dataHash) = ("Some \"kernel\"", 5, "abc")
        return state
    }

    @Test func roundTrip() throws {
        for state in [TrainingState(), Self.full] {
            let text = state.serialized()
            let again = try TrainingState(serialized: Array(text.utf8))
            #expect(again == state)
            #expect(again.serialized() == text)
        }
    }

    /// A field that is added to the struct and forgotten in the list would be lost on resume.
    @Test func everyFieldIsWritten() {
        let names = Mirror(reflecting: TrainingState()).children.compactMap(\.label)
        var state = Self.full
        // Written only where there are some.
        (state.recentLosses, state.ranks) = ([2.5], 3)
        let text = state.serialized()
        #expect(names.filter { !text.contains("\"\($0)\":") }.isEmpty)
        #expect(names.count == text.split(separator: "\n").count { $0.contains("\":") })
    }

    @Test func aMissingFieldIsNamed() throws {
        let lines = Self.full.serialized().split(separator: "\n").map(String.init)
        for index in 1..<(lines.count - 1) {
            var rest = lines
            rest.remove(at: index)
            // The last member has no comma after it.
            if index == lines.count - 2 { rest[index - 1].removeLast() }
            let name = lines[index].split(separator: "\"")[1]
            let error = #expect(throws: TrainingError.self) {
                try TrainingState(serialized: Array(rest.joined(separator: "\n").utf8))
            }
            #expect(
                error?.description
                    == "the checkpoint's state cannot be read: \(name) is missing or of the wrong type")
        }
    }

    @Test(arguments: [
        ("\"step\": 101", "\"step\": -1", "step is missing or of the wrong type"),
        ("\"step\": 101", "\"step\": 1.5", "step is missing or of the wrong type"),
        (
            "\"evaluationPending\": true", "\"evaluationPending\": 1",
            "evaluationPending is missing or of the wrong type"
        ),
        ("1.234567890123456", "\"low\"", "bestLoss is missing or of the wrong type"),
        ("\"dataHash\": \"abc\"", "\"dataHash\": null", "dataHash is missing or of the wrong type"),
        ("{", "[{", "line 20, column 1: the text ends where a comma or ] is expected"),
    ])
    func wrongTypes(old: String, new: String, message: String) throws {
        let text = Self.full.serialized()
        let range = try #require(text.firstRange(of: old))
        let error = #expect(throws: TrainingError.self) {
            try TrainingState(serialized: Array(text.replacingCharacters(in: range, with: new).utf8))
        }
        #expect(error?.description == "the checkpoint's state cannot be read: \(message)")
    }

    /// A state in an intact file that no run can have had, which would trap or be believed later.
    @Test(arguments: [
        ("\"step\": 101", "\"step\": 4611686018427387904", "step is 4611686018427387904"),
        ("\"step\": 101", "\"step\": 98", "99 updates and 2 skipped steps do not make 98 steps"),
        ("\"updates\": 99", "\"updates\": 9223372036854775807", "updates and 2 skipped steps do not make 101 steps"),
        ("\"consecutiveSkips\": 1", "\"consecutiveSkips\": 3", "3 skipped steps in a row, but 2 in all"),
        ("\"epoch\": 3", "\"epoch\": 102", "epoch is 102 after 101 steps"),
        ("\"bestStep\": 80", "\"bestStep\": 102", "bestStep is 102 after 101 steps"),
        ("\"evaluationsSinceBest\": 2", "\"evaluationsSinceBest\": 103", "evaluationsSinceBest is 103 after 101 steps"),
        ("\"windowWeight\": 48", "\"windowWeight\": -1", "windowWeight is -1.0"),
        ("\"threads\": 5", "\"threads\": 0", "threads is 0"),
        ("\"threads\": 5", "\"threads\": 100000", "threads is 100000"),
        ("Some", "\\u001b[2J", "kernel is not the name of a kernel"),
        ("Some", String(repeating: "n", count: 65), "kernel is not the name of a kernel"),
    ])
    func valuesThatNoRunHas(old: String, new: String, message: String) throws {
        let text = Self.full.serialized()
        let range = try #require(text.firstRange(of: old))
        let error = #expect(throws: TrainingError.self) {
            try TrainingState(serialized: Array(text.replacingCharacters(in: range, with: new).utf8))
        }
        #expect(error?.description.hasSuffix(message) == true, "\(error?.description ?? "")")
    }

    @Test func aListIsNotAState() {
        #expect(throws: TrainingError.badState("it is an array, not an object")) {
            try TrainingState(serialized: Array("[]".utf8))
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
