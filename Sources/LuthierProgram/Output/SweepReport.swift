// What came of a sweep: the table, the plot, the command that trains with the best, and JSON.

import Foundation
import Models
import Reports
import StrictJSON
import Training

struct SweepReport {
    private let record: SweepRecord
    private let ranking: [SweepRank]
    private let folder: RunFolder
    private let config: String
    private let run: (Int) -> RunFolder

    init(_ record: SweepRecord, folder: RunFolder, config: String, run: @escaping (Int) -> RunFolder) {
        (self.record, self.folder, self.config, self.run) = (record, folder, config, run)
        ranking = record.ranking
    }

    private func settings(_ trial: Int) -> String {
        record.trials[trial].map(\.assignment).joined(separator: " ")
    }

    /// One row for each trial, the best first.
    var table: String {
        var rows = [["rank", "trial", "settings", "steps", "bits per byte", "against the best", ""]]
        for (index, rank) in ranking.enumerated() {
            let steps = rank.rung.map { "\(record.rungs[$0].steps)" } ?? "–"
            let bits = rank.rung == nil ? "–" : ProgressPrinter.number(rank.bitsPerByte)
            rows.append([
                "\(index + 1)", "\(rank.trial + 1)", settings(rank.trial), steps, bits, against(rank), note(rank),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { $0.0 + String(repeating: " ", count: $0.1 - $0.0.count) }.joined(separator: "  ")
                .trimmingSuffix(" ")
        }
        return lines.joined(separator: "\n") + "\n"
            + "± is the standard error, over held-out rows, of the paired difference against the best trial at the same step\n"
    }

    private func against(_ rank: SweepRank) -> String {
        if let best = ranking.first, best.trial == rank.trial { return "best" }
        guard let spread = rank.spread else { return "–" }
        let sign = spread.difference < 0 ? "-" : "+"
        return "\(sign)\(ProgressPrinter.number(abs(spread.difference))) ± "
            + "\(ProgressPrinter.number(spread.standardError)) (\(spread.rows) rows)"
    }

    private func note(_ rank: SweepRank) -> String {
        if let failure = rank.failure { return "failed: \(failure)" }
        return isStoppedEarly(rank) ? "stopped early" : ""
    }

    private func isStoppedEarly(_ rank: SweepRank) -> Bool {
        guard let rung = rank.rung, rank.failure == nil else { return false }
        return rung + 1 < record.rungs.count
    }

    /// Losses as points with twice their standard errors, the best first.
    var chart: DotChart {
        DotChart(
            title:
                "Bits per byte of held-out rows (bars: two standard errors of the paired difference against the best)",
            rows: ranking.compactMap { rank in
                guard let rung = rank.rung, rank.bitsPerByte.isFinite else { return nil }
                let steps = record.rungs[rung].steps
                return DotChart.Row(
                    name: settings(rank.trial), note: "\(steps) steps", value: rank.bitsPerByte,
                    reach: 2 * (rank.spread?.standardError ?? 0), isFinal: rung + 1 == record.rungs.count)
            })
    }

    /// The same as a page.
    func page(command sweep: String) -> SweepPage {
        SweepPage(
            name: folder.name, trials: ranking.map(trial), rungs: record.rungs.map { ($0.steps, $0.trials) },
            chart: chart,
            commands: [command, sweep])
    }

    private func trial(_ rank: SweepRank) -> SweepPage.Trial {
        .init(
            settings: record.trials[rank.trial].map { ($0.key, $0.value) },
            steps: rank.rung.map { record.rungs[$0].steps },
            bitsPerByte: rank.bitsPerByte.isFinite ? rank.bitsPerByte : nil, difference: rank.spread?.difference,
            standardError: rank.spread?.standardError, rows: rank.spread?.rows, isStoppedEarly: isStoppedEarly(rank),
            failure: rank.failure)
    }

    /// The line that makes the sweep again.
    func sweepCommand(settings: [String], limit: Int) -> String {
        let words =
            settings.flatMap { ["--set", $0] } + ["--steps", "\(record.rungs.last?.steps ?? 0)", "--limit", "\(limit)"]
        return (["luthier", "sweep", "--config", config] + words).map(SweepReport.quoted).joined(separator: " ")
    }

    /// The line that trains with the best trial's settings, in full length.
    var command: String {
        let best = ranking.first.map { record.trials[$0.trial] } ?? []
        let words = (record.fixed + best).flatMap { ["--set", $0.assignment] }
        return (["luthier", "train", "--config", config] + words).map(SweepReport.quoted).joined(separator: " ")
    }

    /// As a shell takes it.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_./=+:,".utf8.contains(byte)
        }
        return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    var members: [(key: String, value: JSONOutput)] {
        let trials = ranking.indices.map { JSONOutput.object(members(of: $0)) }
        let rungs = record.rungs.map {
            JSONOutput.object([("steps", .integer($0.steps)), ("trials", .integer($0.trials))])
        }
        return [
            ("sweep", .string(folder.path)), ("keptShare", .number(SuccessiveHalving.keptShare)),
            ("rungs", .array(rungs)), ("trials", .array(trials)), ("plot", .string(folder.file("sweep.svg"))),
            ("page", .string(folder.file("sweep.html"))),
            ("command", .string(command)),
        ]
    }

    private func members(of index: Int) -> [(key: String, value: JSONOutput)] {
        let rank = ranking[index]
        let settings = record.trials[rank.trial].map { (key: $0.key, value: JSONOutput.string($0.value)) }
        func number(_ value: Double?) -> JSONOutput { value.map { .number($0) } ?? .null }
        func integer(_ value: Int?) -> JSONOutput { value.map { .integer($0) } ?? .null }
        return [
            ("rank", .integer(index + 1)), ("trial", .integer(rank.trial + 1)),
            ("run", .string(run(rank.trial).path)), ("settings", .object(settings)),
            ("steps", integer(rank.rung.map { record.rungs[$0].steps })), ("bitsPerByte", .number(rank.bitsPerByte)),
            ("difference", number(rank.spread?.difference)), ("standardError", number(rank.spread?.standardError)),
            ("rows", integer(rank.spread?.rows)), ("stoppedEarly", .bool(isStoppedEarly(rank))),
            ("failure", rank.failure.map { .string($0) } ?? .null),
        ]
    }
}

extension String {
    /// Without spaces at the end.
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var copy = self
        while copy.last == character { copy.removeLast() }
        return copy
    }
}
