// The bounds and liberties of one reading of a JSON text.

/// What a JSON text may be.
public struct JSONOptions: Sendable {
    /// The deepest nesting that any text may have, whatever `maximumDepth` says: the parser's stack is bounded by it.
    public static let deepestNesting = 512

    /// `//` comments to the end of the line; for configuration files, never for data.
    public var allowsComments: Bool
    /// How many arrays and objects may stand inside each other; at most `deepestNesting` counts.
    public var maximumDepth: Int
    public var maximumBytes: Int
    /// The number of the text's first line: that of its place in a file of one text a line.
    public var firstLine = 1

    public init(allowsComments: Bool = false, maximumDepth: Int = 128, maximumBytes: Int = 64 << 20) {
        self.allowsComments = allowsComments
        self.maximumDepth = maximumDepth
        self.maximumBytes = maximumBytes
    }
}
