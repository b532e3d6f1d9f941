// The report as text.

import Datasets
import Foundation

extension PreparationReport {
    /// How many places are shown for each rule.
    static let shownPlaces = 10

    /// Findings grouped by rule with their first places, then totals.
    package func render() -> String {
        var text = ""
        for item in findings {
            let rule = item.rule
            text +=
                "\(rule.severity.rawValue): \(rule.name), \(PreparationReport.count(item.findings.count, "place"))\n"
            for place in item.findings.places.prefix(PreparationReport.shownPlaces) {
                let message = shown(Array(place.message.utf8))
                text += "  \(files[place.file].path):\(place.line):\(place.column): \(message)\n"
            }
            if item.findings.count > PreparationReport.shownPlaces {
                text += "  … and \(item.findings.count - PreparationReport.shownPlaces) more\n"
            }
            text += "  effect: \(rule.effect)\n"
            switch rule.fix {
            case .advice(let advice): text += "  advice: \(advice)\n"
            case .always(let fix): text += "  with --fix, always: \(fix)\n"
            case .optional(let fix): text += item.isFixable ? "  with --fix: \(fix)\n" : ""
            }
        }
        return text + totals()
    }

    private func totals() -> String {
        let counts = Severity.allCases.map { severity in
            findings.filter { $0.rule.severity == severity }.reduce(0) { $0 + $1.findings.count }
        }
        var text = "\(PreparationReport.count(read, "row")) in \(PreparationReport.count(files.count, "file")): "
        text +=
            findings.isEmpty
            ? "no findings\n" : "\(counts[0]) errors, \(counts[1]) warnings, \(counts[2]) notes\n"
        switch task {
        case .classification:
            text += "task: classification, \(labels.count) labels: "
            text += labels.prefix(8).map { "\(shown(Array($0.text.utf8))) \($0.count)" }.joined(separator: ", ")
            text += labels.count > 8 ? ", …\n" : "\n"
        case .conditional: text += "task: conditional generation, one answer per prompt\n"
        case .openEnded: text += "task: open-ended generation, texts without prompts\n"
        }
        let parts = Split.allCases.map { "\($0.rawValue) \(rows[$0] ?? 0)" }.joined(separator: ", ")
        text += "splits: \(parts); \(overlap) validation and test rows are also in training\n"
        text += "tokens: \(tokens), with a vocabulary of \(vocabularySize)\n"
        if !skipped.isEmpty { text += "not read, because not data: \(skipped.joined(separator: ", "))\n" }
        return text
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
