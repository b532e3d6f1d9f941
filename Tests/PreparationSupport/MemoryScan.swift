// Reads rows from bytes in memory, in pieces of any size; used by the fuzzers and the tests of the readers.

import Datasets

/// The readers without files.
package enum MemoryScan {
    /// The result of reading some bytes.
    package struct Result: Sendable, Equatable {
        /// Each row as JSON.
        package var rows: [String] = []
        /// `rule line:column`, in order.
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
        case rows, array, object, csv, tsv, lines, paragraphs, messageTree, chatML
    }

    /// The format of a file with this name that starts with `bytes`.
    package static func format(of bytes: [UInt8], name: String, text: TextCut = .auto) -> String {
        SourceFormat.unsupportedKind(bytes[...])
            ?? SourceFormat.detect(path: name, start: bytes[...], text: text).map { "\($0)" } ?? "unknown"
    }

    /// Reads `bytes` as a file of the given kind.
    ///
    /// - Parameter piece: the number of bytes read at a time.
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
            case .messageTree: .messageTree
            case .chatML: .chatML
            }
        var splitter = RecordSplitter(format: format)
        var (result, rest, number): (Result, [UInt8], Int) = (Result(), [], 0)
        let bytes = (try? TextDecoder.decode(bytes)) ?? []
        var parser: RowParser?
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
                    if parser == nil {
                        parser = try? RowParser(
                            file: 0, format: format, options: RowOptions(columns: columns), path: "", first: record,
                            in: buffer)
                        guard let parser else { continue }
                        result.add(parser.headerFindings)
                        if parser.hasHeader { continue }
                    }
                    var findings = FindingLedger()
                    parser?.rows(of: record, number: number, in: buffer, &findings) { parsed, _ in
                        result.rows.append(parsed.row.json.serialized())
                        for part in parsed.row.parts {
                            // Every offset of a text has a position.
                            let at = parsed.place.position(of: part.origin, offset: part.text.count)
                            precondition(at.line >= record.line && at.column >= 1, "a position before its record")
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
}
