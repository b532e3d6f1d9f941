// Errors that end a preparation without a result. Defects of single rows are findings instead.

/// One case per defect; the description is the error message.
package enum PreparationError: Error, Equatable, CustomStringConvertible {
    case nothingToRead(path: String)
    case unreadable(path: String)
    /// A file that is not text; `kind` is what it appears to be.
    case notText(path: String, kind: String)
    /// zlib's message, and the number of bytes that could be read.
    case brokenGzip(path: String, reason: String, after: Int)
    case columnNotFound(path: String, column: String, columns: [String])
    case columnsUnknown(path: String, columns: [String])
    case outputNotEmpty(path: String)
    case fractions(validation: Double, test: Double)
    /// The inputs changed after they were checked.
    case changedMeanwhile

    package var description: String {
        switch self {
        case .nothingToRead(let path): "\(path): the folder has no data (jsonl, json, csv, tsv or txt files)"
        case .unreadable(let path): "\(path) cannot be read"
        case .notText(let path, let kind): "\(path) is not a text file: it looks like \(kind)"
        case .brokenGzip(let path, let reason, let after):
            "\(path): the gzip stream is broken after \(after) bytes of text: \(reason)"
        case .columnNotFound(let path, let column, let columns):
            "\(path), line 1: there is no column \(column); the columns are \(columns.joined(separator: ", "))"
        case .columnsUnknown(let path, let columns):
            "\(path), line 1: which column is the prompt, and which is the answer? The columns are "
                + columns.joined(separator: ", ")
        case .outputNotEmpty(let path): "\(path) is not an empty folder"
        case .fractions(let validation, let test):
            "a validation share of \(validation) and a test share of \(test) leave nothing to train on"
        case .changedMeanwhile: "the inputs changed while they were read"
        }
    }

    /// What the user can do about it.
    package var hint: String? {
        switch self {
        case .columnNotFound, .columnsUnknown:
            "use --prompt-column NAME and --completion-column NAME; numbers count columns from 1 and mean that there "
                + "is no header"
        case .notText: "save it as CSV or text in UTF-8, one file per sheet or table"
        case .outputNotEmpty: "name a new folder with --output"
        case .brokenGzip: "download the file again"
        default: nil
        }
    }
}
