// What is kept of each row: places, hashes and lengths. About a hundred bytes, whatever the row's length.

import Datasets

/// One row in the index.
struct CorpusEntry: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let emptyPrompt = Flags(rawValue: 1)
        static let answerLacksSpace = Flags(rawValue: 2)
        static let capitalPrompt = Flags(rawValue: 4)
        static let capitalAnswer = Flags(rawValue: 8)
        static let hasAnswer = Flags(rawValue: 16)
        /// A separator stands inside the prompt as well as at its end.
        static let separatorInside = Flags(rawValue: 32)
        /// The same of the ending inside the answer.
        static let endingInside = Flags(rawValue: 64)
    }

    /// A line and a column of the row's file.
    struct Place: Sendable {
        var line: Int32
        var column: Int32
    }

    var id: RowID
    var kind: PreparedRow.Kind
    /// nil where the row's part is not given but to be drawn.
    var split: Split?
    var flags: Flags
    var place: Place
    var promptPlace: Place
    var answerPlace: Place
    var fingerprint: RowFingerprint
    /// Of all that stands before the last answer.
    var prompt: RowFingerprint
    var answer: RowFingerprint
    var tokens: Int32

    var file: Int { Int(id.file) }
    /// Training unless another split is named.
    var givenSplit: Split { split ?? .train }
}
