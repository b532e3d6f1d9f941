// A position in a text, as an editor shows it.

/// A position in a text: both numbers count from 1, and `column` counts Unicode scalars, not bytes.
/// Lines end at a line feed; a byte-order mark has no column.
package struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "line \(line), column \(column)" }
}
