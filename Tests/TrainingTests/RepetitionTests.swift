// Runs that are run again: equal bytes where nothing has changed, and what is said where something has.

import Foundation
import Models
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct RepetitionTests {
    /// Repeats the run `name` into `again`.
    private func repeated(
        _ runs: TinyRuns, _ name: String, threads: Int? = nil
    ) throws -> (RepetitionComparison, RunRepetition) {
        let repetition = try RunRepetition(of: runs.run(name)) { _ in }
        repetition.prepareMachine(threads: threads)
        _ = try repetition.checkSources()
        let result = try #require(
            try repetition.run(into: runs.run("again"), threads: threads, report: { _ in }, shouldStop: { nil }))
        return (try RepetitionComparison(repetition, runs.run("again"), result), repetition)
    }

    @Test func aRunGivesTheSameBytes() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a")
            let (comparison, repetition) = try repeated(runs, "a")
            #expect(comparison.isEqual && comparison.checkpoint.hasEqualBytes && comparison.log.isEqual)
            #expect(comparison.checkpoint.weights.count > 10)
            #expect(comparison.checkpoint.optimizer.count == 2 * comparison.checkpoint.weights.count)
            #expect(comparison.log.equalUpToStep == 30 && comparison.repeatedStep == 30)
            #expect(repetition.machineDifferences.isEmpty)
            // The record is the same after a resume that changes nothing.
            let records = MachineRecord.read(runs.run("a"))
            try runs.go("a", resume: true)
            #expect(records.count == 1 && MachineRecord.read(runs.run("a")) == records)
        }
    }

    /// Stopped on the way and resumed; stopped and left alone.
    @Test func runsThatWereStopped() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a") { $0.steps.last?.step == 11 }
            try runs.go("a", resume: true) { $0.steps.last?.step == 17 }
            let (comparison, _) = try repeated(runs, "a")
            #expect(comparison.isEqual && comparison.recordedStep == 17)
            try FileManager.default.removeItem(atPath: runs.run("again").path)
            try runs.go("a", resume: true)
            #expect(try repeated(runs, "a").0.isEqual)
        }
    }

    /// At step 13 the log has the first plan's last line, which a straight run of 20 steps would not have.
    @Test(arguments: ["constant", "linear", "cosine", "wsd"]) func extendedRuns(schedule: String) throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            let shape = "training.schedule=\(schedule)"
            try runs.go("a", [shape, "training.steps=13"])
            try runs.go("a", resume: true, [shape, "training.steps=20"])
            let (comparison, _) = try repeated(runs, "a")
            #expect(comparison.checkpoint.hasEqualBytes, "\(comparison.checkpoint.texts)")
            #expect(comparison.log.isEqual, "\(String(describing: comparison.log.first))")
            #expect(comparison.recordedStep == 20)
            // Without its record, a run whose rate does not depend on its length looks like one that was never made longer.
            let records = MachineRecord.read(runs.run("a"))
            #expect(records.map(\.firstStep) == [0, schedule == "wsd" ? 10 : 13])
            #expect(records.map(\.plan.totalSteps) == [13, 20])
        }
    }

    @Test func adaptersOnABase() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("base", ["training.steps=5"])
            let settings = ["model.base=\(runs.run("base").path)", "method.type=lora", "training.steps=8"]
            try runs.go("a", settings)
            let (comparison, repetition) = try repeated(runs, "a")
            #expect(comparison.isEqual)
            let recorded = try #require(repetition.recordedBaseHash)

            // Another base of the same name.
            try FileManager.default.removeItem(atPath: runs.run("base").path)
            try runs.go("base", ["training.steps=6"])
            let error = #expect(throws: RepetitionError.self) { try repetition.checkSources() }
            #expect(error?.description.contains(recorded.prefix(16)) == true, "\(String(describing: error))")
            try FileManager.default.removeItem(atPath: runs.run("base").path)
            let gone = #expect(throws: RepetitionError.self) { try repetition.checkSources() }
            #expect(gone?.description.hasPrefix("the base \(runs.run("base").path) cannot be opened") == true)
        }
    }

    @Test func changedAndMissingData() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a", ["training.steps=3"])
            let repetition = try RunRepetition(of: runs.run("a")) { _ in }
            let path = try place.write(TinyText.lines(20) + "one more\n", as: "text.txt")
            let changed = #expect(throws: RepetitionError.self) { try repetition.checkSources() }
            #expect(changed?.description.contains("changed: \(path) (") == true, "\(String(describing: changed))")
            #expect(changed?.description.contains("20 lines then") == true)
            // One letter, with the size and the lines of before.
            _ = try place.write(TinyText.lines(20).replacing("a", with: "e", maxReplacements: 1), as: "text.txt")
            let other = #expect(throws: RepetitionError.self) { try repetition.checkSources() }
            #expect(other?.description.contains("changed: \(path) (as long as then; its SHA-256 differs)") == true)
            try FileManager.default.removeItem(atPath: path)
            let gone = #expect(throws: RepetitionError.self) { try repetition.checkSources() }
            #expect(gone?.description.hasPrefix("the run's data cannot be read: ") == true)
        }
    }

    @Test func whatDiffersIsNamed() throws {
        try withTemporaryFolder { place in
            let runs = try TinyRuns(place)
            try runs.go("a")
            // The recorded run had another learning rate than its config now says.
            let config = try runs.read("config.json", of: "a").replacingOccurrences(
                of: "\"learningRate\": 0.001", with: "\"learningRate\": 0.002")
            try config.write(toFile: runs.run("a").file("config.json"), atomically: true, encoding: .utf8)
            let (comparison, _) = try repeated(runs, "a")
            #expect(!comparison.isEqual && !comparison.checkpoint.hasEqualBytes)
            #expect(!comparison.checkpoint.weights.isEqual && !comparison.checkpoint.optimizer.isEqual)
            #expect(comparison.checkpoint.weights.largestDifference ?? 0 > 0)
            #expect(
                comparison.checkpoint.texts.contains(
                    RecordedDifference("/config: training.learningRate", "0.001", "0.002")))
            let first = try #require(comparison.log.first)
            #expect(first.step == 3 && comparison.log.equalUpToStep == 0)
            #expect(first.values.contains { $0.name == "learningRate" })
        }
    }

    @Test func logs() {
        func compare(_ one: String, _ other: String) -> LogComparison {
            LogComparison(recorded: Array(one.utf8), repeated: Array(other.utf8), upTo: 10)
        }
        let lines = "{\"step\":2,\"loss\":1.5}\n{\"step\":4,\"loss\":1.25}\n"
        #expect(compare(lines, lines + "{\"step\":12,\"loss\":0}\n").isEqual)
        let changed = compare(lines, lines.replacingOccurrences(of: "1.25", with: "1.125"))
        #expect(changed.equalLines == 1 && changed.equalUpToStep == 2)
        #expect(changed.first == .init(step: 4, values: [RecordedDifference("loss", "1.25", "1.125")]))
        let shorter = compare(lines, "{\"step\":2,\"loss\":1.5}\n")
        #expect(
            shorter.first
                == .init(step: 4, values: [RecordedDifference("line", "{\"step\":4,\"loss\":1.25}", "no line")]))
    }

    @Test func runsThatCannotBeRepeated() throws {
        try withTemporaryFolder { place in
            let empty = RunFolder(path: place.path)
            #expect(throws: RepetitionError.noConfig(path: empty.file("config.json"))) {
                _ = try RunRepetition(of: empty) { _ in }
            }
            let runs = try TinyRuns(place)
            try runs.go("a", ["training.steps=2"])
            for step in runs.run("a").checkpointSteps() {
                try FileManager.default.removeItem(atPath: runs.run("a").checkpoint(step: step))
            }
            #expect(throws: RepetitionError.noCheckpoint(path: runs.run("a").path)) {
                _ = try RunRepetition(of: runs.run("a")) { _ in }
            }
        }
    }
}
