// Lines at the bottom of a terminal that are redrawn in place, while messages scroll above them.

/// Knows what is on the terminal, and what to write so that something else does. The cursor stays below the block,
/// at the left: whatever ends the program, the terminal is in order.
package struct LiveBlock {
    /// Columns of each line that is there now.
    private var drawn: [Int] = []

    package init() {}

    /// All that replaces the block by `lines`, to be written at once: a terminal never shows half of it.
    ///
    /// - Parameters:
    ///   - message: lines that go above the block, each with its line feed.
    ///   - columns: the terminal's width now; if it has become narrower, the terminal has wrapped what is there.
    package mutating func replace(with lines: [String], message: String = "", columns: Int) -> String {
        let rows = drawn.map { max(1, ($0 + columns - 1) / max(1, columns)) }.reduce(0, +)
        let drawnCount = drawn.count
        drawn = lines.map(Self.visibleColumns)
        guard rows > 0 || !lines.isEmpty else { return message }
        var text = rows > 0 ? "\r\u{1B}[\(rows)A" : "\r"
        // A message may be wider than the terminal: what is in its way is erased first.
        // So do lines that the terminal has wrapped: it would remember that they belong together.
        text += message.isEmpty && rows == drawnCount ? "" : "\u{1B}[J" + message
        for line in lines { text += line + "\u{1B}[K\n" }
        return text + "\u{1B}[J"
    }

    /// The block stays where it is, and what follows is written below it.
    package mutating func leave() { drawn = [] }

    /// Characters of `line` without sequences `ESC [ … m`.
    private static func visibleColumns(_ line: String) -> Int {
        var (count, isInside) = (0, false)
        for character in line {
            if character == "\u{1B}" { isInside = true }
            if !isInside { count += 1 }
            if character == "m" { isInside = false }
        }
        return count
    }
}
