// The index entry of a row: places, hashes and lengths. About a hundred bytes, whatever the row's length.

import Datasets

/// One row in the index.
struct CorpusEntry: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let emptyPrompt = Flags(rawValue: 1)
        static let answerLacksSpace = Flags(rawValue: 2)
        static let uppercasePrompt = Flags(rawValue: 4)
        static let uppercaseAnswer = Flags(rawValue: 8)
        static let hasAnswer = Flags(rawValue: 16)
        /// A separator occurs inside the prompt and at its end.
        static let separatorInside = Flags(rawValue: 32)
        /// The same for the ending of the answer.
        static let endingInside = Flags(rawValue: 64)
    }

    /// A line and a column in the row's file.
    struct Place: Sendable {
        var line: Int32
        var column: Int32
    }

    var id: RowID
    var kind: Row.Kind
    /// nil if the row is assigned to a split at random.
    var split: Split?
    var flags: Flags
    var place: Place
    var promptPlace: Place
    var answerPlace: Place
    var fingerprint: RowFingerprint
    /// Of everything before the last answer.
    var prompt: RowFingerprint
    var answer: RowFingerprint
    var tokens: Int32

    var file: Int { Int(id.file) }
    /// The given split, otherwise training.
    var givenSplit: Split { split ?? .train }
}
