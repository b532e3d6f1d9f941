// A position in a text, as an editor shows it.

/// A position in a text: both numbers count from 1, and `column` counts Unicode scalars, not bytes.
/// Lines end at a line feed; a byte-order mark has no column.
public struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
    public let line: Int
    public let column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column)" }
}
