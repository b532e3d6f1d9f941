// Reads rows for training: the first finding by which something would be lost or guessed is an error with its place.

import Conversations
import StrictJSON

/// The documents of a file, and what was ignored in it.
package struct DataReading: Sendable {
    package var documents: [Document] = []
    /// How often each key was ignored because it is harmless or because the user named it.
    package var ignoredKeys: [String: Int] = [:]
}

struct StrictReader {
    /// Longer lines are rejected.
    static let largestLineBytes = 16 << 20
    /// How much of a file shows its format.
    private static let judgedBytes = 1 << 20

    let file: TextFile
    let options: RowOptions

    /// How the file contains rows.
    ///
    /// - Throws: `notNamedText` for a file that is neither rows nor text by its name.
    func format() throws(DatasetError) -> SourceFormat {
        let start = file.bytes.prefix(StrictReader.judgedBytes)
        guard let format = SourceFormat.detect(path: file.path, start: start, text: .auto, delimiter: options.delimiter)
        else { throw .notNamedText(path: file.path) }
        return format
    }

    /// The same for a file that must contain rows, whatever its name.
    func rowFormat() throws(DatasetError) -> SourceFormat {
        do { return try format() } catch .notNamedText { return .rows } catch { throw error }
    }

    /// Reads all rows; all must have one kind, `kind` or the first row's.
    func documents(_ format: SourceFormat, kind: Row.Kind?) throws(DatasetError) -> DataReading {
        var (kind, firstLine): (Row.Kind?, Int?) = (kind, nil)
        var reading = DataReading()
        reading.ignoredKeys = try forEachRow(format) { (parsed) throws(DatasetError) in
            if let kind, parsed.row.kind != kind {
                throw .mixedRows(
                    path: file.path, line: parsed.line, found: parsed.row.kind.rawValue, expected: kind.rawValue,
                    since: firstLine)
            }
            kind = parsed.row.kind
            firstLine = firstLine ?? parsed.line
            reading.documents.append(Document(path: file.path, parsed))
        }
        return reading
    }

    /// Calls `body` with each row, in order.
    ///
    /// - Returns: how often each key was ignored.
    func forEachRow(
        _ format: SourceFormat, _ body: (ParsedRow) throws(DatasetError) -> Void
    ) throws(DatasetError) -> [String: Int] {
        var findings = FindingLedger()
        try file.bytes.withUnsafeBufferPointer { (bytes) throws(DatasetError) in
            var splitter = RecordSplitter(format: format.isText ? .rows : format)
            var records: [RecordRange] = []
            _ = splitter.split(bytes, isEnd: true, into: &records)
            guard let first = records.first else { return }
            let parser = try RowParser(
                file: 0, format: splitter.format, options: options, path: file.path, first: first, in: bytes)
            findings.add(parser.headerFindings)
            try check(findings)
            for (number, record) in records.enumerated().dropFirst(parser.hasHeader ? 1 : 0) {
                if record.end - record.start > StrictReader.largestLineBytes, splitter.format == .rows {
                    throw .lineTooLong(
                        path: file.path, line: record.line, bytes: record.end - record.start,
                        limit: StrictReader.largestLineBytes)
                }
                var found = FindingLedger()
                var failure: DatasetError?
                parser.rows(of: record, number: number, in: bytes, &found) { parsed, rowFindings in
                    guard failure == nil, rowFindings.firstRejected == nil else { return }
                    do throws(DatasetError) {
                        try checkTexts(parsed)
                        try body(parsed)
                    } catch { failure = error }
                }
                try check(found)
                if let failure { throw failure }
                findings.add(found)
            }
        }
        return findings.ignoredKeys
    }

    /// Throws the first finding by which something would be lost.
    private func check(_ findings: FindingLedger) throws(DatasetError) {
        guard let (rule, finding) = findings.firstRejected else { return }
        throw .badRow(
            path: file.path, line: finding.line, column: finding.column, reason: finding.message,
            hint: StrictReader.hints[rule])
    }

    /// Throws if a text is empty that must not be.
    private func checkTexts(_ parsed: ParsedRow) throws(DatasetError) {
        for part in parsed.row.parts + (parsed.row.rejected ?? []) where part.text.allSatisfy(SourceFormat.isSpace) {
            let isNeeded = part.role == nil || part.isAnswer || part.key == "instruction"
            guard isNeeded, !part.hasCalls else { continue }
            let at = parsed.start(of: part)
            throw .badRow(path: file.path, line: at.line, column: at.column, reason: "\(part.key) is empty")
        }
    }

    /// What can be done about a finding.
    private static let hints = [
        "surplus-keys": "correct the key, or name it in data.ignoreKeys to train without it",
        "unknown-row":
            "a row has prompt and completion, messages, instruction and output, or text; "
            + "`luthier prepare FILE` lists all such rows",
        "preference-row":
            "set method.objective to dpo to learn from pairs, or to kto to learn from labels; or keep one answer per row, as "
            + "prompt and completion",
        "guessed-role": "`luthier prepare FILE --fix` writes the roles into the rows",
        "wrong-type": "`luthier prepare FILE --fix` writes the value as text",
        "row-comma": "`luthier prepare FILE --fix` writes the rows without it",
        "stray-quote": "inside of a quoted field a quote is written twice; `luthier prepare FILE` lists all such rows",
        "invalid-json": "correct the line by hand; `luthier prepare FILE` lists all such lines",
        "ragged-record": "quote fields that contain the delimiter; `luthier prepare FILE` lists all such rows",
        "unused-weight": "give weights to the assistant's messages only",
    ]
}
