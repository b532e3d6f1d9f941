// The list of runs, as a table and as JSON.

import Foundation
import StrictJSON

/// What a list of runs is sorted by.
package enum RunOrder: String, CaseIterable, Sendable {
    /// The newest first.
    case date
    case name
    /// The smallest validation loss first; runs without one last.
    case loss
    /// The largest first.
    case size
}

package enum RunTable {
    package static func sorted(_ runs: [RunRecord], by order: RunOrder) -> [RunRecord] {
        switch order {
        case .date: runs.sorted { ($0.changed, $0.name) > ($1.changed, $1.name) }
        case .name: runs.sorted { $0.name.compare($1.name, options: .numeric) == .orderedAscending }
        case .loss: runs.sorted { ($0.bestValidation?.loss ?? .infinity) < ($1.bestValidation?.loss ?? .infinity) }
        case .size: runs.sorted { $0.byteCount > $1.byteCount }
        }
    }

    /// One line for each run below a line of titles; columns are aligned.
    package static func text(_ runs: [RunRecord], now: Date = Date()) -> String {
        let titles = [
            "run", "model", "trained", "steps", "loss", "validation", "perplexity", "tokens/s", "size", "changed",
        ]
        let rows = [titles] + runs.map { cells($0, now: now) }
        let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let padded = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return isNumber(column) ? space + cell.0 : cell.0 + space
            }
            return padded.joined(separator: "  ").trimmingCharacters(in: .init(charactersIn: " ")) + "\n"
        }.joined()
    }

    private static func isNumber(_ column: Int) -> Bool { (3...8).contains(column) }

    private static func cells(_ run: RunRecord, now: Date) -> [String] {
        let best = run.bestValidation
        let steps = run.plannedSteps.map { "\(run.lastStep)/\($0)" } ?? String(run.lastStep)
        return [
            run.name, run.base.map { ($0 as NSString).lastPathComponent } ?? "from scratch", run.method,
            steps, run.lastLoss.map { Numbers.text($0) } ?? "–", best.map { Numbers.text($0.loss) } ?? "–",
            best.map { Numbers.text($0.perplexity) } ?? "–",
            run.tokensPerSecond.map { Numbers.grouped(Int($0)) } ?? "–", Numbers.bytes(run.byteCount),
            run.isRunning ? "running" : age(run.changed, now: now),
        ]
    }

    /// "3 hours ago".
    static func age(_ date: Date, now: Date) -> String {
        let seconds = max(0, now.timeIntervalSince(date))
        let units: [(name: String, seconds: Double)] = [("day", 86_400), ("hour", 3_600), ("minute", 60)]
        for unit in units where seconds >= unit.seconds {
            let count = Int(seconds / unit.seconds)
            return "\(count) \(unit.name)\(count == 1 ? "" : "s") ago"
        }
        return "just now"
    }

    /// An object for each run.
    package static func json(_ runs: [RunRecord]) -> JSONOutput {
        .array(
            runs.map { run in
                let best = run.bestValidation
                return .object([
                    ("run", .string(run.name)), ("path", .string(run.folder.path)),
                    ("base", run.base.map { .string($0) } ?? .null), ("method", .string(run.method)),
                    ("step", .integer(run.lastStep)), ("steps", run.plannedSteps.map { .integer($0) } ?? .null),
                    ("running", .bool(run.isRunning)), ("trainLoss", run.lastLoss.map { .number($0) } ?? .null),
                    ("validationLoss", best.map { .number($0.loss) } ?? .null),
                    ("validationPerplexity", best.map { .number($0.perplexity) } ?? .null),
                    ("bestStep", run.bestStep.map { .integer($0) } ?? .null),
                    ("tokensPerSecond", run.tokensPerSecond.map { .number($0) } ?? .null),
                    ("seconds", .number(run.seconds)),
                    ("peakMemoryBytes", run.peakMemoryBytes.map { .integer($0) } ?? .null),
                    ("bytes", .integer(run.byteCount)),
                    ("changed", .integer(Int(run.changed.timeIntervalSince1970))),
                ])
            })
    }
}
