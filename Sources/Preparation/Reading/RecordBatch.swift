// Records: the byte ranges of a file that contain one row each, before parsing.

/// The range of a record.
package struct RecordRange: Sendable {
    /// A defect of the record's byte range.
    package enum Defect: Sendable {
        case none
        /// A quoted field that is not closed; the record is its first line.
        case openQuote
        /// Longer than the limit; the record is empty.
        case tooLarge
        /// A JSON array that is not closed; the record is empty.
        case openArray
    }

    /// In the batch's bytes.
    package var start: Int
    package var end: Int
    /// Position of the first byte, counted from one; columns count Unicode scalars.
    package var line: Int
    package var column: Int
    var defect = Defect.none
}

/// Records of one file, and their bytes.
struct RecordBatch: Sendable {
    /// The file's index in the list of inputs.
    let file: Int
    /// The index of the first record in its file, counted from 0.
    let firstRecord: Int
    let bytes: [UInt8]
    let records: [RecordRange]
}
