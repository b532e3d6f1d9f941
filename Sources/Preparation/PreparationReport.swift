// The result of checking the data.

import Datasets

/// The findings, and statistics of the data.
public struct PreparationReport: Sendable {
    /// All findings of one rule.
    public struct Item: Sendable {
        public var rule: Rule
        public var findings: RuleFindings
        /// Whether the program can fix them.
        public var isFixable: Bool
    }

    public var files: [InputFile]
    /// Findings by rule: the most severe first, then in the order of `Rule.all`; only rules that found something.
    public var findings: [Item]
    public var task: TaskKind
    /// Records that were read, rows among them that can be used, and rows that each fix has dropped.
    public var read: Int
    public var kept: Int
    public var dropped: [String: Int]
    /// Rows of each split, as given or as it would be made.
    public var rows: [Split: Int]
    /// Validation and test rows that are also in training.
    public var overlap: Int
    /// Distinct answers if they are labels, the most common first.
    public var labels: [(text: String, count: Int)]
    public var bytes: Int
    public var tokens: Int
    public var vocabularySize: Int
    /// Seconds for reading, checking and counting tokens, and for the near-duplicate search.
    public var readingSeconds: Double
    public var nearDuplicateSeconds: Double

    /// Findings that the program can fix.
    public var fixable: [Item] { findings.filter(\.isFixable) }
}
