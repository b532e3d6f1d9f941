// Concatenated signatures of rows, for the near-duplicate search.

import Datasets

/// The signatures of some rows, or of their prompts.
struct SignatureIndex: Sendable {
    /// `MinHash.hashCount` bytes and `MinHash.bandCount` keys per row.
    private(set) var signatures: [UInt8] = []
    private(set) var bands: [UInt32] = []
    /// Index of each signature's row.
    private(set) var rows: [Int32] = []

    /// Adds the signature of a row that has enough words.
    mutating func add(_ words: [UInt64], row: Int) {
        guard words.count >= MinHash.fewestWords else { return }
        MinHash.append(words: words, signature: &signatures, bands: &bands)
        rows.append(Int32(clamping: row))
    }

    /// Adds signatures of rows after the first `count`.
    mutating func add(_ other: SignatureIndex, after count: Int) {
        signatures += other.signatures
        bands += other.bands
        rows += other.rows.map { $0 + Int32(clamping: count) }
    }
}
