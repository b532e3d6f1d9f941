// A rule: what is looked for, what it does to the model, and what can be done.

import Datasets

/// One thing that can be wrong with data. `Rule.all` is the list; a new rule is one more entry there.
public struct Rule: Sendable {
    /// What is done about a finding.
    public enum Remedy: Sendable {
        /// A person has to decide; this is the advice.
        case advice(String)
        /// A row that cannot be used otherwise: done whenever data is written.
        case necessary(String)
        /// Done where it is asked for.
        case offered(String)
    }

    /// A place inside a text, as an offset in bytes.
    struct TextMatch {
        var offset: Int
        var message: String
    }

    /// A part of a row.
    struct RowMatch {
        /// nil for the row as a whole.
        var part: Int?
        var message: String
    }

    /// How the rule is applied.
    enum Work: Sendable {
        /// While a record is read.
        case reading
        /// To each text by itself. `fix` gives the text without the defect.
        case text(find: @Sendable (TextView) -> TextMatch?, fix: @Sendable ([UInt8]) -> [UInt8])
        /// To each row. `fix` gives the row without the defect; where it gives nil, or is nil, the row is left out.
        case row(find: @Sendable (RowView) -> RowMatch?, fix: (@Sendable (PreparedRow) -> PreparedRow?)?)
        /// To all rows together.
        case corpus(@Sendable (Corpus, inout CorpusVerdict) -> Void)
    }

    /// The name that is printed.
    public let name: String
    public let severity: Severity
    /// What it does to the model.
    public let effect: String
    public let remedy: Remedy
    let work: Work

    init(_ name: String, _ severity: Severity, effect: String, _ remedy: Remedy, _ work: Work) {
        self.name = name
        self.severity = severity
        self.effect = effect
        self.remedy = remedy
        self.work = work
    }

    /// The advice or what the remedy does.
    public var fix: String {
        switch remedy {
        case .advice(let text), .necessary(let text), .offered(let text): text
        }
    }

    /// Every rule, in the order in which findings are shown within one severity.
    public static let all: [Rule] =
        reading + text + rows + [tooFew, mixedFormats, emptyPrompts] + columns + labels + repetition

    /// Rules by name.
    static let named = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// A text and which bytes occur in it, so that most rules need not look.
struct TextView {
    let bytes: UnsafeBufferPointer<UInt8>
    let presence: BytePresence

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        presence = BytePresence(bytes)
    }
}

/// A set of byte values.
struct BytePresence {
    private var words: (UInt64, UInt64) = (0, 0)
    /// Whether a byte of 0x80 or more occurs.
    private(set) var hasUpper = false

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        var (low, high, all): (UInt64, UInt64, UInt8) = (0, 0, 0)
        for byte in bytes {
            let bit: UInt64 = 1 << UInt64(byte & 63)
            if byte & 64 == 0 { low |= bit } else { high |= bit }
            all |= byte
        }
        words = (low, high)
        hasUpper = all >= 0x80
    }

    /// Whether `byte` may occur; bytes of 0x80 or more count for the one 0x80 below as well.
    func mayContain(_ byte: UInt8) -> Bool {
        (byte & 64 == 0 ? words.0 : words.1) & (1 << UInt64(byte & 63)) != 0
    }

    /// Whether a control character below 0x20 other than tab and line feed may occur, or 0x7F.
    var mayHaveControls: Bool {
        words.0 & 0xFFFF_FFFF & ~(1 << 0x09 | 1 << 0x0A) != 0 || words.1 & (1 << 63) != 0
    }

    var mayHaveDigits: Bool { words.0 & (0x3FF << 0x30) != 0 }
}

/// A row and what is known of it.
struct RowView {
    let row: PreparedRow
    /// Of the whole row as its template frames it.
    let tokens: Int
    /// Of the longest answer, with its end.
    let longestAnswer: Int
    /// T of the model that is to be trained.
    let contextLength: Int
    /// Hashes of the row's words.
    let words: [UInt64]
}
