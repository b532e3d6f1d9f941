// Records: the stretches of a file that are one row each, before anybody looks into them.

/// Where a record stands.
package struct RecordRange: Sendable {
    /// What is wrong with the record as a stretch of bytes.
    package enum Defect: Sendable {
        case none
        /// A quoted field that nothing closes; the record is its first line.
        case openQuote
        /// Longer than a row can be; the record is empty.
        case tooLarge
        /// An array of JSON that nothing closes; the record is empty.
        case openArray
    }

    /// In the batch's bytes.
    package var start: Int
    package var end: Int
    /// Of the first byte, both counted from one; columns count Unicode scalars.
    package var line: Int
    package var column: Int
    var defect = Defect.none
}

/// Some records of one file and the bytes that they lie in.
struct RecordBatch: Sendable {
    /// The file's number in the list of inputs.
    let file: Int
    /// The number of the first record, counted from 0 in its file.
    let firstRecord: Int
    let bytes: [UInt8]
    let records: [RecordRange]
}
