// Checks written rows against the inputs, without knowing which fixes were applied.

import Datasets
import Foundation

/// A row whose written form does not say all that its input says.
package struct ChangedRow: Sendable, Equatable {
    package var file: String
    package var line: Int
    /// Excerpts of the texts from the first difference on.
    package var before: String
    package var after: String
}

/// The result of the check.
package struct WrittenCheckResult: Sendable, Equatable {
    /// Rows with characters that are missing or replaced: their number, and the first ones.
    package var changedCount = 0
    package var changed: [ChangedRow] = []
    /// Rows to which only text was added.
    package var extended = 0

    package static let kept = 100
}

/// Reads the written files as training does, and compares every row with its input.
///
/// White space and control characters bear no meaning here; everything else does.
struct WrittenCheck {
    let scan: CorpusScan
    let corpus: Corpus
    let splits: [Split]
    let written: [WrittenData.Part]

    /// Excerpts are this long at most.
    private static let excerptBytes = 80

    func run() throws -> WrittenCheckResult {
        var outputs: [Split: RowStream] = [:]
        for part in written { outputs[part.split] = try RowStream(path: part.path) }
        var result = WrittenCheckResult()
        var next = 0
        try scan.forEachBatch { batch, parser, _ in
            let path = scan.files[batch.file].path
            try batch.bytes.withUnsafeBufferPointer { bytes in
                for (index, record) in batch.records.enumerated() {
                    var findings = FindingLedger()
                    var inputs: [(id: RowID, line: Int, row: Row)] = []
                    parser.rows(of: record, number: batch.firstRecord + index, in: bytes, &findings) { parsed, _ in
                        inputs.append((parsed.id, parsed.line, parsed.row))
                    }
                    for input in inputs where next < corpus.entries.count && corpus.entries[next].id == input.id {
                        guard let output = try outputs[splits[next]]?.next() else {
                            throw PreparationError.changedMeanwhile
                        }
                        next += 1
                        compare(input.row, output, path, input.line, &result)
                    }
                }
            }
        }
        guard next == corpus.entries.count else { throw PreparationError.changedMeanwhile }
        return result
    }

    private func compare(_ input: Row, _ output: Row, _ path: String, _ line: Int, _ result: inout WrittenCheckResult) {
        guard input.parts != output.parts || input.members != output.members else { return }
        let (before, after) = (WrittenCheck.meaning(input), WrittenCheck.meaning(output))
        guard before != after else { return }
        guard let place = WrittenCheck.firstMissing(of: before, in: after) else {
            result.extended += 1
            return
        }
        result.changedCount += 1
        guard result.changed.count < WrittenCheckResult.kept else { return }
        func excerpt(_ scalars: [Unicode.Scalar]) -> String {
            let start = max(0, min(place - 10, scalars.count - 1))
            var text = ""
            text.unicodeScalars.append(
                contentsOf: scalars[min(start, scalars.count)...].prefix(WrittenCheck.excerptBytes))
            return text
        }
        result.changed.append(ChangedRow(file: path, line: line, before: excerpt(before), after: excerpt(after)))
    }

    /// The characters that bear meaning, of all texts and of what is written next to them.
    static func meaning(_ row: Row) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        func add(_ bytes: [UInt8]) {
            scalars += String(decoding: bytes, as: UTF8.self).unicodeScalars.filter { bearsMeaning($0) }
        }
        for part in row.parts {
            add(part.text)
            for member in part.members { add(Array(member.key.utf8) + member.json) }
            if let weight = part.weight, weight != 1 { add(Array("\(weight)".utf8)) }
        }
        for member in row.members { add(Array(member.key.utf8) + member.json) }
        return scalars
    }

    private static func bearsMeaning(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x80 else { return scalar.value > 0x20 && scalar.value != 0x7F }
        return !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
            && scalar.properties.generalCategory != .format
    }

    /// The index of the first character of `before` that does not occur in order in `after`; nil if all do.
    static func firstMissing(of before: [Unicode.Scalar], in after: [Unicode.Scalar]) -> Int? {
        var place = 0
        for scalar in after where place < before.count && scalar == before[place] { place += 1 }
        return place < before.count ? place : nil
    }
}

/// The rows of a written file, one at a time.
private final class RowStream {
    private let reader: RecordReader
    private let path: String
    private var rows: ArraySlice<Row> = []

    init(path: String) throws {
        self.path = path
        reader = try RecordReader(path: path, file: 0, text: .auto)
    }

    func next() throws -> Row? {
        while rows.isEmpty {
            guard let batch = try reader.next() else { return nil }
            var found: [Row] = []
            try batch.bytes.withUnsafeBufferPointer { bytes in
                guard let first = batch.records.first else { return }
                var options = RowOptions()
                options.keepsHarmless = true
                let parser = try RowParser(
                    file: 0, format: reader.format, options: options, path: path, first: first, in: bytes)
                for (index, record) in batch.records.enumerated() {
                    var findings = FindingLedger()
                    parser.rows(of: record, number: index, in: bytes, &findings) { parsed, _ in found.append(parsed.row)
                    }
                }
            }
            rows = found[...]
        }
        return rows.removeFirst()
    }
}
