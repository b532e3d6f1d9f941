// What a model remembers of the positions it has read while it generates.

import Kernels

/// Rows of a pass that belong to one sequence, and the cache of its earlier positions.
struct CachedRows {
    let cache: KeyValueCache
    let rows: Range<Int>
}

/// Keys and values of every block for up to `capacity` positions of one sequence (K heads of width D in each block).
package final class KeyValueCache {
    /// The most positions it holds: the model's context length.
    package let capacity: Int
    /// Positions held.
    package internal(set) var count = 0

    private let arena: FloatArena
    private let blocks: [(attention: AttentionDescription, memory: CachedAttention.Memory)]

    package init(_ architecture: Architecture) {
        let capacity = architecture.contextLength
        self.capacity = capacity
        (blocks, arena) = ArenaAllocator.allocate { allocator in
            architecture.blocks.map { block in
                let (K, D) = (block.attention.keyValueHeadCount, block.attention.headWidth)
                let (keys, values) = (allocator.matrix(K * capacity, D), allocator.matrix(K * capacity, D))
                return (block.attention, CachedAttention.Memory(keys: keys, values: values, headCount: K))
            }
        }
    }

    /// Writes the keys and values of n new positions after those held; `count` moves once all blocks have done so.
    ///
    /// - Parameter qkv: (n, (H + 2K)·D).
    /// - Returns: all keys and values of the block, grouped by head.
    func append(keysAndValuesOf qkv: Matrix, block: Int) -> CachedAttention.Memory {
        let (attention, memory) = blocks[block]
        let (D, firstKey) = (attention.headWidth, attention.queryWidth)
        let firstValue = firstKey + attention.keyWidth
        for row in 0..<qkv.rows {
            for head in 0..<attention.keyValueHeadCount {
                let target = head * capacity + count + row
                memory.keys.row(target).update(from: qkv.row(row) + firstKey + head * D, count: D)
                memory.values.row(target).update(from: qkv.row(row) + firstValue + head * D, count: D)
            }
        }
        return memory
    }

    /// Forgets all positions from `count` on.
    package func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncating a cache of \(self.count) positions to \(count)")
        self.count = count
    }
}
