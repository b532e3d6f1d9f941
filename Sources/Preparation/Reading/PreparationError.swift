// What ends a preparation before it has a result. Whatever is wrong with single rows is a finding instead.

/// One case per defect; the description is the message that a person reads.
public enum PreparationError: Error, Equatable, CustomStringConvertible {
    case nothingToRead(path: String)
    case unreadable(path: String)
    /// Bytes that no text has; `kind` says what the file seems to be.
    case notText(path: String, kind: String)
    /// zlib's own words, and how many bytes could still be read.
    case brokenGzip(path: String, reason: String, after: Int)
    case columnNotFound(path: String, column: String, columns: [String])
    case columnsUnknown(path: String, columns: [String])
    case outputNotEmpty(path: String)
    case fractions(validation: Double, test: Double)
    /// The inputs are not the same as when they were checked.
    case changedMeanwhile

    public var description: String {
        switch self {
        case .nothingToRead(let path): "\(path): a folder without data (jsonl, json, csv, tsv or txt files)"
        case .unreadable(let path): "\(path) cannot be read"
        case .notText(let path, let kind): "\(path) is no text: it looks like \(kind)"
        case .brokenGzip(let path, let reason, let after):
            "\(path): the gzip stream breaks off after \(after) bytes of text: \(reason)"
        case .columnNotFound(let path, let column, let columns):
            "\(path), line 1: there is no column \(column); the columns are \(columns.joined(separator: ", "))"
        case .columnsUnknown(let path, let columns):
            "\(path), line 1: which column is the prompt, and which the answer? The columns are "
                + columns.joined(separator: ", ")
        case .outputNotEmpty(let path): "\(path) is no empty folder"
        case .fractions(let validation, let test):
            "a validation share of \(validation) and a test share of \(test) leave nothing to train on"
        case .changedMeanwhile: "the inputs changed while they were read"
        }
    }

    /// What the reader can do about it.
    public var hint: String? {
        switch self {
        case .columnNotFound, .columnsUnknown:
            "--prompt-column NAME and --completion-column NAME; numbers count columns from 1 and mean that there is "
                + "no header"
        case .notText: "save it as CSV or text in UTF-8, one sheet or table a file"
        case .outputNotEmpty: "name a new folder with --output"
        case .brokenGzip: "fetch the file again"
        default: nil
        }
    }
}
