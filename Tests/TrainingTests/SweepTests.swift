// The parts of a sweep: its grid, its rungs, its ranking with spread, and its record.

import Evaluation
import Foundation
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct SweepTests {
    @Test func gridsAreAllCombinations() throws {
        let grid = try SweepGrid([
            "training.learningRate=1e-5,3e-5", "training.batchSize=4", "method.targets=[\"attention\"],[\"all\"]",
        ])
        #expect(grid.fixed == [.init(key: "training.batchSize", value: "4")])
        #expect(
            grid.trials.map { $0.map(\.assignment) } == [
                ["training.learningRate=1e-5", "method.targets=[\"attention\"]"],
                ["training.learningRate=1e-5", "method.targets=[\"all\"]"],
                ["training.learningRate=3e-5", "method.targets=[\"attention\"]"],
                ["training.learningRate=3e-5", "method.targets=[\"all\"]"],
            ])
        // Commas inside of lists and texts separate nothing.
        let lists = try SweepGrid([
            "evaluation.samples=[\"a, b\",\"c\\\",\"]", "method.targets=[\"attn.c_attn\",\"mlp.c_fc\"],[\"all\"]",
        ])
        #expect(lists.fixed.map(\.value) == ["[\"a, b\",\"c\\\",\"]"] && lists.trials.count == 2)
    }

    @Test(arguments: [
        (["training.learningRat=1,2"], "training.learningRat"), (["training.learningRate=1e-5,fast"], "\"fast\""),
        (["training.learningRate"], "expected key.path=value"), (["training.learningRate=1e-5,,2"], "is empty"),
        (["training.learningRate=1e-5"], "nothing to compare"), ([], "nothing to compare"),
        (["training.learningRate=1,2", "training.learningRate=3"], "names training.learningRate twice"),
        (["training.batchSize=4,8,4"], "the value 4 twice"), (["training.seed=1,2"], "training.seed cannot be swept"),
        (["training.steps=10,20"], "training.steps cannot be swept"),
    ]) func mistakesAreNamed(assignments: [String], message: String) {
        let error = #expect(throws: (any Error).self) { try SweepGrid(assignments) }
        #expect(error.map { "\($0)".contains(message) } == true, "\(String(describing: error))")
    }

    @Test func rungs() {
        func rungs(_ trials: Int, _ steps: Int) -> [SuccessiveHalving.Rung] {
            SuccessiveHalving(trials: trials, steps: steps).rungs
        }
        #expect(rungs(2, 100) == [.init(steps: 100, trials: 2)])
        #expect(rungs(3, 100) == [.init(steps: 50, trials: 3), .init(steps: 100, trials: 2)])
        #expect(
            rungs(9, 80) == [
                .init(steps: 10, trials: 9), .init(steps: 20, trials: 5), .init(steps: 40, trials: 3),
                .init(steps: 80, trials: 2),
            ])
        // A run that is too short for all rungs: the first that has a step has all trials.
        #expect(rungs(9, 2) == [.init(steps: 1, trials: 9), .init(steps: 2, trials: 2)])
        let plan = SuccessiveHalving(trials: 9, steps: 80)
        #expect(plan.totalSteps == 90 + 50 + 60 + 80 && plan.stepsWithoutStopping == 720)
    }

    /// Against the formula for rows of one size: the standard error of a mean of paired differences.
    @Test func spreadOfPairedDifferences() throws {
        func items(_ values: [Double?]) -> [PairedBootstrap.Item?] {
            values.map { $0.map { .init(amount: $0, size: 2) } }
        }
        let spread = try #require(PairedSpread(items([1, 2, 3, nil, 7]), items([2, 2, 5, 1, 8])))
        // Differences a byte: 0.5, 0, 1, 0.5; their mean 0.5, their deviation √(0.5 / 3).
        #expect(spread.rows == 4 && abs(spread.difference - 0.5) < 1e-12)
        #expect(abs(spread.standardError - (0.5 / 3).squareRoot() / 2) < 1e-12)
        #expect(PairedSpread(items([1]), items([2])) == nil)
    }

    private static func record() throws -> SweepRecord {
        let grid = try SweepGrid(["training.learningRate=1e-5,3e-5,1e-4,1", "training.batchSize=4"])
        var record = SweepRecord(grid, rungs: SuccessiveHalving(trials: 4, steps: 20).rungs, limit: 10)
        func add(_ trial: Int, _ rung: Int, _ bits: [Double?]) {
            record.results.append(
                .init(trial: trial, rung: rung, rows: bits.map { $0.map { .init(amount: $0, size: 1) } }))
        }
        add(0, 0, [3, 3, nil])
        add(1, 0, [2, 2, nil])
        add(2, 0, [2, 1, nil])
        record.results.append(.init(trial: 3, rung: 0, rows: [], failure: "diverged"))
        return record
    }

    @Test func rankingAndContenders() throws {
        var record = try Self.record()
        #expect(record.contenders(at: 0) == [0, 1, 2, 3] && record.contenders(at: 1) == [1, 2])
        #expect(record.stepsLeft == 20)
        record.results.append(.init(trial: 1, rung: 1, rows: [.init(amount: 1, size: 1), .init(amount: 1, size: 1)]))
        record.results.append(.init(trial: 2, rung: 1, rows: [.init(amount: 2, size: 1), .init(amount: 3, size: 1)]))
        #expect(record.stepsLeft == 0)
        let ranking = record.ranking
        #expect(ranking.map(\.trial) == [1, 2, 0, 3])
        #expect(ranking.map(\.rung) == [1, 1, 0, nil])
        // The loser of the first rung against the best there, trial 2; not against the best of the last.
        #expect(ranking[2].spread?.difference == 1.5 && ranking[2].spread?.standardError == 0.5)
        #expect(ranking[1].spread?.difference == 1.5)
        #expect(ranking[3].failure == "diverged")
    }

    @Test func recordsReadBack() throws {
        try withTemporaryFolder { place in
            var record = try Self.record()
            record.precision = "f32"
            try record.write(to: place.path)
            let read = try SweepRecord(folder: place.path)
            #expect(read == record)
            let grid = try SweepGrid(["training.learningRate=1e-5,3e-5", "training.batchSize=4"])
            let error = #expect(throws: SweepError.self) { try read.check(grid, steps: nil, limit: 10, path: "p") }
            #expect(error?.description.contains("was started with the trials") == true)
            try "{}".write(toFile: place.path + "/sweep.json", atomically: true, encoding: .utf8)
            #expect(throws: SweepError.self) { try SweepRecord(folder: place.path) }
        }
    }
}
