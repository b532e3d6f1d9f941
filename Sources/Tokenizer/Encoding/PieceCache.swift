// The ids of short pieces met lately.

/// A cache of fixed size from pieces of up to fifteen bytes to their ids.
///
/// Two entries share a cache line; a new piece takes the first place and moves its holder to the second. Nothing is
/// ever searched further, so a text made to collide costs misses, never a long search. The memory belongs to the
/// `Workspace` that made it.
struct PieceCache {
    /// The ids of longer sequences stand outside the entry.
    private static let inlineIDs = 3
    private static let pairBits: UInt64 = 15
    private static let entryCount = 2 << Int(pairBits)
    private static let spillWidth = 16

    private struct Entry {
        var low: UInt64
        var high: UInt64
        /// Three ids, and in `w` how many there are.
        var ids: SIMD4<Int32>
    }

    private let seed = PieceHashSeed(first: 0xC2B2_AE3D_27D4_EB4F, second: 0x9E37_79B9_7F4A_7C15)
    private let entries: UnsafeMutablePointer<Entry>
    private let spill: UnsafeMutablePointer<Int32>

    init() {
        entries = .allocate(capacity: Self.entryCount)
        entries.initialize(repeating: Entry(low: 0, high: 0, ids: .zero), count: Self.entryCount)
        // Read only where an entry says that it was written.
        spill = .allocate(capacity: Self.entryCount * Self.spillWidth)
    }

    func deallocate() {
        entries.deallocate()
        spill.deallocate()
    }

    /// Writes the piece's ids to `output`, which has room for sixteen, and returns their number; 0 where the piece is
    /// not known.
    @inline(__always)
    func copyIDs(of key: PieceKey, to output: UnsafeMutablePointer<Int32>) -> Int {
        var slot = slot(of: key)
        if entries[slot].low != key.low || entries[slot].high != key.high {
            slot += 1
            if entries[slot].low != key.low || entries[slot].high != key.high { return 0 }
        }
        let ids = entries[slot].ids
        UnsafeMutableRawPointer(output).storeBytes(of: ids, as: SIMD4<Int32>.self)
        let count = Int(ids.w)
        if count > Self.inlineIDs { output.update(from: spill + slot * Self.spillWidth, count: count) }
        return count
    }

    func insert(_ key: PieceKey, ids: UnsafePointer<Int32>, count: Int) {
        let slot = slot(of: key)
        entries[slot + 1] = entries[slot]
        if entries[slot].ids.w > Self.inlineIDs {
            (spill + (slot + 1) * Self.spillWidth).update(
                from: spill + slot * Self.spillWidth, count: Self.spillWidth - 1)
        }
        var inline = SIMD4<Int32>(0, 0, 0, Int32(count))
        for place in 0..<min(count, Self.inlineIDs) { inline[place] = ids[place] }
        entries[slot] = Entry(low: key.low, high: key.high, ids: inline)
        if count > Self.inlineIDs { (spill + slot * Self.spillWidth).update(from: ids, count: count) }
    }

    @inline(__always)
    private func slot(of key: PieceKey) -> Int {
        Int(truncatingIfNeeded: key.hash(seed) &>> (64 - Self.pairBits)) << 1
    }
}
