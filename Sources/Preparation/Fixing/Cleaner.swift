// The remedies that were taken, applied to one row.

import Datasets

/// What is done to every row that is read. Empty, it changes nothing.
struct Cleaner: Sendable {
    /// Rules of texts and rows whose remedy was taken.
    var accepted: Set<String> = []
    var adjustments: [Adjustment] = []
    /// Rows that are left out, and by which rule.
    var drops: [UInt64: String] = [:]

    /// What became of a row.
    enum Outcome {
        case kept(PreparedRow, changedBy: [String])
        case dropped(by: String)
    }

    /// Applies the remedies in the order of `Rule.all`, then what all rows get alike.
    ///
    /// - Parameter view: tokens and words of a row as it stands now; asked for only by rules that were accepted.
    func clean(_ row: PreparedRow, id: UInt64, view: (PreparedRow) -> RowView) -> Outcome {
        if let rule = drops[id] { return .dropped(by: rule) }
        guard !accepted.isEmpty || !adjustments.isEmpty else { return .kept(row, changedBy: []) }
        var row = row
        var changed: [String] = []
        for rule in Rule.text + Rule.rows where accepted.contains(rule.name) {
            switch rule.work {
            case .text(let find, let fix):
                for index in row.parts.indices {
                    let isFound = row.parts[index].text.withUnsafeBufferPointer { find(TextView($0)) != nil }
                    guard isFound else { continue }
                    guard let fix else { return .dropped(by: rule.name) }
                    row.parts[index].text = fix(row.parts[index].text)
                    if changed.last != rule.name { changed.append(rule.name) }
                }
            case .row(let find, let fix):
                guard find(view(row)) != nil else { continue }
                guard let mended = fix?(row) else { return .dropped(by: rule.name) }
                row = mended
                changed.append(rule.name)
            case .reading, .corpus: break
            }
        }
        for adjustment in adjustments {
            guard let adjusted = adjustment.apply(to: row) else { return .dropped(by: "mixed-formats") }
            row = adjusted
        }
        return .kept(row, changedBy: changed)
    }
}
