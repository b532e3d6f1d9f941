// Runs that learn from preferences: what they reach, log and refuse, and that they resume exactly.

import Datasets
import Evaluation
import Foundation
import Models
import TestSupport
import Testing
import Training

@Suite struct PreferenceRunTests {
    private static let pairs = (0..<24).map { number in
        #"{"prompt": "Day \#(number)?", "chosen": " Sun.", "rejected": " I think that it may rain."}"# + "\n"
    }.joined()
    private static let labels = (0..<24).map { number in
        let (answer, label) = number % 2 == 0 ? (" Sun.", "true") : (" I think that it may rain.", "false")
        return #"{"prompt": "Day \#(number)?", "completion": "\#(answer)", "label": \#(label)}"# + "\n"
    }.joined()

    private static func runs(
        _ place: TemporaryFolder, _ objective: Objective, rows: String? = nil
    ) throws -> TinyRuns {
        let config = TinyRuns.exacting.replacing(#""contextLength": 8"#, with: #""contextLength": 48"#)
            .replacing(#""format": "lines""#, with: #""template": "raw", "validationFraction": 0.25"#)
            .replacing(
                #""training": {"#,
                with: #""method": { "objective": "\#(objective.rawValue)", "beta": 0.2 }, "training": {"#
            )
            .replacing(#""learningRate": 0.001"#, with: #""learningRate": 0.01"#)
        return try TinyRuns(place, config: config, text: rows ?? (objective == .kto ? labels : pairs))
    }

    /// From what nobody has learned yet to an order that is always right.
    @Test(arguments: Objective.allCases.filter(\.isPreference))
    func whatIsWantedBecomesMoreProbable(objective: Objective) throws {
        try withTemporaryFolder { place in
            let runs = try Self.runs(place, objective)
            let (result, report) = try runs.go("run")
            let first = try #require(report.evaluations.first?.result.preference)
            let last = try #require(result.validation?.preference)
            switch objective {
            case .dpo: #expect(abs(first.loss - log(2)) < 1e-6)
            case .ipo: #expect(abs(first.loss - 6.25) < 1e-6)
            case .kto: #expect(abs(first.loss - 0.5) < 1e-6)
            case .orpo, .likelihood: break
            }
            if objective.needsReference { #expect(abs(try #require(first.margin)) < 1e-5) }
            #expect(last.loss < first.loss && last.examples == 6)
            #expect(try #require(last.margin) > 0.1)
            #expect(last.accuracy == (objective.comparesPairs ? 1 : nil))
            // Perplexity is of what is wanted alone: " Sun." and the end.
            let wanted = objective == .kto ? last.chosen : 6
            #expect(result.validation?.examples == wanted && result.validation?.tokens == 6 * wanted)
            let log = try runs.read("metrics.jsonl", of: "run")
            for key in ["rewardChosen", "rewardRejected", "rewardMargin", "rewardAccuracy"] {
                #expect(log.contains("\"\(key)\":"))
            }
            #expect(log.contains("\"validationRewardMargin\":"))
        }
    }

    @Test(arguments: [Objective.dpo, .kto])
    func resumesExactly(objective: Objective) throws {
        try withTemporaryFolder { place in
            let runs = try Self.runs(place, objective)
            try runs.go("full")
            for (index, step) in [3, 12, 21].enumerated() {
                try runs.go("stopped", resume: index > 0) { $0.steps.last?.step ?? 0 >= step }
                if index == 1 {
                    // Lost, or damaged: made again from the first model.
                    let path = runs.run("stopped").file("reference-train.bin")
                    var bytes = try #require(FileManager.default.contents(atPath: path))
                    bytes[bytes.count - 3] ^= 1
                    try bytes.write(to: URL(fileURLWithPath: path))
                    try FileManager.default.removeItem(atPath: runs.run("stopped").file("reference-validation.bin"))
                }
            }
            try runs.go("stopped", resume: true)
            try ResumeTests.expectEqualRuns(runs, "full", "stopped")
        }
    }

    @Test(arguments: [
        (
            Objective.likelihood, pairs, "a preference row: chosen and rejected are two answers",
            "set method.objective to dpo"
        ),
        (
            .dpo, labels, "method.objective dpo needs two answers, chosen and rejected; this row has a label",
            "kto takes rows with a label"
        ),
        (
            .kto, pairs, "method.objective kto needs an answer with label, true or false; this row has two answers",
            "dpo"
        ),
        (.orpo, "{\"prompt\": \"a\", \"completion\": \"b\"}\n", "this row has one answer", "likelihood rows"),
    ])
    func rowsThatDoNotFit(objective: Objective, rows: String, reason: String, hint: String) throws {
        try withTemporaryFolder { place in
            let runs = try Self.runs(place, objective, rows: rows)
            do {
                try runs.go("run")
                Issue.record("no error")
            } catch let error as DatasetError {
                #expect("\(error)".contains("line 1, column 1: ") && "\(error)".contains(reason), "\(error)")
                #expect(error.hint?.contains(hint) == true, "\(error.hint ?? "")")
            }
            #expect(!runs.run("run").exists)
        }
    }

    @Test func completeAnswersAreNotSplit() throws {
        try withTemporaryFolder { place in
            let runs = try Self.runs(place, .dpo)
            let error = try #require(throws: ConfigError.self) { try runs.go("run", ["data.overlong=split"]) }
            #expect("\(error)".contains("data.overlong is split, but method.objective dpo compares complete answers"))
        }
    }

    /// A rehearsal expects the first model's scores and evaluations by pairs, and writes nothing.
    @Test func aRehearsal() throws {
        try withTemporaryFolder { place in
            let runs = try Self.runs(place, .dpo)
            let estimate = try DryRun.measure(try runs.request("run"), notice: { _ in })
            #expect(try #require(estimate.time).seconds > 0 && !runs.run("run").exists)
        }
    }
}
