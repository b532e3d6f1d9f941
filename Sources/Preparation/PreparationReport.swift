// What a check of the data has found.

import Datasets

/// The findings, and the figures around them.
public struct PreparationReport: Sendable {
    /// All findings of one rule.
    public struct Item: Sendable {
        public var rule: Rule
        public var findings: RuleFindings
        /// Whether the program can do something about them.
        public var isMendable: Bool
    }

    public var files: [InputFile]
    /// Findings by rule: the gravest first, then in the order of `Rule.all`; only rules that found something.
    public var findings: [Item]
    public var task: TaskKind
    /// Records that were read, rows among them that can be used, and rows that remedies have left out.
    public var read: Int
    public var kept: Int
    public var leftOut: [String: Int]
    /// Rows of each split as it is given or would be drawn.
    public var rows: [Split: Int]
    /// Rows of validation and test that also stand in training.
    public var overlap: Int
    /// Distinct answers, where they are labels, the commonest first.
    public var labels: [(text: String, count: Int)]
    public var bytes: Int
    public var tokens: Int
    public var vocabularySize: Int
    /// Seconds of reading, checking and counting tokens, and of the search for near duplicates.
    public var readingSeconds: Double
    public var nearDuplicateSeconds: Double

    /// Findings about which something can be done here.
    public var remedies: [Item] { findings.filter(\.isMendable) }
}
