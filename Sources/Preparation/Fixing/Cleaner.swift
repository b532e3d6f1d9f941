// The remedies that were taken, applied to one row.

import Datasets

/// What is done to every row that is read. Empty, it changes nothing.
struct Cleaner: Sendable {
    /// Rules of texts and rows whose remedy was taken.
    var accepted: Set<String> = []
    var adjustments: [Adjustment] = []
    /// Rows that are left out, and by which rule.
    var drops: [RowID: String] = [:]

    /// Rounds over one text; each takes something out of it.
    private static let mostRounds = 16

    /// What became of a row.
    enum Outcome {
        case kept(PreparedRow, changedBy: [String])
        case dropped(by: String)
    }

    /// Applies the remedies in the order of `Rule.all`, then what all rows get alike.
    ///
    /// - Parameter view: tokens and words of a row as it stands now; asked for only by rules that were accepted.
    func clean(_ row: PreparedRow, id: RowID, view: (PreparedRow) -> RowView) -> Outcome {
        if let rule = drops[id] { return .dropped(by: rule) }
        guard !accepted.isEmpty || !adjustments.isEmpty else { return .kept(row, changedBy: []) }
        var (row, changed) = (row, [String]())
        if let rule = apply(&row, &changed, view) { return .dropped(by: rule) }
        guard !adjustments.isEmpty else { return .kept(row, changedBy: changed) }
        for adjustment in adjustments {
            guard let adjusted = adjustment.apply(to: row) else { return .dropped(by: "mixed-formats") }
            row = adjusted
        }
        // What was taken off or put on can be what a rule looks for.
        if let rule = apply(&row, &changed, view) { return .dropped(by: rule) }
        return .kept(row, changedBy: changed)
    }

    /// Applies the rules of texts and rows.
    ///
    /// - Returns: the rule that leaves the row out, where one does.
    private func apply(_ row: inout PreparedRow, _ changed: inout [String], _ view: (PreparedRow) -> RowView) -> String?
    {
        func note(_ rule: Rule) { if !changed.contains(rule.name) { changed.append(rule.name) } }
        for index in row.parts.indices { mend(&row.parts[index].text, note) }
        for rule in Rule.rows where accepted.contains(rule.name) {
            guard case .row(let find, let fix) = rule.work, find(view(row)) != nil else { continue }
            guard let mended = fix?(row) else { return rule.name }
            row = mended
            note(rule)
        }
        return nil
    }

    /// Applies the rules of texts until none finds anything: what one takes out can leave what another looks for.
    private func mend(_ text: inout [UInt8], _ note: (Rule) -> Void) {
        for _ in 0..<Cleaner.mostRounds {
            let before = text
            for rule in Rule.text where accepted.contains(rule.name) {
                guard case .text(let find, let fix) = rule.work,
                    text.withUnsafeBufferPointer({ find(TextView($0)) != nil })
                else { continue }
                text = fix(text)
                note(rule)
            }
            if text == before { return }
        }
    }
}
