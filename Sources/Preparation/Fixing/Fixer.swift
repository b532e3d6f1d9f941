// Applies the accepted fixes to one row.

import Datasets

/// The accepted fixes. An empty fixer changes nothing.
struct Fixer: Sendable {
    /// Names of text and row rules whose fix was accepted.
    var accepted: Set<String> = []
    var corpusFixes: [CorpusFix] = []
    /// Dropped rows, and the rule that drops them.
    var drops: [RowID: String] = [:]

    /// Limit of rounds over one text.
    private static let mostRounds = 16

    /// The result for one row.
    enum Outcome {
        case kept(Row, changedBy: [String])
        case dropped(by: String)
    }

    /// Applies the fixes in the order of `Rule.all`, then the fixes for all rows.
    ///
    /// - Parameter view: computes tokens and words of the current row; called only for accepted rules.
    func fix(_ row: Row, id: RowID, view: (Row) -> RowView) -> Outcome {
        if let rule = drops[id] { return .dropped(by: rule) }
        guard !accepted.isEmpty || !corpusFixes.isEmpty else { return .kept(row, changedBy: []) }
        var (row, changed) = (row, [String]())
        if let rule = apply(&row, &changed, view) { return .dropped(by: rule) }
        guard !corpusFixes.isEmpty else { return .kept(row, changedBy: changed) }
        for fix in corpusFixes {
            guard let fixed = fix.apply(to: row) else { return .dropped(by: "mixed-formats") }
            row = fixed
        }
        // Removed or appended text can be what a rule looks for.
        if let rule = apply(&row, &changed, view) { return .dropped(by: rule) }
        return .kept(row, changedBy: changed)
    }

    /// Applies the text and row rules.
    ///
    /// - Returns: the rule that drops the row, if any.
    private func apply(_ row: inout Row, _ changed: inout [String], _ view: (Row) -> RowView) -> String? {
        func note(_ rule: Rule) { if !changed.contains(rule.name) { changed.append(rule.name) } }
        if accepted.contains(Rule.unknownKeys), row.hasUnknownMembers {
            row = row.withoutUnknownMembers
            changed.append(Rule.unknownKeys)
        }
        for index in row.parts.indices { fix(&row.parts[index].text, note) }
        for rule in Rule.rows where accepted.contains(rule.name) {
            guard case .row(let find, let fix) = rule.work, find(view(row)) != nil else { continue }
            guard let fixed = fix?(row) else { return rule.name }
            row = fixed
            note(rule)
        }
        return nil
    }

    /// Applies the text rules until none finds anything: one fix can create what another rule looks for.
    private func fix(_ text: inout [UInt8], _ note: (Rule) -> Void) {
        for _ in 0..<Fixer.mostRounds {
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
