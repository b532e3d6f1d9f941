// Parses a record into rows: defects become findings, and reading continues.

import Conversations
import StrictJSON

/// Identifies a row by file, record and row number; the same each time the inputs are read.
package struct RowID: Sendable, Hashable {
    /// The file's index in the list of inputs, and the record's index in its file.
    package var file: Int32
    package var record: Int32
    /// The row's index in a record with several rows.
    package var row: Int32 = 0
}

/// A row that could be read, and the position of its record.
package struct ParsedRow {
    package var id: RowID
    package var row: Row
    package var place: RecordPlace
    /// The start of the row.
    package var line: Int
    package var column: Int

    /// The start of a part's value, at its quote if it has one.
    package func start(of part: Row.Part) -> (line: Int, column: Int) {
        if case .json(let line, let column) = part.origin { return (line, column) }
        return place.position(of: part.origin, offset: 0)
    }
}

/// A row that could not be read.
package struct LostRow: Sendable, Equatable {
    package var line: Int
    /// Names of the rules that found something, sorted.
    package var rules: [String]
}

/// Reads the records of one file.
package struct RowParser: Sendable {
    let file: Int
    package let format: SourceFormat
    package let header: DelimitedHeader?
    let options: RowOptions
    /// What was found in the header: columns that are not understood, or are harmless.
    package private(set) var headerFindings = FindingLedger()
    /// The columns that are not understood, or only describe rows, which are kept with each row.
    private var unknownColumns: [(index: Int, isHarmless: Bool)] = []

    /// The parser of a file.
    ///
    /// - Parameter first: the first record, which may be a header.
    package init(
        file: Int, format: SourceFormat, options: RowOptions, path: String, first: RecordRange,
        in bytes: UnsafeBufferPointer<UInt8>
    ) throws(DatasetError) {
        (self.file, self.format, self.options) = (file, format, options)
        guard case .delimited(let delimiter) = format else {
            header = nil
            return
        }
        let record = UnsafeBufferPointer(rebasing: bytes[first.start..<first.end])
        let fields = DelimitedRecord.fields(record, delimiter: delimiter).fields
        let names = fields.map { String(decoding: $0.text, as: UTF8.self) }
        header = try DelimitedHeader(names, options.columns, path: path)
        if hasHeader, let name = repeated(names) {
            throw .badRow(
                path: path, line: first.line, column: first.column, reason: "two columns are named \"\(name)\"",
                hint: "rename one of them, or remove it")
        }
        sortColumns(fields, RecordPlace(bytes: record, line: first.line, column: first.column))
    }

    /// A name of two columns that says something.
    private func repeated(_ names: [String]) -> String? {
        var seen = Set<String>()
        return names.first { name in
            let plain = RowKeys.plain(name)
            return !seen.insert(plain).inserted && !RowKeys.harmless.contains(plain)
                && !options.ignoredKeys.contains(name)
        }
    }

    /// Whether the first record is not a row.
    package var hasHeader: Bool { header?.isRow == false }

    /// Reports the columns that are not read, unless the user chose the columns.
    private mutating func sortColumns(_ fields: [DelimitedField], _ place: RecordPlace) {
        guard let header, !header.isRow, !header.isObject, options.columns == ColumnChoice() else { return }
        for (index, field) in fields.enumerated() where index != header.completion && index != header.prompt {
            let (name, at) = (header.names[index], place.position(at: field.start))
            func report(_ rule: String, _ message: String) {
                headerFindings.add(rule, Finding(file: file, line: at.line, column: at.column, message: message))
            }
            if options.ignoredKeys.contains(name) {
                headerFindings.ignore(name)
            } else if RowKeys.harmless.contains(RowKeys.plain(name)) {
                headerFindings.ignore(name)
                report("harmless-keys", "the column \"\(name)\" is ignored")
                if options.keepsHarmless, !name.isEmpty { unknownColumns.append((index, true)) }
            } else {
                let nearest = Suggestion.nearest(to: name, among: RowKeys.known).flatMap { $0 == name ? nil : $0 }
                report(
                    "surplus-keys",
                    "the column \"\(name)\" is not understood" + (nearest.map { "; did you mean \($0)?" } ?? ""))
                unknownColumns.append((index, false))
            }
        }
    }

    /// Calls `body` for each row of a record. Rows that cannot be read are findings.
    ///
    /// - Returns: the rows that could not be read.
    @discardableResult
    package func rows(
        of record: RecordRange, number: Int, in bytes: UnsafeBufferPointer<UInt8>, _ findings: inout FindingLedger,
        _ body: (ParsedRow, inout FindingLedger) -> Void
    ) -> [LostRow] {
        func report(_ rule: String, _ line: Int, _ column: Int, _ message: @autoclosure () -> String) {
            findings.add(rule, Finding(file: file, line: line, column: column, message: message()))
        }
        switch record.defect {
        case .tooLarge:
            let limit = RecordReader.largestRecord(format) >> 20
            report("row-too-large", record.line, record.column, "the row has more than \(limit) MiB")
            return [LostRow(line: record.line, rules: ["row-too-large"])]
        case .openArray:
            report("invalid-json", record.line, record.column, "the array of rows is not closed: no ] at the end")
            return [LostRow(line: record.line, rules: ["invalid-json"])]
        case .badComma:
            report("invalid-json", record.line, record.column, "a comma between two rows is missing, or one too many")
            return []
        case .afterArray:
            report("invalid-json", record.line, record.column, "text after the end of the array of rows")
            return [LostRow(line: record.line, rules: ["invalid-json"])]
        case .none, .openQuote: break
        }
        let raw = UnsafeBufferPointer(rebasing: bytes[record.start..<record.end])
        let id = RowID(file: Int32(clamping: file), record: Int32(clamping: number))
        guard let invalid = TextFile.firstInvalidOffset(raw) else {
            return parse(
                RecordPlace(bytes: raw, line: record.line, column: record.column), id: id, record.defect, &findings,
                body)
        }
        let place = RecordPlace(bytes: raw, line: record.line, column: record.column).position(at: invalid)
        report(
            "invalid-encoding", place.line, place.column,
            "the byte 0x\(String(raw[invalid], radix: 16, uppercase: true)) is not valid UTF-8")
        let fixed = Windows1252.decodingInvalidBytes(raw)
        return fixed.withUnsafeBufferPointer {
            parse(
                RecordPlace(bytes: $0, line: record.line, column: record.column), id: id, record.defect, &findings, body
            )
        }
    }

    private func parse(
        _ place: RecordPlace, id: RowID, _ defect: RecordRange.Defect, _ findings: inout FindingLedger,
        _ body: (ParsedRow, inout FindingLedger) -> Void
    ) -> [LostRow] {
        func give(_ found: [JSONRowReader.Found], _ reader: inout JSONRowReader) -> [LostRow] {
            for (index, found) in found.enumerated() {
                var own = id
                own.row = Int32(clamping: index)
                body(
                    ParsedRow(id: own, row: found.row, place: place, line: found.line, column: found.column),
                    &reader.findings)
            }
            findings.add(reader.findings)
            return reader.lost
        }
        var reader = JSONRowReader(file: file, place: place, options: options)
        switch format {
        case .lines, .paragraphs, .file:
            let text = Row.Part(key: "text", role: nil, text: Array(place.bytes), origin: .plain(start: 0))
            let row = Row(kind: .text, parts: [text])
            body(ParsedRow(id: id, row: row, place: place, line: place.line, column: place.column), &findings)
            return []
        case .rows, .array, .object: return give(reader.rows(), &reader)
        case .messageTree: return give(reader.treeRows(), &reader)
        case .chatML: return give(ChatML.rows(&reader), &reader)
        case .delimited(let delimiter):
            guard let fields = fields(place, delimiter, defect, &findings) else {
                return [LostRow(line: place.line, rules: findings.byRule.keys.sorted())]
            }
            guard header?.isObject == true else {
                guard let row = row(fields) else { return [] }
                body(ParsedRow(id: id, row: row, place: place, line: place.line, column: place.column), &findings)
                return []
            }
            reader.isTable = true
            return give(objectRows(fields, place, &reader), &reader)
        }
    }

    /// The fields of a record; nil, with the finding, if there are not as many as columns.
    private func fields(
        _ place: RecordPlace, _ delimiter: UInt8, _ defect: RecordRange.Defect, _ findings: inout FindingLedger
    ) -> [DelimitedField]? {
        guard let header else { return nil }
        let (fields, stray) = DelimitedRecord.fields(
            place.bytes, delimiter: delimiter, hasOpenQuote: defect == .openQuote)
        func report(_ rule: String, _ offset: Int, _ message: @autoclosure () -> String) {
            let at = place.position(at: offset)
            findings.add(rule, Finding(file: file, line: at.line, column: at.column, message: message()))
        }
        if defect == .openQuote {
            let quote = fields.first { $0.text.first == UInt8(ascii: "\"") }?.start ?? 0
            report("stray-quote", quote, "this quote is not closed")
        } else if let stray {
            report("stray-quote", stray, "text after the closing quote of a field")
        }
        guard fields.count == header.names.count else {
            report(
                "ragged-record", place.bytes.count, "\(fields.count) fields, where \(header.names.count) are expected")
            return nil
        }
        return fields
    }

    /// A row of a prompt and an answer, or of a text.
    private func row(_ fields: [DelimitedField]) -> Row? {
        guard let header else { return nil }
        func part(_ index: Int, _ key: String, _ role: Role?) -> Row.Part {
            let field = fields[index]
            return Row.Part(
                key: key, role: role, text: field.text,
                origin: field.isQuoted ? .quoted(start: field.start) : .plain(start: field.start))
        }
        var row: Row
        if header.isText {
            row = Row(kind: .text, parts: [part(header.completion, "text", nil)])
        } else {
            let prompt =
                header.prompt.map { part($0, "prompt", .user) }
                ?? Row.Part(key: "prompt", role: .user, text: [], origin: .plain(start: 0))
            row = Row(kind: .promptCompletion, parts: [prompt, part(header.completion, "completion", .assistant)])
        }
        for (index, isHarmless) in unknownColumns where !fields[index].text.isEmpty {
            let text = JSONOutput.string(String(decoding: fields[index].text, as: UTF8.self)).serializedBytes()
            row.members.append(
                .init(key: header.names[index], json: text, isUnderstood: false, isHarmless: isHarmless))
        }
        return row
    }

    /// The row of a record whose columns are the keys of an object.
    private func objectRows(
        _ fields: [DelimitedField], _ place: RecordPlace, _ reader: inout JSONRowReader
    ) -> [JSONRowReader.Found] {
        let members = zip(header?.names ?? [], fields).map { name, field in
            let at = place.position(at: field.start)
            let position = SourcePosition(line: at.line, column: at.column)
            let text = JSONNode(value: .string(String(decoding: field.text, as: UTF8.self)), position: position)
            return JSONMember(key: name, keyPosition: position, value: text)
        }
        let position = SourcePosition(line: place.line, column: place.column)
        return reader.rows(of: JSONNode(value: .object(JSONObject(members: members)), position: position))
    }
}
