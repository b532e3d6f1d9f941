// Detects how a file contains rows: by its content, and by its name only where the content leaves it open.

import Files

/// How plain text is divided into examples when data is prepared.
package enum TextCut: String, Sendable, CaseIterable {
    /// Documents if there are blank lines, otherwise lines.
    case auto
    case lines
    case documents
    case files
}

/// How a file's bytes contain rows.
package enum SourceFormat: Equatable, Sendable {
    /// One JSON value per line.
    case rows
    /// One JSON array whose elements are rows.
    case array
    /// JSON values over several lines: rows, or one object with lists of rows.
    case object
    /// One message per line, each naming the message that it answers.
    case messageTree
    /// Turns between `<|im_start|>` and `<|im_end|>`.
    case chatML
    case delimited(UInt8)
    case lines
    case paragraphs
    /// The file is one text.
    case file

    /// Whether it is plain text.
    package var isText: Bool { [.lines, .paragraphs, .file].contains(self) }

    /// Throws for a file that begins like something else than text.
    ///
    /// - Parameter start: the first bytes, as they are in the file; all of them where the file is short.
    static func rejectOtherKinds(_ start: ArraySlice<UInt8>, path: String) throws(DatasetError) {
        if let kind = unsupportedKind(start) { throw .notText(path: path, kind: kind) }
        if let pointer = start.withUnsafeBytes({ GitLFSPointer.detect($0) }) {
            throw .gitLFSPointer(path: path, pointer)
        }
    }

    /// The kind of a file that cannot be read; nil for text.
    package static func unsupportedKind(_ start: ArraySlice<UInt8>) -> String? {
        if start.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "a zip archive or a spreadsheet" }
        if start.starts(with: Array("PAR1".utf8)) { return "a Parquet table" }
        if start.starts(with: Array("ARROW1".utf8)) { return "an Arrow table" }
        if start.starts(with: [0x42, 0x5A, 0x68]) { return "a bzip2 archive" }
        if start.starts(with: [0xFD, 0x37, 0x7A, 0x58]) { return "an xz archive" }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return "a zstd archive" }
        if start.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { return "a spreadsheet of an old Excel" }
        if start.starts(with: Array("%PDF-".utf8)) { return "a PDF file" }
        return nil
    }

    /// Kinds of names of plain text, of JSON and of tables.
    package static let textKinds: Set<String> = [
        "txt", "text", "md", "markdown", "rst", "adoc", "org", "tex", "log",
    ]
    package static let jsonKinds: Set<String> = ["jsonl", "ndjson", "json"]
    package static let tableKinds: Set<String> = ["csv", "tsv", "tab"]

    /// The file's extension in lowercase, without `.gz`.
    package static func kind(ofName path: String) -> String {
        var name = path.lowercased()
        if name.hasSuffix(".gz") { name.removeLast(3) }
        return name.split(separator: "/").last?.split(separator: ".").dropFirst().last.map(String.init) ?? ""
    }

    /// - Parameters:
    ///   - start: the file's first bytes, decoded.
    ///   - text: how plain text is divided.
    ///   - delimiter: of a table, if the user named it.
    /// - Returns: nil for a file that is neither rows nor named as text.
    package static func detect(
        path: String, start: ArraySlice<UInt8>, text: TextCut, delimiter: UInt8? = nil
    ) -> SourceFormat? {
        let kind = kind(ofName: path)
        if let delimiter { return .delimited(delimiter) }
        if let format = structured(start, kind) { return format }
        if jsonKinds.contains(kind) { return .rows }
        if tableKinds.contains(kind) {
            return .delimited(Delimiters.detect(start) ?? UInt8(ascii: kind == "csv" ? "," : "\t"))
        }
        if let delimiter = Delimiters.knownHeader(start) { return .delimited(delimiter) }
        if !textKinds.contains(kind), hasTabColumns(start) { return .delimited(UInt8(ascii: "\t")) }
        guard textKinds.contains(kind) || text != .auto || start.allSatisfy(isSpace) else { return nil }
        return plain(start, text)
    }

    /// JSON and ChatML, by their first characters.
    private static func structured(_ start: ArraySlice<UInt8>, _ kind: String) -> SourceFormat? {
        let content = start.drop(while: isSpace)
        let second = content.dropFirst().first { !isSpace($0) }
        switch content.first {
        case UInt8(ascii: "{"):
            guard
                jsonKinds.contains(kind) || second == UInt8(ascii: "\"") || second == UInt8(ascii: "}")
                    || second == UInt8(ascii: "'")
            else { return nil }
            return json(content)
        case UInt8(ascii: "["):
            let isArray = second == UInt8(ascii: "{") || second == UInt8(ascii: "]")
            return isArray || kind == "json" ? .array : nil
        case UInt8(ascii: "<") where content.starts(with: ChatML.start): return .chatML
        case UInt8(ascii: "#"), UInt8(ascii: "/"):
            // A comment above rows: its line is reported as what it is.
            let next = content.drop { $0 != 0x0A }.drop(while: isSpace)
            let isRow = next.first == UInt8(ascii: "{") && next.dropFirst().first { !isSpace($0) } == UInt8(ascii: "\"")
            return isRow ? .rows : nil
        default: return nil
        }
    }

    /// Rows, messages of trees, or values over several lines.
    private static func json(_ content: ArraySlice<UInt8>) -> SourceFormat {
        // If the object ends on its first line, the file contains rows.
        let line = content.prefix { $0 != 0x0A }
        var (depth, inString, escaped) = (0, false, false)
        for byte in line {
            if escaped {
                escaped = false
            } else if inString {
                if byte == UInt8(ascii: "\\") { escaped = true }
                if byte == UInt8(ascii: "\"") { inString = false }
            } else if byte == UInt8(ascii: "\"") {
                inString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            }
        }
        let rest = content.dropFirst(line.count).drop(while: isSpace)
        // One object on one line may hold all rows; as a value it is read as what it is.
        guard depth <= 0, !inString, !rest.isEmpty || line.count < 4096 else { return .object }
        return MessageTree.isMessage(line) ? .messageTree : .rows
    }

    private static func hasTabColumns(_ start: ArraySlice<UInt8>) -> Bool {
        let lines = start.split(separator: 0x0A).prefix(8)
        // The last line may be incomplete.
        let complete = lines.count > 1 ? lines.dropLast() : lines
        return !complete.isEmpty && complete.allSatisfy { $0.contains(0x09) }
    }

    private static func plain(_ start: ArraySlice<UInt8>, _ text: TextCut) -> SourceFormat {
        switch text {
        case .lines: return .lines
        case .documents: return .paragraphs
        case .files: return .file
        case .auto: return hasBlankLine(start) ? .paragraphs : .lines
        }
    }

    /// Whether there is a blank line between two other lines.
    private static func hasBlankLine(_ start: ArraySlice<UInt8>) -> Bool {
        let lines = start.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { !$0.allSatisfy(isSpace) }),
            let last = lines.lastIndex(where: { !$0.allSatisfy(isSpace) })
        else { return false }
        return lines[first..<last].contains { $0.allSatisfy(isSpace) }
    }

    package static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}

/// Which character separates the fields of a table.
enum Delimiters {
    private static let candidates = [",", "\t", ";", "|"].map { UInt8(ascii: Unicode.Scalar($0)!) }
    /// How many records are compared with the header.
    private static let comparedRecords = 20

    /// The delimiter that gives the most records as many fields as the header; nil for a table of one column.
    static func detect(_ start: ArraySlice<UInt8>) -> UInt8? {
        let sample = start.prefix(64 << 10)
        var best: (delimiter: UInt8, score: Int)?
        for delimiter in candidates {
            let records = Array(self.records(sample, delimiter))
            guard let header = records.first, header.count > 1 else { continue }
            let known = header.count { isKnown($0.text) }
            let equal = records.count { $0.count == header.count }
            let score = equal * 1000 / records.count + known * 200 + header.count
            if score > best?.score ?? 0 { best = (delimiter, score) }
        }
        return best?.delimiter
    }

    /// The delimiter of a file whose first line names columns of rows.
    static func knownHeader(_ start: ArraySlice<UInt8>) -> UInt8? {
        let line = start.prefix(4096).prefix { $0 != 0x0A }
        guard line.count < 4096 else { return nil }
        return candidates.first { delimiter in
            let fields = fields(line, delimiter)
            guard fields.count > 1 else { return false }
            let names = fields.map { RowKeys.plain(String(decoding: $0.text, as: UTF8.self)) }
            guard Set(names).count == names.count else { return false }
            let answers = names.filter { RowKeys.answers.contains($0) }
            return answers.contains { answer in names.contains { $0 != answer && RowKeys.prompts.contains($0) } }
        }
    }

    private static func isKnown(_ name: [UInt8]) -> Bool {
        let name = RowKeys.plain(String(decoding: name, as: UTF8.self))
        return RowKeys.prompts.contains(name) || RowKeys.answers.contains(name) || RowKeys.chats.contains(name)
    }

    private static func records(_ sample: ArraySlice<UInt8>, _ delimiter: UInt8) -> [[DelimitedField]] {
        var splitter = RecordSplitter(format: .delimited(delimiter))
        var ranges: [RecordRange] = []
        return sample.withUnsafeBufferPointer { bytes in
            _ = splitter.split(bytes, isEnd: sample.count < 64 << 10, into: &ranges)
            return ranges.prefix(comparedRecords).map { range in
                DelimitedRecord.fields(
                    UnsafeBufferPointer(rebasing: bytes[range.start..<range.end]), delimiter: delimiter,
                    hasOpenQuote: range.defect == .openQuote
                ).fields
            }
        }
    }

    private static func fields(_ line: ArraySlice<UInt8>, _ delimiter: UInt8) -> [DelimitedField] {
        line.withUnsafeBufferPointer { DelimitedRecord.fields($0, delimiter: delimiter).fields }
    }
}
