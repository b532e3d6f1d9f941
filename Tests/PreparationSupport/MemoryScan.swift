// Reading rows from bytes in memory, in pieces of any size: what the fuzzers and the tests of the readers drive.

import Preparation

/// The readers without files.
package enum MemoryScan {
    /// What came of some bytes.
    package struct Result: Sendable, Equatable {
        /// Each row as it would be written.
        package var rows: [String] = []
        /// `rule line:column`, in their order.
        package var findings: [String] = []

        fileprivate mutating func add(_ ledger: FindingLedger) {
            for rule in ledger.byRule.keys.sorted() {
                for place in ledger.byRule[rule]?.places ?? [] {
                    findings.append("\(rule) \(place.line):\(place.column)")
                }
            }
        }
    }

    package enum Kind: String, Sendable, CaseIterable {
        case rows, array, object, csv, tsv, lines, paragraphs
    }

    /// What a file of this name that begins with `bytes` would be read as.
    package static func format(of bytes: [UInt8], name: String, text: TextCut = .auto) -> String {
        SourceFormat.foreignKind(bytes) ?? "\(SourceFormat.detect(path: name, start: bytes[...], text: text))"
    }

    /// Reads `bytes` as a file of one kind.
    ///
    /// - Parameter piece: how many bytes arrive at a time.
    package static func read(
        _ bytes: [UInt8], as kind: Kind, columns: ColumnChoice = ColumnChoice(), piece: Int = .max
    ) -> Result {
        let format: SourceFormat =
            switch kind {
            case .rows: .rows
            case .array: .array
            case .object: .object
            case .csv: .delimited(UInt8(ascii: ","))
            case .tsv: .delimited(UInt8(ascii: "\t"))
            case .lines: .lines
            case .paragraphs: .paragraphs
            }
        var splitter = RecordSplitter(format: format)
        var (result, rest, number): (Result, [UInt8], Int) = (Result(), [], 0)
        var header: DelimitedHeader?
        var position = 0
        repeat {
            let end = position + min(piece, bytes.count - position)
            rest += bytes[position..<end]
            position = end
            var records: [RecordRange] = []
            let done = rest.withUnsafeBufferPointer {
                splitter.split($0, isEnd: position == bytes.count, into: &records)
            }
            rest.withUnsafeBufferPointer { buffer in
                for record in records {
                    if case .delimited(let delimiter) = format, header == nil {
                        header = firstHeader(buffer, record, delimiter, columns, &result)
                        if header?.isRow == false { continue }
                    }
                    let parser = RowParser(file: 0, format: format, header: header, choice: columns)
                    var findings = FindingLedger()
                    parser.rows(of: record, number: number, in: buffer, &findings) { parsed, _ in
                        result.rows.append(parsed.row.json.serialized())
                        for part in parsed.row.parts {
                            // Every offset of a text has a place.
                            let at = parsed.place.position(of: part.origin, offset: part.text.count)
                            precondition(at.line >= record.line && at.column >= 1, "a place before its record")
                        }
                    }
                    number += 1
                    result.add(findings)
                }
            }
            rest.removeFirst(done)
        } while position < bytes.count
        return result
    }

    private static func firstHeader(
        _ buffer: UnsafeBufferPointer<UInt8>, _ record: RecordRange, _ delimiter: UInt8, _ columns: ColumnChoice,
        _ result: inout Result
    ) -> DelimitedHeader? {
        let bytes = UnsafeBufferPointer(rebasing: buffer[record.start..<record.end])
        let fields = DelimitedRecord.fields(bytes, delimiter: delimiter).fields
        let names = fields.map { String(decoding: $0.text, as: UTF8.self) }
        guard let header = try? DelimitedHeader(names, columns, path: "") else { return nil }
        var parser = RowParser(file: 0, format: .delimited(delimiter), header: header, choice: columns)
        if !header.isRow { parser.findUnusedColumns(of: record, fields, in: buffer) }
        result.add(parser.unusedColumns)
        return header
    }
}
