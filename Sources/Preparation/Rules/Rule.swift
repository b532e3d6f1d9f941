// A rule: what it finds, the effect on the model, and the fix.

import Datasets

/// One possible defect of data. To add a rule, add it to `Rule.all`.
package struct Rule: Sendable {
    /// What can be done about a finding.
    package enum Fix: Sendable {
        /// No automatic fix: advice for the user.
        case advice(String)
        /// A fix that is always applied when data is written, because the row cannot be used otherwise.
        case always(String)
        /// A fix that is applied if the user accepts it.
        case optional(String)
        /// A fix that can change what the data means: applied only if the user asks for it by its rule's name.
        case offered(String)
    }

    /// A match in a text, with its offset in bytes.
    struct TextMatch {
        var offset: Int
        var message: String
    }

    /// A match in a row.
    struct RowMatch {
        /// The index of the part; nil for the complete row.
        var part: Int?
        var message: String
    }

    /// How the rule is applied.
    enum Work: Sendable {
        /// While a record is read.
        case reading
        /// To each text. `fix` returns the text without the defect.
        case text(find: @Sendable (TextView) -> TextMatch?, fix: @Sendable ([UInt8]) -> [UInt8])
        /// To each row. `fix` returns the row without the defect; if it returns nil, or is nil, the row is dropped.
        case row(find: @Sendable (RowView) -> RowMatch?, fix: (@Sendable (Row) -> Row?)?)
        /// To all rows together.
        case corpus(@Sendable (Corpus, inout CorpusVerdict) -> Void)
    }

    /// The rule's id.
    package let name: String
    package let severity: Severity
    /// The effect on the model.
    package let effect: String
    package let fix: Fix
    let work: Work

    init(_ name: String, _ severity: Severity, effect: String, _ fix: Fix, _ work: Work) {
        self.name = name
        self.severity = severity
        self.effect = effect
        self.fix = fix
        self.work = work
    }

    /// The advice, or what the fix does.
    package var fixText: String {
        switch fix {
        case .advice(let text), .always(let text), .optional(let text), .offered(let text): text
        }
    }

    /// All rules, in the order in which findings of one severity are shown.
    package static let all: [Rule] =
        reading + text + rows + [tooFew, mixedFormats, emptyPrompts] + columns + labels + repetition

    /// Findings that often only follow from others: they are shown below their cause.
    static let causes: [String: [String]] = [
        "identical-prompts": [unknownKeys, "harmless-keys"], "identical-answers": [unknownKeys],
        "duplicate": [unknownKeys], "near-duplicate": [unknownKeys], "conflicting-answers": [unknownKeys],
        "empty-prompt": [unknownKeys], "leak": [unknownKeys],
        "mixed-formats": ["missing-field", unknownKeys, "key-spelling"],
        "no-leading-space": ["wrong-type"], "few-examples": ["empty-file"],
        "lost-character": ["invalid-encoding"], "misread-encoding": ["invalid-encoding"],
    ]

    /// Rules by name.
    static let named = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// A text and the set of its bytes, so that most rules can skip the text.
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

    /// Whether `byte` may occur; a byte of 0x80 or more also counts as the byte 0x80 below.
    func mayContain(_ byte: UInt8) -> Bool {
        (byte & 64 == 0 ? words.0 : words.1) & (1 << UInt64(byte & 63)) != 0
    }

    /// Whether a control character below 0x20 other than tab and line feed may occur, or 0x7F.
    var mayHaveControls: Bool {
        words.0 & 0xFFFF_FFFF & ~(1 << 0x09 | 1 << 0x0A) != 0 || words.1 & (1 << 63) != 0
    }

    var mayHaveDigits: Bool { words.0 & (0x3FF << 0x30) != 0 }
}

/// A row with its computed properties.
struct RowView {
    let row: Row
    /// Tokens of the complete row with its template.
    let tokens: Int
    /// Tokens of the longest answer, including end-of-text.
    let longestAnswer: Int
    /// T of the model to train.
    let contextLength: Int
    /// Hashes of the row's words.
    let words: [UInt64]
}
