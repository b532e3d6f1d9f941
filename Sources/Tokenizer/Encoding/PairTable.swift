// From a pair of neighbouring tokens to the rank and the result of its merge.

/// A merge: the tokens `left` and `right` side by side become `result`. Of all merges that are possible the one of
/// lowest rank comes first.
struct Merge: Sendable, Equatable {
    let left: Int32
    let right: Int32
    let result: Int32
    let rank: UInt32

    init(left: Int32, right: Int32, result: Int32, rank: Int) {
        self.left = left
        self.right = right
        self.result = result
        self.rank = UInt32(rank)
    }
}

/// The merges under packed pairs, in an open-addressing table at most half full.
///
/// The memory is written in the initialiser only and freed with the object, so sharing it between threads is safe.
final class PairTable: @unchecked Sendable {
    /// No merge; larger than every rank.
    static let noRank = UInt32.max

    struct Entry {
        var pair: UInt64
        var rank: UInt32
        var result: Int32
    }

    /// What lookups need, copied out of the object so that a loop touches no reference counts. Valid while it lives.
    struct View {
        let entries: UnsafePointer<Entry>
        let multiplier: UInt64
        let shift: UInt64
        let mask: Int

        @inline(__always)
        func find(_ left: Int32, _ right: Int32) -> (rank: UInt32, result: Int32) {
            let pair = PairTable.pack(left, right)
            var slot = PairTable.slot(of: pair, multiplier: multiplier, shift: shift)
            while true {
                let entry = entries[slot]
                if entry.pair == pair { return (entry.rank, entry.result) }
                if entry.pair == PairTable.emptyPair { return (PairTable.noRank, 0) }
                slot = (slot + 1) & mask
            }
        }
    }

    let view: View
    private let entries: UnsafeMutablePointer<Entry>

    private static let emptyPair = UInt64.max

    /// - Parameter merges: no pair twice.
    init(_ merges: [Merge]) {
        var bits: UInt64 = 4
        while 1 << bits < merges.count * 2 { bits += 1 }
        let capacity = 1 << Int(bits)
        entries = .allocate(capacity: capacity)
        entries.initialize(repeating: Entry(pair: Self.emptyPair, rank: 0, result: 0), count: capacity)
        view = View(
            entries: entries, multiplier: Self.randomMultiplier(), shift: 64 - bits, mask: capacity - 1)
        for merge in merges {
            let pair = Self.pack(merge.left, merge.right)
            var slot = Self.slot(of: pair, multiplier: view.multiplier, shift: view.shift)
            while entries[slot].pair != Self.emptyPair { slot = (slot + 1) & view.mask }
            entries[slot] = Entry(pair: pair, rank: merge.rank, result: merge.result)
        }
    }

    deinit { entries.deallocate() }

    @inline(__always)
    static func pack(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func slot(of pair: UInt64, multiplier: UInt64, shift: UInt64) -> Int {
        // A pair's two halves are folded first: a product's upper bits do not hear of a factor's upper bits.
        let folded = pair ^ (pair >> 29)
        return Int(truncatingIfNeeded: (folded &* multiplier) &>> shift)
    }

    /// An odd number for multiplicative hashing. It is drawn anew, so that no file can be made to collide; what is found
    /// does not depend on it.
    static func randomMultiplier() -> UInt64 { UInt64.random(in: .min ... .max) | 1 }
}
