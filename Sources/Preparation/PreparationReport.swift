// The result of checking the data.

import Datasets

/// The findings, and statistics of the data.
package struct PreparationReport: Sendable {
    /// All findings of one rule.
    package struct Item: Sendable {
        package var rule: Rule
        package var findings: RuleFindings
        /// Whether the program can fix them.
        package var isFixable: Bool
        /// Why the fix is applied only if the user names its rule; nil if it removes little.
        package var harm: String?

        /// Whether the fix is applied to all that is accepted without a question: it removes little, and does not
        /// change what the data means.
        package var isTaken: Bool {
            switch rule.fix {
            case .advice, .offered: false
            case .always: true
            case .optional: isFixable && harm == nil
            }
        }
        /// Whether data that is written keeps the finding: no fix, or one that was not applied.
        package var remains: Bool {
            switch rule.fix {
            case .always: false
            case .advice, .optional, .offered: true
            }
        }
    }

    package var files: [InputFile]
    /// Files of folders that are not read.
    package var skipped: [String]
    /// Findings by rule: the most severe first, then in the order of `Rule.all`; only rules that found something.
    package var findings: [Item]
    package var task: TaskKind
    /// Records that were read, rows among them that can be used, and rows that each fix has dropped.
    package var read: Int
    package var kept: Int
    package var dropped: [String: Int]
    /// Rows of each split, as given or as it would be made.
    package var rows: [Split: Int]
    /// Validation and test rows that are also in training.
    package var overlap: Int
    /// Distinct answers if they are labels, the most common first.
    package var labels: [(text: String, count: Int)]
    package var bytes: Int
    package var tokens: Int
    package var vocabularySize: Int
    /// Seconds for reading, checking and counting tokens, and for the near-duplicate search.
    package var readingSeconds: Double
    package var nearDuplicateSeconds: Double

    /// Rows that could not be read.
    package var unreadable: Int { read - kept - dropped.values.reduce(0, +) }

    /// The errors that data written now would keep, and a loss of more than a tenth of the rows; nil if there is none.
    package var remaining: String? {
        var parts = findings.filter { $0.rule.severity == .error && $0.remains }.map {
            "\($0.rule.name), \($0.findings.count)"
        }
        if unreadable * 10 > read {
            parts.append("\(unreadable) of \(read) rows could not be read and are not written")
        }
        return parts.isEmpty ? nil : "remains: " + parts.joined(separator: "; ")
    }

    /// Findings that the program can fix.
    package var fixable: [Item] { findings.filter(\.isFixable) }
}
