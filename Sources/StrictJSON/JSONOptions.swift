// Limits and options for parsing a JSON text.

/// Limits and options for parsing.
package struct JSONOptions: Sendable {
    /// The deepest nesting allowed, whatever `maximumDepth` says: it bounds the parser's stack.
    package static let deepestNesting = 512

    /// Allows `//` comments to the end of the line; for configs, never for data.
    package var allowsComments: Bool
    /// How deep arrays and objects may be nested; capped at `deepestNesting`.
    package var maximumDepth: Int
    package var maximumBytes: Int
    /// The line number of the text's first line, for files with one JSON text per line.
    package var firstLine = 1

    package init(allowsComments: Bool = false, maximumDepth: Int = 128, maximumBytes: Int = 64 << 20) {
        self.allowsComments = allowsComments
        self.maximumDepth = maximumDepth
        self.maximumBytes = maximumBytes
    }
}
