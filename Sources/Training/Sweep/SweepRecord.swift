// `sweep.json`: what a sweep tries and what has come of it so far, so that it can be resumed.

import Evaluation
import Files
import Foundation
import StrictJSON

/// Written after every trial of every rung.
package struct SweepRecord: Sendable, Equatable {
    package static let fileName = "sweep.json"

    /// What came of one trial at one rung.
    package struct Result: Sendable, Equatable {
        package var trial: Int
        package var rung: Int
        /// Bits and bytes of each held-out row; nil for rows that do not fit the context.
        package var rows: [PairedBootstrap.Item?]
        /// Why the trial could not continue; it then has no rows.
        package var failure: String?

        package init(trial: Int, rung: Int, rows: [PairedBootstrap.Item?], failure: String? = nil) {
            (self.trial, self.rung, self.rows, self.failure) = (trial, rung, rows, failure)
        }

        package var bitsPerByte: Double {
            let known = rows.compactMap { $0 }
            let size = known.reduce(0) { $0 + $1.size }
            return size > 0 ? known.reduce(0) { $0 + $1.amount } / size : .infinity
        }
    }

    package var fixed: [SweepGrid.Setting]
    package var trials: [[SweepGrid.Setting]]
    package var rungs: [SuccessiveHalving.Rung]
    /// At most this many held-out rows are measured.
    package var limit: Int
    /// What the first trial has settled for all.
    package var precision: String?
    package var results: [Result] = []

    package init(_ grid: SweepGrid, rungs: [SuccessiveHalving.Rung], limit: Int) {
        (fixed, trials) = (grid.fixed, grid.trials)
        (self.rungs, self.limit) = (rungs, limit)
    }

    /// Throws where a sweep that is resumed is not the one that was started.
    ///
    /// - Parameter steps: nil to keep what it was started with.
    package func check(_ grid: SweepGrid, steps: Int?, limit: Int, path: String) throws(SweepError) {
        func text(_ settings: [SweepGrid.Setting]) -> String { settings.map(\.assignment).joined(separator: " ") }
        func require(_ what: String, _ recorded: String, _ now: String) throws(SweepError) {
            if recorded != now { throw .changed(path: path, what: what, recorded: recorded, now: now) }
        }
        try require("the fixed keys", text(fixed), text(grid.fixed))
        try require(
            "the trials", trials.map(text).joined(separator: ", "), grid.trials.map(text).joined(separator: ", "))
        try require("--limit", "\(self.limit)", "\(limit)")
        if let steps { try require("--steps", "\(rungs.last?.steps ?? 0)", "\(steps)") }
    }

    /// Steps that are still to take.
    package var stepsLeft: Int {
        var (steps, before) = (0, 0)
        for (index, rung) in rungs.enumerated() {
            let done = results.count { $0.rung == index }
            steps += (rung.steps - before) * max(0, rung.trials - done)
            before = rung.steps
        }
        return steps
    }

    package func write(to folder: String) throws {
        func settings(_ list: [SweepGrid.Setting]) -> JSONOutput {
            .object(list.map { ($0.key, .string($0.value)) })
        }
        let json = JSONOutput.object([
            ("fixed", settings(fixed)), ("trials", .array(trials.map(settings))),
            ("rungs", .array(rungs.map(SweepRecord.json))), ("limit", .integer(limit)),
            ("precision", precision.map { .string($0) } ?? .null), ("results", .array(results.map(SweepRecord.json))),
        ])
        try AtomicFile.write(json.serialized() + "\n", to: folder + "/" + SweepRecord.fileName)
    }

    private static func json(_ rung: SuccessiveHalving.Rung) -> JSONOutput {
        .object([("steps", .integer(rung.steps)), ("trials", .integer(rung.trials))])
    }

    private static func json(_ result: Result) -> JSONOutput {
        let rows = result.rows.map { row -> JSONOutput in
            guard let row else { return .null }
            return .array([.number(row.amount), .number(row.size)])
        }
        return .object([
            ("trial", .integer(result.trial)), ("rung", .integer(result.rung)),
            ("failure", result.failure.map { .string($0) } ?? .null), ("rows", .array(rows)),
        ])
    }

    /// Reads what `write` wrote.
    package init(folder: String) throws(SweepError) {
        let path = folder + "/" + SweepRecord.fileName
        func bad(_ reason: String) -> SweepError { .badRecord(path: path, reason: reason) }
        guard let bytes = FileManager.default.contents(atPath: path) else { throw bad("there is no such file") }
        let root: JSONNode
        do { root = try JSONText.parse([UInt8](bytes)) } catch { throw bad("\(error)") }
        guard let object = root.object, let fixed = object["fixed"].flatMap(SweepRecord.settings),
            let trials = object["trials"]?.array, let rungs = object["rungs"]?.array,
            let limit = object["limit"]?.integer, let results = object["results"]?.array
        else { throw bad("a member is missing") }
        (self.fixed, self.limit, precision) = (fixed, limit, object["precision"]?.string)
        self.trials = trials.compactMap(SweepRecord.settings)
        self.rungs = rungs.compactMap { node in
            guard let steps = node.object?["steps"]?.integer, let count = node.object?["trials"]?.integer, steps > 0
            else { return nil }
            return .init(steps: steps, trials: count)
        }
        self.results = results.compactMap { SweepRecord.result($0, trials: trials.count, rungs: rungs.count) }
        guard self.trials.count == trials.count, self.rungs.count == rungs.count, !rungs.isEmpty,
            self.results.count == results.count
        else { throw bad("a value is of the wrong kind") }
    }

    private static func settings(_ node: JSONNode) -> [SweepGrid.Setting]? {
        let list = node.object?.members.map { member in member.value.string.map { (member.key, $0) } }
        guard let list, list.allSatisfy({ $0 != nil }) else { return nil }
        return list.compactMap { $0.map { SweepGrid.Setting(key: $0.0, value: $0.1) } }
    }

    private static func result(_ node: JSONNode, trials: Int, rungs: Int) -> Result? {
        guard let object = node.object, let trial = object["trial"]?.integer, let rung = object["rung"]?.integer,
            let rows = object["rows"]?.array, (0..<trials).contains(trial), (0..<rungs).contains(rung)
        else { return nil }
        let items = rows.map { row -> PairedBootstrap.Item? in
            guard let pair = row.array, pair.count == 2, let amount = pair[0].number, let size = pair[1].number else {
                return nil
            }
            return .init(amount: amount, size: size)
        }
        return Result(trial: trial, rung: rung, rows: items, failure: object["failure"]?.string)
    }
}
