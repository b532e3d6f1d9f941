// Writes the fixed data: one JSONL file per split, a diff of all changes, and a record with hashes.

import Checkpoint
import Datasets
import Files
import Foundation
import StrictJSON

/// What was written.
package struct WrittenData: Sendable {
    /// One file with rows.
    package struct Part: Sendable {
        package var split: Split
        package var path: String
        package var rows: Int
        package var bytes: Int
        package var sha256: String
    }

    package var parts: [Part]
    /// Rows that were changed, and rows that were dropped.
    package var changed: Int
    package var dropped: Int
    /// What a comparison of the written rows with the inputs shows.
    package var check = WrittenCheckResult()

    package func rows(_ split: Split) -> Int { parts.first { $0.split == split }?.rows ?? 0 }
}

struct DataWriter {
    let scan: CorpusScan
    let corpus: Corpus
    /// The split of each row of the corpus.
    let splits: [Split]
    let shares: SplitShares
    let folder: String

    static let diffName = "changes.diff"
    /// How much of an unreadable row is shown in the diff.
    private static let shownBytes = 2000

    func write() throws -> WrittenData {
        try Preparer.checkOutput(folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var outputs: [Split: RowFile] = [:]
        for split in Split.allCases where splits.contains(split) {
            outputs[split] = try RowFile(path: "\(folder)/\(split.rawValue).jsonl")
        }
        let diff = try RowFile(path: "\(folder)/\(DataWriter.diffName)")
        try diff.append(header)
        var (next, changed, dropped) = (0, 0, 0)
        try scan.forEachBatch { batch, parser, _ in
            let parts = CorpusScan.inParallel(batch.records.count) { range in
                var results: [RowResult] = []
                batch.bytes.withUnsafeBufferPointer { bytes in
                    for index in range { results += self.results(batch, index, bytes, parser) }
                }
                return results
            }
            for result in parts.joined() {
                if !result.difference.isEmpty { try diff.append(result.difference) }
                guard let line = result.line, let id = result.id else {
                    dropped += 1
                    continue
                }
                guard next < corpus.entries.count, corpus.entries[next].id == id else {
                    throw PreparationError.changedMeanwhile
                }
                try outputs[splits[next]]?.append(line)
                next += 1
                changed += result.difference.isEmpty ? 0 : 1
            }
        }
        guard next == corpus.entries.count else { throw PreparationError.changedMeanwhile }
        _ = try diff.finish()
        let written = try Split.allCases.compactMap { split in
            try outputs[split].map { file in
                WrittenData.Part(
                    split: split, path: file.path, rows: file.rows, bytes: file.bytes, sha256: try file.finish())
            }
        }
        try AtomicFile.write(lock(written).serialized(pretty: true) + "\n", to: "\(folder)/\(FrozenSplits.fileName)")
        return WrittenData(parts: written, changed: changed, dropped: dropped)
    }

    /// The result for one row: its output line and its part of the diff.
    private struct RowResult: Sendable {
        /// nil if it could not be read.
        var id: RowID?
        var line: [UInt8]?
        var difference: [UInt8]
    }

    private func results(
        _ batch: RecordBatch, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ parser: RowParser
    ) -> [RowResult] {
        let record = batch.records[index]
        var findings = FindingLedger()
        var results: [RowResult] = []
        var counter = TokenCounter(tokenizer: scan.tokenizer)
        let path = scan.files[batch.file].path
        let lost = parser.rows(of: record, number: batch.firstRecord + index, in: bytes, &findings) { parsed, _ in
            let outcome = scan.fixer.fix(parsed.row, id: parsed.id) { row in
                let count = counter.count(row)
                var builder = FingerprintBuilder()
                for part in row.parts { builder.add(part.text, speaker: Row.speaker(part)) }
                return RowView(
                    row: row, tokens: count.total, longestAnswer: count.longestAnswer,
                    contextLength: scan.contextLength, words: builder.words)
            }
            let before = parsed.row.json.serialized()
            switch outcome {
            case .dropped(let rule):
                let text = "@@ \(path), line \(parsed.line): dropped (\(rule))\n- \(before)\n"
                results.append(RowResult(id: parsed.id, line: nil, difference: Array(text.utf8)))
            case .kept(let row, let changedBy):
                let line = row.json.serializedBytes() + [0x0A]
                let rules = changedBy.joined(separator: ", ")
                let text = "@@ \(path), line \(parsed.line): changed (\(rules))\n- \(before)\n+ "
                results.append(
                    RowResult(
                        id: parsed.id, line: line, difference: changedBy.isEmpty ? [] : Array(text.utf8) + line))
            }
        }
        for row in lost {
            var text = "@@ \(path), line \(row.line): dropped (\(row.rules.joined(separator: ", ")))\n"
            if row.line == record.line {
                let raw = bytes[record.start..<min(record.end, record.start + DataWriter.shownBytes)]
                text += "- \(String(decoding: raw, as: UTF8.self))\n"
            }
            results.append(RowResult(id: nil, line: nil, difference: Array(text.utf8)))
        }
        return results
    }

    /// The start of the diff: the changes to all rows.
    private var header: [UInt8] {
        var text = "# - before, + after. Changes to all rows:\n"
        for fix in scan.fixer.corpusFixes { text += "#   \(fix.description)\n" }
        return Array(text.utf8)
    }

    private func lock(_ written: [WrittenData.Part]) -> JSONOutput {
        let parts = written.map { part in
            (
                key: part.split.rawValue,
                value: JSONOutput.object([
                    ("rows", .integer(part.rows)), ("bytes", .integer(part.bytes)), ("sha256", .string(part.sha256)),
                ])
            )
        }
        return .object([
            ("splits", .object(parts)), ("validationShare", .number(shares.validation)),
            ("testShare", .number(shares.test)), ("seed", .integer(Int(clamping: shares.seed))),
            ("inputs", .array(scan.files.map { .string($0.path) })),
        ])
    }
}

/// A file that is written line by line and hashed at the end.
final class RowFile {
    let path: String
    private(set) var rows = 0
    private(set) var bytes = 0
    private let handle: FileHandle
    private var buffer: [UInt8] = []

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else { throw DatasetError.unwritable(path: path) }
        self.path = path
        self.handle = handle
    }

    func append(_ line: [UInt8]) throws {
        buffer += line
        rows += 1
        bytes += line.count
        if buffer.count > 1 << 20 { try flush() }
    }

    private func flush() throws {
        try handle.write(contentsOf: Data(buffer))
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes buffered lines, closes the file, and returns its SHA-256.
    func finish() throws -> String {
        try flush()
        try handle.synchronize()
        try handle.close()
        return try SHA256Digest.hex(ofFile: path)
    }
}
