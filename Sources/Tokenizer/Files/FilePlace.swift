// A place in one of a tokenizer's files.

import StrictJSON

/// A file, and where it is known the line and the column, both counted from 1.
package struct FilePlace: Sendable, Equatable, CustomStringConvertible {
    package let file: String
    package let line: Int?
    package let column: Int?

    package init(file: String, line: Int? = nil, column: Int? = nil) {
        self.file = file
        self.line = line
        self.column = column
    }

    init(file: String, _ position: SourcePosition) {
        self.init(file: file, line: position.line, column: position.column)
    }

    package var description: String {
        [file, line.map { "line \($0)" }, column.map { "column \($0)" }].compactMap { $0 }.joined(separator: ", ")
    }
}
