// Documents: units of data that the model reads independently of each other.

import Conversations

/// How a file is divided into documents.
package enum DataFormat: String, Sendable, CaseIterable {
    /// By the file's content: JSON rows, otherwise one stream.
    case auto
    /// The file is one document, a stream.
    case text
    /// Documents are separated by blank lines.
    case documents
    /// Each line is a document.
    case lines
    /// One JSON object per line: `{"prompt", "completion"}`.
    case promptCompletion = "prompt-completion"
    /// One JSON object per line: `{"messages": [{"role", "content", "weight"?} …]}`.
    case chat
    /// One JSON object per line: `{"instruction", "input"?, "output"}`.
    case instruction
    /// One JSON object per line: `{"text"}`.
    case textRows = "text-rows"

    /// The kind that all rows must have; nil if any or none.
    var rowKind: Row.Kind? {
        switch self {
        case .auto, .text, .documents, .lines: nil
        case .promptCompletion: .promptCompletion
        case .chat: .chat
        case .instruction: .instruction
        case .textRows: .text
        }
    }
}

/// One document and its origin.
package struct Document: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        /// A file read as one stream; it may be cut anywhere.
        case stream([UInt8])
        /// A text with a start and an end.
        case text([UInt8])
        /// Messages; the model learns the assistant's.
        case conversation([Message])
    }

    /// The file's path as given.
    package let path: String
    /// The line where it starts, counted from one.
    package let line: Int
    package let content: Content
    /// Whether it is a JSON row, which is kept in one window, or plain text, which may be cut into windows.
    package var isRow: Bool { row != nil }
    /// The kind of row; nil for plain text.
    package let row: Row.Kind?
    /// The conversation with the answer that people like less; nil where there is one answer.
    package private(set) var rejected: [Message]?
    /// Whether people like the answer, where the row says so.
    package private(set) var isGood: Bool?

    /// Plain text, or a conversation that is not from a file.
    package init(path: String, line: Int, content: Content) {
        self.init(path: path, line: line, content: content, row: nil)
    }

    init(path: String, line: Int, content: Content, row: Row.Kind?) {
        self.path = path
        self.line = line
        self.content = content
        self.row = row
    }

    init(path: String, _ parsed: ParsedRow) {
        self.init(path: path, line: parsed.line, content: parsed.row.content, row: parsed.row.kind)
        (rejected, isGood) = (parsed.row.rejectedMessages, parsed.row.isGood)
    }

    /// Whether its row says how good an answer is.
    package var isJudged: Bool { rejected != nil || isGood != nil }

    /// The template used if the config names none; nil for texts.
    package var defaultTemplate: ChatTemplate? {
        switch row {
        case .chat: .chat
        case .instruction: .instruction
        case .promptCompletion: .raw
        case .text, nil: nil
        }
    }

    /// The size of its texts in bytes.
    package var byteCount: Int {
        func size(_ messages: [Message]) -> Int { messages.reduce(0) { $0 + $1.content.count } }
        switch content {
        case .stream(let bytes), .text(let bytes): return bytes.count
        case .conversation(let messages): return size(messages) + (rejected.map(size) ?? 0)
        }
    }

    /// Divides a file into documents. Blank lines between documents belong to none; a stream keeps every byte.
    package static func documents(of file: TextFile, format: DataFormat = .auto) throws(DatasetError) -> [Document] {
        try reading(of: file, format: format).documents
    }

    /// The same, and what was ignored.
    ///
    /// - Parameter readsJudgements: whether rows may say which answers are better.
    package static func reading(
        of file: TextFile, format: DataFormat, ignoring ignoredKeys: Set<String> = [], readsJudgements: Bool = false
    ) throws(DatasetError) -> DataReading {
        var options = RowOptions(ignoredKeys: ignoredKeys)
        options.readsJudgements = readsJudgements
        let reader = StrictReader(file: file, options: options)
        if let kind = format.rowKind { return try reader.documents(reader.rowFormat(), kind: kind) }
        guard format == .auto else { return DataReading(documents: texts(of: file, format)) }
        let found = try reader.format()
        return found.isText ? DataReading(documents: stream(file)) : try reader.documents(found, kind: nil)
    }

    /// Throws if the files of a folder have rows of several kinds, or rows and texts.
    package static func checkKinds(
        _ parts: some Sequence<(String, [Document])>, folder: String
    ) throws(DatasetError) {
        var first: (path: String, kind: String)?
        for (path, documents) in parts {
            guard let document = documents.first else { continue }
            let kind = document.row.map { "\($0.rawValue) rows" } ?? "text"
            guard let known = first else {
                first = (path, kind)
                continue
            }
            guard known.kind == kind else {
                throw .mixedFolder(
                    folder: folder, first: known.path, firstKind: known.kind, second: path, secondKind: kind)
            }
        }
    }

    private static func texts(of file: TextFile, _ format: DataFormat) -> [Document] {
        switch format {
        case .lines: return lines(of: file).filter { !isBlank($0.bytes) }.map { $0.document(file.path) }
        case .documents:
            return lines(of: file).split(whereSeparator: { isBlank($0.bytes) }).map { part in
                let bytes = Array(part.map(\.bytes).joined(separator: [0x0A]))
                return Line(number: part[part.startIndex].number, bytes: bytes[...]).document(file.path)
            }
        default: return stream(file)
        }
    }

    private static func stream(_ file: TextFile) -> [Document] {
        file.bytes.isEmpty ? [] : [Document(path: file.path, line: 1, content: .stream(file.bytes))]
    }

    /// One line of a file.
    struct Line {
        let number: Int
        let bytes: ArraySlice<UInt8>

        func document(_ path: String) -> Document {
            Document(path: path, line: number, content: .text(Array(bytes)))
        }
    }

    static func lines(of file: TextFile) -> [Line] {
        file.bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().map {
            Line(number: $0.offset + 1, bytes: $0.element)
        }
    }

    static func isBlank(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}
