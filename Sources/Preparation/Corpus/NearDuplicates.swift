// Pairs of rows that nearly say the same, found by locality-sensitive hashing of their signatures.

import Datasets
import Kernels

/// The search (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4): rows that share a band are compared.
enum NearDuplicates {
    /// Two rows by their numbers in the index, the first one smaller.
    struct Pair: Sendable, Hashable, Comparable {
        var first: Int32
        var second: Int32

        static func < (left: Pair, right: Pair) -> Bool {
            (left.second, left.first) < (right.second, right.first)
        }
    }

    /// With how many rows of its band a row is compared at the most.
    static let mostCompared = 128
    /// How many of them it is paired with at the most, the nearest first.
    static let mostPaired = 8

    /// Finds every pair of rows whose signatures are alike, in the order of the later row.
    static func pairs(_ corpus: Corpus) -> [Pair] {
        let count = corpus.signatureCount
        guard count > 1 else { return [] }
        var rowOf = [Int32](repeating: 0, count: count)
        for (index, entry) in corpus.entries.enumerated() where entry.signature >= 0 {
            rowOf[Int(entry.signature)] = Int32(index)
        }
        var found = [[Pair]](repeating: [], count: MinHash.bandCount)
        found.withUnsafeMutableBufferPointer { found in
            let results = SharedBuffer(found)
            ParallelFor.tasks(MinHash.bandCount) { band in
                results.buffer[band] = pairs(corpus, band: band, rowOf: rowOf)
            }
        }
        return Set(found.joined()).sorted()
    }

    private static func pairs(_ corpus: Corpus, band: Int, rowOf: [Int32]) -> [Pair] {
        let count = corpus.signatureCount
        // Key and number in one integer sort fastest.
        var keys = [UInt64](repeating: 0, count: count)
        for index in 0..<count {
            keys[index] = UInt64(corpus.bands[index * MinHash.bandCount + band]) << 32 | UInt64(index)
        }
        keys.sort()
        var pairs: [Pair] = []
        corpus.signatures.withUnsafeBufferPointer { signatures in
            guard let base = signatures.baseAddress else { return }
            var start = 0
            for index in 1..<count {
                if keys[index] >> 32 != keys[start] >> 32 { start = index }
                let own = Int(keys[index] & 0xFFFF_FFFF)
                var paired = 0
                for other in (max(start, index - mostCompared)..<index).reversed() {
                    let number = Int(keys[other] & 0xFFFF_FFFF)
                    let likeness = MinHash.likeness(
                        base + own * MinHash.hashCount, base + number * MinHash.hashCount)
                    guard likeness >= MinHash.threshold else { continue }
                    let (left, right) = (rowOf[number], rowOf[own])
                    pairs.append(Pair(first: min(left, right), second: max(left, right)))
                    paired += 1
                    if paired == mostPaired { break }
                }
            }
        }
        return pairs
    }
}
