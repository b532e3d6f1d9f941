// One line of a display, which omits what does not fit.

/// Fields next to each other, and at most one that takes the space that is left.
struct DisplayRow {
    /// What a terminal shows differently, as parameters of the sequence `ESC [ … m`.
    enum Style: String {
        case plain = ""
        case bold = "1"
        case green = "32"
        case cyan = "36"
    }

    enum Content {
        case text(String)
        /// Drawn in a number of columns: not fewer than `minimum`, not more than `maximum`.
        case elastic(minimum: Int, maximum: Int, draw: (Int) -> String)
    }

    struct Field {
        var content: Content
        var style = Style.plain
        /// Fields of a higher number are omitted first; 0 stays, cut if it must be.
        var rank: Int

        /// Columns that it needs at least.
        var minimum: Int {
            switch content {
            case .text(let text): text.count
            case .elastic(let minimum, _, _): minimum
            }
        }
    }

    private static let gap = "  "

    var fields: [Field]

    /// The line, of at most `width` columns.
    func line(width: Int, color: Bool) -> String {
        var kept = fields.filter { $0.minimum > 0 }
        while needed(kept) > width, let last = kept.map(\.rank).max(), last > 0 { kept.removeAll { $0.rank == last } }
        let left = max(0, width - needed(kept))
        return kept.map { field in
            let text =
                switch field.content {
                case .text(let text): String(text.prefix(max(0, width)))
                case .elastic(let minimum, let maximum, let draw): draw(min(minimum + left, maximum))
                }
            return color && field.style != .plain ? "\u{1B}[\(field.style.rawValue)m\(text)\u{1B}[0m" : text
        }.joined(separator: Self.gap)
    }

    /// Columns that `fields` need at least, side by side.
    private func needed(_ fields: [Field]) -> Int {
        fields.map(\.minimum).reduce(0, +) + Self.gap.count * max(0, fields.count - 1)
    }
}
