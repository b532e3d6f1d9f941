// The totals as a table for people and as JSON for programs.

import StrictJSON

extension WeatherReport.Group {
    fileprivate var title: String {
        switch self {
        case .all: "all"
        case .seenPlaces: "seen places"
        case .unseenPlaces: "unseen places"
        case .seenWordings: "seen wordings"
        case .unseenWordings: "unseen wordings"
        case .unseenBoth: "both unseen"
        }
    }
}

extension WeatherReport {
    /// A table with one line per kind of slot that was asked for and one column per group: right / asked, and the share.
    /// Ends with a line feed.
    package func render() -> String {
        var rows: [[String]] = [["slot"] + Group.allCases.map(\.title)]
        for slot in WeatherSlot.allCases where self[.all].slots[slot] != nil {
            rows.append(row(slot.title) { $0.slots[slot] ?? WeatherTally() })
        }
        rows.append(row("all slots") { $0.allSlots })
        rows.append(row("rightly declined") { $0.rightlyDeclined })
        rows.append(row("rightly answered") { $0.answered })
        rows.append(row("answers wholly right") { $0.answers })
        rows.append(["answers with inventions"] + Group.allCases.map { String(self[$0].inventing) })
        return Self.aligned(rows)
    }

    private func row(_ title: String, _ tally: (Totals) -> WeatherTally) -> [String] {
        [title] + Group.allCases.map { Self.text(tally(self[$0])) }
    }

    private static func text(_ tally: WeatherTally) -> String {
        guard let share = tally.share else { return "–" }
        let tenths = Int((share * 1000).rounded(.down))
        let percent = "\(tenths / 10).\(tenths % 10)"
        return "\(tally.right)/\(tally.asked) " + String(repeating: " ", count: 5 - percent.count) + percent + " %"
    }

    /// The first column to the left, the others to the right, two spaces between.
    private static func aligned(_ rows: [[String]]) -> String {
        var widths = [Int](repeating: 0, count: rows[0].count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ") + "\n"
        }.joined()
    }

    /// The same counts: for each group `slots` (by kind), `allSlots`, `rightlyDeclined`, `answered`, `answers`, each
    /// with `right`, `asked` and `share` (null where nothing was asked), and `inventing`.
    package var json: JSONOutput {
        .object(Group.allCases.map { (key: $0.rawValue, value: Self.json(self[$0])) })
    }

    private static func json(_ totals: Totals) -> JSONOutput {
        let slots = WeatherSlot.allCases.compactMap { slot in
            totals.slots[slot].map { (key: slot.rawValue, value: json($0)) }
        }
        return [
            "slots": .object(slots), "allSlots": json(totals.allSlots),
            "rightlyDeclined": json(totals.rightlyDeclined), "answered": json(totals.answered),
            "answers": json(totals.answers), "inventing": .integer(totals.inventing),
        ]
    }

    private static func json(_ tally: WeatherTally) -> JSONOutput {
        [
            "right": .integer(tally.right), "asked": .integer(tally.asked),
            "share": tally.share.map { .number($0) } ?? .null,
        ]
    }
}
