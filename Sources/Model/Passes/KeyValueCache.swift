// What a model remembers of the positions it has read while it generates.

import Kernels

/// Rows of a pass that belong to one sequence, and the cache of its earlier positions.
struct CachedRows {
    let cache: KeyValueCache
    let rows: Range<Int>
}

/// Keys and values of every block for up to `capacity` positions of one sequence.
public final class KeyValueCache {
    /// The most positions it holds: the model's context length.
    public let capacity: Int
    /// Positions held.
    public internal(set) var count = 0

    private let arena: FloatArena
    private let headCount: Int
    private let headWidth: Int

    public init(_ config: ModelConfig) {
        capacity = config.contextLength
        (headCount, headWidth) = (config.headCount, config.headWidth)
        arena = FloatArena(count: 2 * config.blockCount * capacity * config.modelWidth)
    }

    /// Writes the keys and values of n new positions behind those held; `count` moves once all blocks have done so.
    ///
    /// - Parameter qkv: (n, 3C).
    /// - Returns: all keys and values of the block, each head's positions one behind the other.
    func append(keysAndValuesOf qkv: Matrix, block: Int) -> CachedAttention.Memory {
        let (D, C) = (headWidth, headCount * headWidth)
        let keys = Matrix(arena, offset: 2 * block * capacity * C, rows: headCount * capacity, columns: D)
        let values = Matrix(arena, offset: (2 * block + 1) * capacity * C, rows: headCount * capacity, columns: D)
        for row in 0..<qkv.rows {
            for head in 0..<headCount {
                let target = head * capacity + count + row
                keys.row(target).update(from: qkv.row(row) + C + head * D, count: D)
                values.row(target).update(from: qkv.row(row) + 2 * C + head * D, count: D)
            }
        }
        return CachedAttention.Memory(keys: keys, values: values, headCount: headCount)
    }

    /// Forgets all positions from `count` on.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncating a cache of \(self.count) positions to \(count)")
        self.count = count
    }
}
