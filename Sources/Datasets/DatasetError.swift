// Defects of a run's data.

import Files
import Foundation
import StrictJSON

/// One case per defect; the description is the error message.
package enum DatasetError: Error, Equatable, CustomStringConvertible {
    case fileNotFound(path: String)
    case isFolder(path: String)
    case emptyFolder(path: String)
    case notRegular(path: String)
    case unreadable(path: String)
    case unwritable(path: String)
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// The column counts bytes.
    case invalidUTF8(path: String, line: Int, column: Int, byte: UInt8)
    /// A split without any token to predict.
    case emptySplit(split: String, reason: String)
    case fractionsTooLarge(validation: Double, test: Double)
    case encoding(path: String, line: Int, reason: String)
    /// A row that is not understood or not complete; the hint says what the user can do about it.
    case badRow(path: String, line: Int, column: Int, reason: String, hint: String? = nil)
    /// A file that is not text; `kind` is what it appears to be.
    case notText(path: String, kind: String)
    /// A pointer text in the place of a file that Git LFS has not fetched.
    case gitLFSPointer(path: String, GitLFSPointer)
    /// A file that contains no rows, and whose name is not one of a text.
    case notNamedText(path: String)
    /// Rows of several kinds in one folder.
    case mixedFolder(folder: String, first: String, firstKind: String, second: String, secondKind: String)
    /// A folder without a file that is data.
    case nothingToRead(path: String)
    /// zlib's message, and the number of bytes that could be read.
    case brokenGzip(path: String, reason: String, after: Int)
    case columnNotFound(path: String, column: String, columns: [String])
    case columnsUnknown(path: String, columns: [String])
    case mixedRows(path: String, line: Int, found: String, expected: String, since: Int?)
    case lineTooLong(path: String, line: Int, bytes: Int, limit: Int)
    /// All rows that are longer than the context, in order.
    case overlong(rows: [LongRow], limit: Int)
    /// An answer that contains a text at which its template ends answers.
    case stopText(path: String, line: Int, template: String, text: String)
    /// A row without loss tokens.
    case withoutLoss(path: String, line: Int)

    /// A row that is too long.
    package struct LongRow: Sendable, Equatable {
        package let path: String
        package let line: Int
        package let tokens: Int

        package init(path: String, line: Int, tokens: Int) {
            self.path = path
            self.line = line
            self.tokens = tokens
        }
    }

    package var description: String {
        switch self {
        case .fileNotFound(let path): "\(path): no such file"
        case .isFolder(let path): "\(path) is a folder, where a text file was expected"
        case .emptyFolder(let path): "\(path) is a folder without files"
        case .notRegular(let path): "\(path) is not a regular file"
        case .unreadable(let path): "\(path) cannot be read"
        case .unwritable(let path): "\(path) cannot be written"
        case .tooLarge(let path, let bytes, let limit):
            "\(path) has \(bytes) bytes; the limit for one text file is \(limit)"
        case .invalidUTF8(let path, let line, let column, let byte):
            "\(path), line \(line), byte \(column): 0x\(hexadecimal(byte)) is not valid UTF-8"
        case .emptySplit(let split, let reason): "the \(split) split is empty: \(reason)"
        case .fractionsTooLarge(let validation, let test):
            "data.validationFraction \(validation) and data.testFraction \(test) leave nothing to train on"
        case .encoding(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .badRow(let path, let line, let column, let reason, _):
            "\(path), line \(line), column \(column): \(reason)"
        case .notText(let path, let kind): "\(path) is not a text file: it looks like \(kind)"
        case .gitLFSPointer(let path, let pointer): "\(path) is \(pointer)"
        case .notNamedText(let path): "\(path) contains no rows, and its name does not say that it is a text"
        case .mixedFolder(let folder, let first, let firstKind, let second, let secondKind):
            "\(folder) mixes kinds of data: \(first) is \(firstKind), \(second) is \(secondKind)"
        case .nothingToRead(let path): "\(path): the folder has no data (jsonl, json, csv, tsv, txt or md files)"
        case .brokenGzip(let path, let reason, let after):
            "\(path): the gzip stream is broken after \(after) bytes of text: \(reason)"
        case .columnNotFound(let path, let column, let columns):
            "\(path), line 1: there is no column \(column); the columns are \(columns.joined(separator: ", "))"
                + RowKeys.meant([column], columns)
        case .columnsUnknown(let path, let columns):
            "\(path), line 1: which column is the prompt, and which is the answer? The columns are "
                + columns.joined(separator: ", ") + RowKeys.meant(columns, ["prompt", "completion", "text"])
        case .mixedRows(let path, let line, let found, let expected, let since):
            "\(path), line \(line), column 1: a \(found) row among \(expected) rows"
                + (since.map { " (line \($0))" } ?? "")
        case .lineTooLong(let path, let line, let bytes, let limit):
            "\(path), line \(line), column 1: the line has \(bytes) bytes; the limit is \(limit)"
        case .overlong(let rows, let limit):
            "\(rows.count) rows are longer than the \(limit) tokens that fit the context: "
                + rows.prefix(10).map { "\($0.path), line \($0.line): \($0.tokens)" }.joined(separator: "; ")
                + (rows.count > 10 ? "; …" : "")
        case .stopText(let path, let line, let template, let text):
            "\(path), line \(line): an answer contains \"\(text.replacing("\n", with: "\\n"))\", where the template "
                + "\(template) ends answers, so the model can never give it"
        case .withoutLoss(let path, let line):
            "\(path), line \(line), column 1: no token of this row counts in the loss, so nothing is learned from it"
        }
    }

    /// What the user can do about it, if known.
    package var hint: String? {
        switch self {
        case .invalidUTF8: "save the file as UTF-8; `iconv -f windows-1252 -t utf-8 FILE` converts an older encoding"
        case .badRow(_, _, _, _, let hint): hint
        case .fileNotFound(let path): nearestFile(to: path)
        case .columnNotFound, .columnsUnknown:
            "use `luthier prepare` with --prompt-column NAME and --completion-column NAME; numbers count columns from 1 "
                + "and mean that there is no header"
        case .notText: "save it as CSV or text in UTF-8, one file per sheet or table"
        case .gitLFSPointer(_, let pointer): pointer.hint
        case .notNamedText:
            "set data.format to text, documents or lines to train on it as it is, or `luthier prepare FILE --text lines`"
        case .mixedFolder: "name the files that belong together"
        case .brokenGzip: "download the file again"
        case .isFolder: "name the files in it"
        case .overlong:
            "increase model.contextLength, or set data.overlong to drop, truncate-prompt, truncate-answer or split"
        case .stopText:
            "set data.template to tokens with a tokenizer that is trained here, or to a template with another stop text"
        case .withoutLoss: "remove the row, or set data.rowsWithoutLoss to drop"
        case .emptySplit: "name a file for it in the data section, or set a fraction"
        default: nil
        }
    }

    /// `did you mean data/rows.jsonl?` for a file of the same folder whose name is close.
    private func nearestFile(to path: String) -> String? {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? ""
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        return Suggestion.nearest(to: name, among: names.sorted()).map { "did you mean \(folder)\($0)?" }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0" + digits : digits
    }
}

extension DatasetError {
    /// A file with bytes that are not text.
    static func notText(path: String, _ defect: TextDefect) -> DatasetError {
        switch defect {
        case .loneSurrogate(let offset): .notText(path: path, kind: "UTF-16 with half a character at byte \(offset)")
        case .utf32: .notText(path: path, kind: "text in UTF-32")
        case .zeroByte(let offset): .notText(path: path, kind: "binary data, with a zero at byte \(offset)")
        }
    }
}
