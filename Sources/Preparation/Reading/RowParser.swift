// Parses a record into rows: defects become findings, and reading continues.

import Conversations
import Datasets
import StrictJSON

/// Identifies a row by file, record and row number; the same each time the inputs are read.
package struct RowID: Sendable, Hashable {
    /// The file's index in the list of inputs, and the record's index in its file.
    var file: Int32
    var record: Int32
    /// The row's index in a record with several rows.
    var row: Int32 = 0
}

/// A row that could be read, and the position of its record.
package struct ParsedRow {
    var id: RowID
    package var row: PreparedRow
    package var place: RecordPlace
    /// The start of the row.
    var line: Int
    var column: Int
}

/// A row that could not be read.
package struct LostRow: Equatable {
    var line: Int
    /// Names of the rules that found something, sorted.
    var rules: [String]
}

/// Reads the records of one file.
package struct RowParser: Sendable {
    let file: Int
    let format: SourceFormat
    let header: DelimitedHeader?
    let choice: ColumnChoice
    /// Columns of the header that are not read.
    package private(set) var unusedColumns = FindingLedger()

    package init(file: Int, format: SourceFormat, header: DelimitedHeader?, choice: ColumnChoice = ColumnChoice()) {
        self.file = file
        self.format = format
        self.header = header
        self.choice = choice
    }

    /// Reports the columns that are not read, unless the user chose the columns.
    package mutating func findUnusedColumns(
        of record: RecordRange, _ fields: [DelimitedField], in bytes: UnsafeBufferPointer<UInt8>
    ) {
        guard let header, choice == ColumnChoice() else { return }
        let place = RecordPlace(
            bytes: UnsafeBufferPointer(rebasing: bytes[record.start..<record.end]), line: record.line,
            column: record.column)
        for (index, field) in fields.enumerated() where index != header.completion && index != header.prompt {
            let at = place.position(at: field.start)
            unusedColumns.add(
                "surplus-keys",
                Finding(
                    file: file, line: at.line, column: at.column,
                    message: "the column \"\(header.names[index])\" is not used"))
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
        let fixed = Encodings.decodingInvalidBytes(raw)
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
        switch format {
        case .lines, .paragraphs, .file:
            let text = PreparedRow.Part(
                key: "text", role: nil, text: withoutReturns(place.bytes), weight: nil, origin: .plain(start: 0))
            let row = PreparedRow(kind: .text, parts: [text])
            body(ParsedRow(id: id, row: row, place: place, line: place.line, column: place.column), &findings)
            return []
        case .delimited(let delimiter):
            guard let row = delimitedRow(place, delimiter, defect, &findings) else {
                return [LostRow(line: place.line, rules: findings.byRule.keys.sorted())]
            }
            body(ParsedRow(id: id, row: row, place: place, line: place.line, column: place.column), &findings)
            return []
        case .rows, .array, .object:
            var reader = JSONRowReader(file: file, place: place, choice: choice)
            for (index, found) in reader.rows().enumerated() {
                var own = id
                own.row = Int32(clamping: index)
                body(
                    ParsedRow(id: own, row: found.row, place: place, line: found.line, column: found.column),
                    &reader.findings)
            }
            findings.add(reader.findings)
            return reader.lost
        }
    }

    private func withoutReturns(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        guard bytes.contains(0x0D) else { return Array(bytes) }
        return bytes.indices.filter { index in
            !(bytes[index] == 0x0D && index + 1 < bytes.count && bytes[index + 1] == 0x0A)
        }.map { bytes[$0] }
    }

    private func delimitedRow(
        _ place: RecordPlace, _ delimiter: UInt8, _ defect: RecordRange.Defect, _ findings: inout FindingLedger
    ) -> PreparedRow? {
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
        if fields.count != header.names.count {
            report(
                "ragged-record", place.bytes.count, "\(fields.count) fields, where \(header.names.count) are expected")
        }
        guard fields.count > max(header.prompt ?? 0, header.completion) else { return nil }
        func part(_ index: Int, _ key: String, _ role: Role?) -> PreparedRow.Part {
            let field = fields[index]
            return PreparedRow.Part(
                key: key, role: role, text: field.text, weight: nil,
                origin: field.isQuoted ? .quoted(start: field.start) : .plain(start: field.start))
        }
        if header.isText { return PreparedRow(kind: .text, parts: [part(header.completion, "text", nil)]) }
        let prompt =
            header.prompt.map { part($0, "prompt", .user) }
            ?? PreparedRow.Part(key: "prompt", role: .user, text: [], weight: nil, origin: .plain(start: 0))
        return PreparedRow(
            kind: .promptCompletion, parts: [prompt, part(header.completion, "completion", .assistant)])
    }
}
