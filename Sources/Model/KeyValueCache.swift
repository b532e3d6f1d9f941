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
    private let width: Int

    public init(_ config: ModelConfig) {
        capacity = config.contextLength
        width = config.modelWidth
        arena = FloatArena(count: 2 * config.blockCount * capacity * width)
    }

    /// Writes the keys and values of n new positions behind those held; `count` moves once all blocks have done so.
    ///
    /// - Parameter qkv: (n, 3C).
    /// - Returns: (capacity, C) each: all keys and values of the block.
    func append(keysAndValuesOf qkv: Matrix, block: Int) -> (keys: Matrix, values: Matrix) {
        let keys = Matrix(arena, offset: 2 * block * capacity * width, rows: capacity, columns: width)
        let values = Matrix(arena, offset: (2 * block + 1) * capacity * width, rows: capacity, columns: width)
        for row in 0..<qkv.rows {
            keys.row(count + row).update(from: qkv.row(row) + width, count: width)
            values.row(count + row).update(from: qkv.row(row) + 2 * width, count: width)
        }
        return (keys, values)
    }

    /// Forgets all positions from `count` on.
    public func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncating a cache of \(self.count) positions to \(count)")
        self.count = count
    }
}
