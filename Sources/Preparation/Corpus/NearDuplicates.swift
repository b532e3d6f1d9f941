// Finds pairs of nearly equal rows by locality-sensitive hashing of their signatures.

import Datasets
import Kernels

/// The search compares rows that share a band (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4).
enum NearDuplicates {
    /// Two rows by their index, the smaller one first.
    struct Pair: Sendable, Hashable, Comparable {
        var first: Int32
        var second: Int32

        static func < (left: Pair, right: Pair) -> Bool {
            (left.second, left.first) < (right.second, right.first)
        }
    }

    /// Limit of rows of its band that a row is compared with, in training and outside training.
    static let mostCompared = 128
    /// Limit of rows that it is paired with, the closest first.
    static let mostPaired = 8

    /// Finds all pairs of rows with similar signatures, sorted by the later row.
    static func pairs(_ index: SignatureIndex, _ entries: [CorpusEntry]) -> [Pair] {
        let count = index.rows.count
        guard count > 1 else { return [] }
        let isHeldOut = index.rows.map { entries[Int($0)].givenSplit != .train }
        var found = [[Pair]](repeating: [], count: MinHash.bandCount)
        found.withUnsafeMutableBufferPointer { found in
            let results = SharedBuffer(found)
            ParallelFor.tasks(MinHash.bandCount) { band in
                results.buffer[band] = pairs(index, band: band, isHeldOut)
            }
        }
        return Set(found.joined()).sorted()
    }

    private static func pairs(_ index: SignatureIndex, band: Int, _ isHeldOut: [Bool]) -> [Pair] {
        // Key, side and index in one integer sort fastest; in each band training rows come before the others.
        let heldOut = UInt64(1) << 31
        var keys = isHeldOut.indices.map { number in
            UInt64(index.bands[number * MinHash.bandCount + band]) << 32 | (isHeldOut[number] ? heldOut : 0)
                | UInt64(number)
        }
        keys.sort()
        var pairs: [Pair] = []
        index.signatures.withUnsafeBufferPointer { signatures in
            guard let base = signatures.baseAddress else { return }
            /// Pairs the row at one place with earlier rows in a range, starting with the closest.
            func pair(_ own: Int, with range: Range<Int>) {
                var paired = 0
                for other in range.reversed() {
                    let number = Int(keys[other] & (heldOut - 1))
                    let similarity = MinHash.similarity(
                        base + own * MinHash.hashCount, base + number * MinHash.hashCount)
                    guard similarity >= MinHash.threshold else { continue }
                    let (left, right) = (index.rows[number], index.rows[own])
                    pairs.append(Pair(first: min(left, right), second: max(left, right)))
                    paired += 1
                    if paired == mostPaired { return }
                }
            }
            // The start of the band, and of its held-out rows.
            var (start, boundary) = (0, 0)
            for place in keys.indices {
                if keys[place] >> 32 != keys[start] >> 32 { start = place }
                let isTraining = keys[place] & heldOut == 0
                if isTraining || start == place { boundary = isTraining ? place + 1 : place }
                let own = Int(keys[place] & (heldOut - 1))
                pair(own, with: max(isTraining ? start : boundary, place - mostCompared)..<place)
                // Each held-out row is also compared with training, however many rows are held out.
                if !isTraining { pair(own, with: max(start, boundary - mostCompared)..<boundary) }
            }
        }
        return pairs
    }
}
