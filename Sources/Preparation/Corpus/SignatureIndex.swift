// Signatures of rows, one behind the other, by which nearly equal ones are found.

import Datasets

/// The signatures of some rows, or of their prompts.
struct SignatureIndex: Sendable {
    /// `MinHash.hashCount` bytes and `MinHash.bandCount` keys for each.
    private(set) var signatures: [UInt8] = []
    private(set) var bands: [UInt32] = []
    /// Whose they are, as numbers of rows in the index.
    private(set) var rows: [Int32] = []

    /// Adds a row's, where its words are enough for one.
    mutating func add(_ words: [UInt64], row: Int) {
        guard words.count >= MinHash.fewestWords else { return }
        MinHash.append(words: words, signature: &signatures, bands: &bands)
        rows.append(Int32(clamping: row))
    }

    /// Adds those of rows that follow the first `count`.
    mutating func add(_ other: SignatureIndex, after count: Int) {
        signatures += other.signatures
        bands += other.bands
        rows += other.rows.map { $0 + Int32(clamping: count) }
    }
}
