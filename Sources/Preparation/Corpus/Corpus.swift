// The index of all rows, with what is known of all of them together.

import Datasets
import Tokenizer

/// What the rows ask of a model.
public enum TaskKind: String, Sendable {
    /// Few different answers, each used often.
    case classification
    /// An answer to each prompt.
    case conditional
    /// Texts without prompts.
    case openEnded = "open-ended"
}

/// One input file.
public struct InputFile: Sendable, Equatable {
    public var path: String
    /// The split that its rows belong to; nil where they are to be divided.
    public var split: Split?
}

/// Everything that one reading of the inputs leaves.
struct Corpus: Sendable {
    var files: [InputFile]
    var entries: [CorpusEntry] = []
    /// Of rows with a prompt and a completion, and of those with an instruction.
    var prompts = ColumnStatistics()
    var answers = ColumnStatistics()
    var labels = LabelCount()
    var findings = FindingLedger()
    /// Of whole rows; and of prompts, where the answers are long enough to make rows with one prompt unlike.
    var signatures = SignatureIndex()
    var promptSignatures = SignatureIndex()
    /// Pairs of rows that nearly say the same, and of rows that nearly ask the same; filled by the search for them.
    var nearPairs: [NearDuplicates.Pair] = []
    var nearPrompts: [NearDuplicates.Pair] = []
    /// Rows and records that could not be read, and rows that a remedy left out, by rule.
    var unreadable = 0
    var leftOut: [String: Int] = [:]
    var bytes = 0
    var tokens = 0
    /// What the tokens are counted with.
    var tokenizer: Tokenizer

    /// The kind of most rows; of equally frequent ones the first in the list of kinds.
    var mainKind: PreparedRow.Kind {
        let counts = kindCounts
        return PreparedRow.Kind.allCases.max { (counts[$0] ?? 0) < (counts[$1] ?? 0) } ?? .text
    }

    var kindCounts: [PreparedRow.Kind: Int] {
        entries.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
    }

    /// What the rows ask of a model. As in the original's rule, answers are labels where there are fewer than a third
    /// as many as rows; unlike there they must also be short and no more than some hundreds.
    var task: TaskKind {
        let asking = entries.filter { $0.kind != .text }
        if asking.count * 2 < entries.count || asking.allSatisfy({ $0.flags.contains(.emptyPrompt) }) {
            return .openEnded
        }
        let isLabelled = !labels.isOpen && labels.labels.count > 1 && labels.labels.count * 3 < asking.count
        return isLabelled ? .classification : .conditional
    }
}

/// What a rule over all rows found.
struct CorpusVerdict {
    let file: [InputFile]
    private(set) var findings: RuleFindings
    /// Rows to leave out.
    var drops: [RowID] = []
    /// Changes to all rows of a kind.
    var adjustments: [Adjustment] = []

    init(_ rule: Rule, _ corpus: Corpus) {
        file = corpus.files
        findings = RuleFindings(rule: rule.name)
    }

    /// Whether something can be done about it.
    var hasRemedy: Bool { !drops.isEmpty || !adjustments.isEmpty }

    /// Adds a finding at a part of a row.
    mutating func add(_ entry: CorpusEntry, _ place: CorpusEntry.Place, _ message: String) {
        findings.add(
            Finding(file: entry.file, line: Int(place.line), column: Int(place.column), message: message))
    }

    /// Adds a finding at a row.
    mutating func add(_ entry: CorpusEntry, _ message: String) { add(entry, entry.place, message) }

    /// `train.jsonl, line 7`, for a message about another row.
    func name(_ entry: CorpusEntry) -> String { "\(file[entry.file].path), line \(entry.place.line)" }
}
