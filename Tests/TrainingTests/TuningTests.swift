// What `luthier tune` chooses for typical data and machines.

import Model
import Testing
import Training

@Suite struct TuningTests {
    /// About the shape of a model of 135 million parameters.
    private static let base = Architecture(
        gpt2: ModelShape(
            vocabularySize: 49_152, contextLength: 2048, blockCount: 30, headCount: 9, modelWidth: 576))

    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let rows: Int
        let heldOut: Int
        let answerTokens: Int
        let longestRow: Int
        let memory: Int?
        /// Keys that must have these values; nil where the key must be missing.
        let expected: [String: String?]
    }

    @Test(arguments: [
        Case(
            testDescription: "60 rows of a FAQ", rows: 50, heldOut: 10, answerTokens: 1_200, longestRow: 90,
            memory: 16 << 30,
            expected: [
                "method.type": "\"lora\"", "method.rank": "8", "training.batchSize": "4", "training.epochs": "10",
                "training.learningRate": "5e-4", "training.schedule": "\"wsd\"", "evaluation.every": nil,
                "training.earlyStoppingPatience": "3", "training.accumulation": nil, "data.overlong": nil,
                "generation.maximumTokens": "48",
            ]),
        Case(
            testDescription: "200 rows of a support bot", rows: 180, heldOut: 20, answerTokens: 6_000, longestRow: 160,
            memory: 16 << 30,
            expected: ["method.rank": "8", "training.batchSize": "8", "training.epochs": "7"]),
        Case(
            testDescription: "20,000 rows of a classification", rows: 18_000, heldOut: 2_000, answerTokens: 40_000,
            longestRow: 120, memory: 16 << 30,
            expected: [
                "training.batchSize": "16", "training.epochs": "2", "evaluation.every": "281", "method.rank": "8",
            ]),
        Case(
            testDescription: "very long rows", rows: 900, heldOut: 100, answerTokens: 90_000, longestRow: 5_000,
            memory: 64 << 30, expected: ["data.overlong": "\"truncate-prompt\"", "model.contextLength": nil]),
        Case(
            testDescription: "more answers than small adapters hold", rows: 40_000, heldOut: 400,
            answerTokens: 8_000_000, longestRow: 300, memory: 64 << 30,
            expected: ["method.type": "\"lora\"", "method.rank": "16", "method.alpha": "32"]),
        Case(
            testDescription: "more answers than any adapters hold", rows: 900_000, heldOut: 400,
            answerTokens: 200_000_000, longestRow: 300, memory: 64 << 30,
            expected: [
                "method.type": "\"full\"", "method.rank": nil, "training.learningRate": "5e-5",
                "training.epochs": "1",
            ]),
        Case(
            testDescription: "memory unknown", rows: 50, heldOut: 10, answerTokens: 1_200, longestRow: 90, memory: nil,
            expected: ["training.batchSize": "4", "training.recomputeActivations": nil]),
        Case(
            testDescription: "nothing held out", rows: 50, heldOut: 0, answerTokens: 1_200, longestRow: 90, memory: nil,
            expected: ["training.earlyStoppingPatience": nil, "evaluation.every": nil]),
    ])
    func choices(of one: Case) {
        let choices = Tuning.choices(for: Self.facts(one))
        for (key, value) in one.expected {
            #expect(choices.first { $0.key == key }?.value == value, "\(key)")
        }
        #expect(Set(choices.map(\.key)).count == choices.count)
        #expect(choices.allSatisfy { !$0.reason.isEmpty && !$0.reason.contains("\n") && $0.reason.count < 120 })
    }

    private static func facts(_ one: Case, memory: Int? = nil) -> TuningFacts {
        TuningFacts(
            rows: one.rows, heldOut: one.heldOut, answerTokens: one.answerTokens, longestRow: one.longestRow,
            longestAnswer: 30, heldOutTokens: one.heldOut * one.longestRow, architecture: base,
            availableBytes: memory ?? one.memory)
    }

    /// Less and less memory: smaller batches, then computing again, then a rounded base. The step's size stays.
    @Test func lessMemory() throws {
        let one = Case(
            testDescription: "", rows: 900, heldOut: 100, answerTokens: 90_000, longestRow: 1_000, memory: nil,
            expected: [:])
        var (batches, formats, recomputes) = ([Int](), Set<String>(), false)
        for memory in stride(from: 24_000, through: 400, by: -100) {
            let choices = Tuning.choices(for: Self.facts(one, memory: memory << 20))
            func value(_ key: String) -> String? { choices.first { $0.key == key }?.value }
            let batch = try #require(value("training.batchSize").flatMap { Int($0) })
            #expect(batch * (value("training.accumulation").flatMap { Int($0) } ?? 1) == 8)
            if batch != batches.last { batches.append(batch) }
            #expect(!recomputes || value("training.recomputeActivations") == "true", "less memory, but more is taken")
            recomputes = value("training.recomputeActivations") == "true"
            if let format = value("method.baseWeights") { formats.insert(format) }
        }
        #expect(batches == [8, 4, 2, 1] && recomputes && formats == ["\"int8\"", "\"q4\""])
    }
}
