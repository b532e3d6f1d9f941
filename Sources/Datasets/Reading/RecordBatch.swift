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
        /// A comma of a JSON array that is missing or one too many; the record is empty.
        case badComma
        /// After the end of a JSON array.
        case afterArray
    }

    /// In the batch's bytes.
    package var start: Int
    package var end: Int
    /// Position of the first byte, counted from one; columns count Unicode scalars.
    package var line: Int
    package var column: Int
    package var defect = Defect.none
}

/// Records of one file, and their bytes.
package struct RecordBatch: Sendable {
    /// The file's index in the list of inputs.
    package let file: Int
    /// The index of the first record in its file, counted from 0.
    package let firstRecord: Int
    package let bytes: [UInt8]
    package let records: [RecordRange]

    /// Without the first record.
    package var withoutFirst: RecordBatch {
        RecordBatch(file: file, firstRecord: firstRecord + 1, bytes: bytes, records: Array(records.dropFirst()))
    }
}
