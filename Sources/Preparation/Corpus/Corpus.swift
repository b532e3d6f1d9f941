// The index of all rows, with statistics over all of them.

import Datasets
import Tokenizer

/// The task that the rows teach.
package enum TaskKind: String, Sendable {
    /// A few distinct answers, each used often.
    case classification
    /// One answer per prompt.
    case conditional
    /// Texts without prompts.
    case openEnded = "open-ended"
}

/// One input file.
package struct InputFile: Sendable, Equatable {
    package var path: String
    /// The split of its rows; nil if the rows are split at random.
    package var split: Split?
}

/// The result of one pass over the inputs.
struct Corpus: Sendable {
    var files: [InputFile]
    var entries: [CorpusEntry] = []
    /// Statistics of prompt-completion rows.
    var prompts = ColumnStatistics()
    var answers = ColumnStatistics()
    var labels = LabelCount()
    var findings = FindingLedger()
    /// Signatures of complete rows; and of prompts, if the answers are long enough to make rows with the same prompt
    /// different.
    var signatures = SignatureIndex()
    var promptSignatures = SignatureIndex()
    /// Pairs of nearly equal rows, and of rows with nearly equal prompts; set by the near-duplicate search.
    var nearPairs: [NearDuplicates.Pair] = []
    var nearPrompts: [NearDuplicates.Pair] = []
    /// Rows and records that could not be read, and the number of rows dropped by each rule.
    var unreadable = 0
    var dropped: [String: Int] = [:]
    /// What the fix of each rule would remove, and the size of the columns.
    var effects: [String: FixEffect] = [:]
    var columns = FixEffect()
    var bytes = 0
    var tokens = 0
    /// Counts the tokens.
    var tokenizer: Tokenizer
    /// Whether a chat template frames prompts and completions.
    var framesPairs = false

    /// The most frequent kind of row; among equally frequent ones, the first in the list of kinds.
    var mainKind: Row.Kind {
        let counts = kindCounts
        return Row.Kind.allCases.max { (counts[$0] ?? 0) < (counts[$1] ?? 0) } ?? .text
    }

    var kindCounts: [Row.Kind: Int] {
        entries.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    }

    /// Whether the answers look like labels, also with too few rows for a classification: they repeat.
    var looksLabelled: Bool {
        let asking = entries.count { $0.flags.contains(.hasAnswer) }
        return !labels.isOpen && labels.labels.count > 1 && labels.labels.count * 2 <= asking
    }

    /// The task of the rows. As in OpenAI's prepare_data, answers are labels if there are fewer than a third as many as
    /// rows; here they must also be short and at most a few hundred.
    var task: TaskKind {
        let asking = entries.filter { $0.kind != .text }
        if asking.count * 2 < entries.count || asking.allSatisfy({ $0.flags.contains(.emptyPrompt) }) {
            return .openEnded
        }
        let isLabelled = !labels.isOpen && labels.labels.count > 1 && labels.labels.count * 3 < asking.count
        return isLabelled ? .classification : .conditional
    }
}

/// The findings of a rule over all rows.
struct CorpusVerdict {
    let file: [InputFile]
    private(set) var findings: RuleFindings
    /// Rows to drop.
    var drops: [RowID] = []
    /// Fixes for all rows.
    var fixes: [CorpusFix] = []

    init(_ rule: Rule, _ corpus: Corpus) {
        file = corpus.files
        findings = RuleFindings(rule: rule.name)
    }

    /// Whether the program can fix the findings.
    var isFixable: Bool { !drops.isEmpty || !fixes.isEmpty }

    /// Adds a finding at a part of a row.
    mutating func add(_ entry: CorpusEntry, _ place: CorpusEntry.Place, _ message: String) {
        findings.add(
            Finding(file: entry.file, line: Int(place.line), column: Int(place.column), message: message))
    }

    /// Adds a finding at a row.
    mutating func add(_ entry: CorpusEntry, _ message: String) { add(entry, entry.place, message) }

    /// `train.jsonl, line 7`, for messages about another row.
    func name(_ entry: CorpusEntry) -> String { "\(file[entry.file].path), line \(entry.place.line)" }
}
