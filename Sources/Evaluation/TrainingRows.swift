// What a run keeps of its training rows: by which hashes later rows are known, and which answers are labels.

import Datasets
import Foundation
import Models

/// Hashes and labels of the rows that a model was trained on.
package struct TrainingRows: Sendable {
    /// How many rows of a split also occur in training.
    package struct Overlap: Sendable, Equatable {
        /// Rows, or lines with some words of a text that is one stream.
        package var rows: Int
        /// Rows that occur in training unchanged.
        package var exact: Int
        /// Further rows that occur there with other case, punctuation or space.
        package var normalized: Int

        package var description: String {
            guard exact + normalized > 0 else { return "none of \(rows) rows" }
            return "\(exact + normalized) of \(rows) rows"
                + (normalized > 0 ? " (\(normalized) in other capitals or punctuation)" : "")
        }
    }

    /// The file in a run's folder.
    package static let fileName = "data-hashes"
    private static let magic = Array("LUTHASH1".utf8)

    private let exact: Set<UInt64>
    private let normalized: Set<UInt64>
    private let fingerprints: [RowFingerprint]
    /// The labels of a classification.
    package let labels: [[UInt8]]?

    package init(_ documents: [Document]) {
        self.init(documents.flatMap { RowFingerprint.all($0) }, labels: AnswerLabels.find(documents))
    }

    private init(_ fingerprints: [RowFingerprint], labels: [[UInt8]]?) {
        self.fingerprints = fingerprints
        self.labels = labels
        exact = Set(fingerprints.map(\.exact))
        normalized = Set(fingerprints.map(\.normalized))
    }

    /// How many of `documents` occur in training; nil where there are no rows on either side.
    package func overlap(_ documents: [Document]) -> Overlap? {
        let hashes = documents.flatMap { RowFingerprint.all($0) }
        guard !hashes.isEmpty, !exact.isEmpty else { return nil }
        let equal = hashes.count { exact.contains($0.exact) }
        let similar = hashes.count { !exact.contains($0.exact) && normalized.contains($0.normalized) }
        return Overlap(rows: hashes.count, exact: equal, normalized: similar)
    }

    /// `LUTHASH1`, the number of rows and of labels, both hashes of each row, then each label's length and bytes; all
    /// numbers of eight bytes, the low byte first.
    package func serialized() -> [UInt8] {
        var bytes = TrainingRows.magic
        func append(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        append(UInt64(fingerprints.count))
        append(UInt64(labels?.count ?? 0))
        for fingerprint in fingerprints {
            append(fingerprint.exact)
            append(fingerprint.normalized)
        }
        for label in labels ?? [] {
            append(UInt64(label.count))
            bytes += label
        }
        return bytes
    }

    /// Reads a run's file; nil where there is none, or where it is damaged.
    package init?(run folder: RunFolder) {
        guard let data = FileManager.default.contents(atPath: folder.file(TrainingRows.fileName)) else { return nil }
        let bytes = [UInt8](data)
        guard bytes.starts(with: TrainingRows.magic) else { return nil }
        var offset = TrainingRows.magic.count
        func next() -> UInt64? {
            guard offset + 8 <= bytes.count else { return nil }
            defer { offset += 8 }
            return bytes.withUnsafeBytes {
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
        }
        guard let rowCount = next(), let labelCount = next(), rowCount <= bytes.count / 16, labelCount <= 4096 else {
            return nil
        }
        var fingerprints: [RowFingerprint] = []
        for _ in 0..<rowCount {
            guard let exact = next(), let normalized = next() else { return nil }
            fingerprints.append(RowFingerprint(exact: exact, normalized: normalized))
        }
        var labels: [[UInt8]] = []
        for _ in 0..<labelCount {
            guard let length = next(), length <= UInt64(bytes.count - offset) else { return nil }
            labels.append(Array(bytes[offset..<offset + Int(length)]))
            offset += Int(length)
        }
        self.init(fingerprints, labels: labels.isEmpty ? nil : labels)
    }
}
