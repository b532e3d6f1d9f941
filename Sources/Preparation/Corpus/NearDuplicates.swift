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

    /// With how many rows of its band a row is compared at the most, on each side of a split.
    static let mostCompared = 128
    /// How many of them it is paired with at the most, the nearest first.
    static let mostPaired = 8

    /// Finds every pair of rows whose signatures are alike, in the order of the later row.
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
        // Key, side and number in one integer sort fastest; on each band training rows come before the others.
        let heldOut = UInt64(1) << 31
        var keys = isHeldOut.indices.map { number in
            UInt64(index.bands[number * MinHash.bandCount + band]) << 32 | (isHeldOut[number] ? heldOut : 0)
                | UInt64(number)
        }
        keys.sort()
        var pairs: [Pair] = []
        index.signatures.withUnsafeBufferPointer { signatures in
            guard let base = signatures.baseAddress else { return }
            /// Pairs the row at one place with those before it in a range, from the nearest on.
            func pair(_ own: Int, with range: Range<Int>) {
                var paired = 0
                for other in range.reversed() {
                    let number = Int(keys[other] & (heldOut - 1))
                    let likeness = MinHash.similarity(
                        base + own * MinHash.hashCount, base + number * MinHash.hashCount)
                    guard likeness >= MinHash.threshold else { continue }
                    let (left, right) = (index.rows[number], index.rows[own])
                    pairs.append(Pair(first: min(left, right), second: max(left, right)))
                    paired += 1
                    if paired == mostPaired { return }
                }
            }
            // Where the band begins, and where its rows that are held out do.
            var (start, boundary) = (0, 0)
            for place in keys.indices {
                if keys[place] >> 32 != keys[start] >> 32 { start = place }
                let isTraining = keys[place] & heldOut == 0
                if isTraining || start == place { boundary = isTraining ? place + 1 : place }
                let own = Int(keys[place] & (heldOut - 1))
                pair(own, with: max(isTraining ? start : boundary, place - mostCompared)..<place)
                // However many rows are held out: training is looked through for each of them.
                if !isTraining { pair(own, with: max(start, boundary - mostCompared)..<boundary) }
            }
        }
        return pairs
    }
}
