// The page of a sweep: the trials in their order, how sure that order is, and what to do next.

import Foundation

package struct SweepPage: Sendable {
    /// One trial; the best comes first.
    package struct Trial: Sendable {
        package var settings: [(key: String, value: String)]
        /// nil where it failed before its first evaluation.
        package var steps: Int?
        package var bitsPerByte: Double?
        /// Against the best trial at the same step: more is worse.
        package var difference: Double?
        package var standardError: Double?
        package var rows: Int?
        package var isStoppedEarly: Bool
        package var failure: String?

        package init(
            settings: [(key: String, value: String)], steps: Int?, bitsPerByte: Double?, difference: Double?,
            standardError: Double?, rows: Int?, isStoppedEarly: Bool, failure: String?
        ) {
            (self.settings, self.steps, self.bitsPerByte) = (settings, steps, bitsPerByte)
            (self.difference, self.standardError, self.rows) = (difference, standardError, rows)
            (self.isStoppedEarly, self.failure) = (isStoppedEarly, failure)
        }

        package var name: String { settings.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }
    }

    package var name: String
    package var trials: [Trial]
    /// How many trials trained to which step.
    package var rungs: [(steps: Int, trials: Int)]
    package var chart: DotChart
    /// The line that trains with the best settings, and the one that made the sweep.
    package var commands: [String]
    package var made: Date

    package init(
        name: String, trials: [Trial], rungs: [(steps: Int, trials: Int)], chart: DotChart, commands: [String],
        made: Date = Date()
    ) {
        (self.name, self.trials, self.rungs) = (name, trials, rungs)
        (self.chart, self.commands, self.made) = (chart, commands, made)
    }

    package var html: String {
        let date = made.formatted(.iso8601.year().month().day())
        let plan = rungs.map { "\($0.trials) to step \($0.steps)" }.joined(separator: ", ")
        let head =
            "<h1>\(HTML.escaped(name))</h1>\n<p class=\"muted\">"
            + HTML.escaped("A sweep of \(trials.count) trials: \(plan). Report of \(date).") + "</p>\n"
        return HTML.page(
            title: "\(name): report of a sweep",
            head + HTML.section("What these numbers say", id: "findings", HTML.findings(findings))
                + HTML.section("Trials, the best first", id: "trials", table)
                + HTML.section("Loss with its spread", id: "plot", plot)
                + HTML.section("Train with the best, or repeat the sweep", id: "repeat", repeatIt))
    }

    private var plot: String {
        HTML.paragraph(
            "Each dot is a trial's loss on the held-out rows, in bits per byte; less is better. A bar reaches two standard "
                + "errors of the difference against the best to both sides: trials whose bars reach the best dot may be as "
                + "good. An empty dot was stopped early, so its loss is that of fewer steps.") + chart.figure
    }

    private var table: String {
        let rows = trials.enumerated().map { index, trial -> [String] in
            let note = trial.failure.map { "failed: \($0)" } ?? (trial.isStoppedEarly ? "stopped early" : "")
            return [
                "\(index + 1)", trial.name, trial.steps.map { "\($0)" } ?? "–",
                trial.bitsPerByte.map { Numbers.text($0) } ?? "–", against(trial, isBest: index == 0), note,
            ]
        }
        return HTML.table(
            ["rank", "settings", "steps", "bits per byte", "against the best", "note"], rows, numeric: [2, 3, 4])
            + HTML.paragraph(
                "± is the standard error of the difference against the best trial at the same step, over the held-out rows. "
                    + "It says how much other rows would change it, not how much another seed would.")
    }

    private func against(_ trial: Trial, isBest: Bool) -> String {
        if isBest { return "best" }
        guard let difference = trial.difference, let error = trial.standardError else { return "–" }
        return (difference < 0 ? "-" : "+") + Numbers.text(abs(difference), digits: 3) + " ± "
            + Numbers.text(error, digits: 2)
    }

    private var repeatIt: String { "<pre tabindex=\"0\">\(HTML.escaped(commands.joined(separator: "\n")))</pre>\n" }

    // MARK: What to do

    /// What the numbers mean, the worst first.
    package var findings: [RunFinding] {
        let failed = trials.count { $0.failure != nil }
        let failures = RunFinding(
            kind: .bad, title: "\(failed) of \(trials.count) trials failed",
            advice:
                "The table has their reasons. A loss that is not a number often means too high a learning rate.")
        return (failed > 0 ? [failures] : []) + edges + [winner].compactMap { $0 }
    }

    /// The best trial's values that are the smallest or the largest of their key: better ones may be beyond it.
    private var edges: [RunFinding] {
        guard let best = trials.first, best.failure == nil else { return [] }
        return best.settings.compactMap { key, value in
            let all = Set(trials.flatMap(\.settings).filter { $0.key == key }.compactMap { Double($0.value) })
            guard let own = Double(value), let low = all.min(), let high = all.max(), low < high else { return nil }
            guard own == low || own == high else { return nil }
            let side = own == low ? "smallest" : "largest"
            return RunFinding(
                kind: .warning, title: "The best \(key) is the \(side) that was tried: \(value)",
                advice:
                    "A \(own == low ? "smaller" : "larger") one may be better still. Sweep again with values on both sides of it."
            )
        }
    }

    private var winner: RunFinding? {
        guard let best = trials.first, best.failure == nil else { return nil }
        let equal = trials.dropFirst().filter { trial in
            guard trial.failure == nil, !trial.isStoppedEarly, let difference = trial.difference,
                let error = trial.standardError
            else { return false }
            return difference <= 2 * error
        }
        guard equal.isEmpty else {
            return RunFinding(
                kind: .warning,
                title:
                    "The best cannot be told from \(equal.count) other\(equal.count == 1 ? "" : "s") with these rows",
                advice:
                    "The difference is within two standard errors. Take the cheapest of them, or sweep again with more steps, "
                    + "more held-out rows (--limit), or another seed.")
        }
        return RunFinding(
            kind: .good, title: "\(best.name) is best",
            advice: "Every other trial that trained as long is worse by more than two standard errors.")
    }
}
