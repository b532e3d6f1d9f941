// The report as text.

import Datasets
import Foundation

extension PreparationReport {
    /// How many places are shown for each rule.
    static let shownPlaces = 3

    /// A line for each rule with its number of findings and the first places, below it the effect and the fix; then
    /// totals. A finding that follows from another one is shown below it.
    package func render() -> String {
        var text = ""
        for item in findings where cause(of: item) == nil {
            text += headline(item) + "\n"
            text += "  \(item.rule.effect); \(PreparationReport.fix(item))\n"
            for consequence in findings where cause(of: consequence)?.rule.name == item.rule.name {
                text += "  probably follows from it: \(headline(consequence))\n"
            }
        }
        return text + totals()
    }

    /// The finding that this one probably follows from; nil if there is none.
    package func cause(of item: Item) -> Item? {
        for name in Rule.causes[item.rule.name] ?? [] {
            if let cause = findings.first(where: { $0.rule.name == name }) { return cause }
        }
        return nil
    }

    /// `error: surplus-keys, 12 places: the key "imput" …; a.jsonl:1:3, 2:3, 3:3, …`
    private func headline(_ item: Item) -> String {
        let count = PreparationReport.count(item.findings.count, "place")
        let places = item.findings.places.prefix(PreparationReport.shownPlaces)
        var file: Int?
        let names = places.map { place in
            defer { file = place.file }
            let position = "\(place.line):\(place.column)"
            return place.file == file ? position : "\(files[place.file].path):\(position)"
        }
        let message = places.first.map { ": " + shown(Array($0.message.utf8)) } ?? ""
        return "\(item.rule.severity.rawValue): \(item.rule.name), \(count)\(message); "
            + names.joined(separator: ", ") + (item.findings.count > places.count ? ", …" : "")
    }

    private static func fix(_ item: Item) -> String {
        switch item.rule.fix {
        case .advice(let advice): return "advice: \(advice)"
        case .always(let fix): return "with --fix, always: \(fix)"
        case .offered(let fix): return "with --fix --take \(item.rule.name): \(fix)"
        case .optional(let fix):
            guard item.isFixable else { return "no fix" }
            return item.harm.map { "with --fix --take \(item.rule.name): \(fix) (\($0))" } ?? "with --fix: \(fix)"
        }
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
