// What a model remembers of the positions it has read while it generates.

import Kernels

/// Rows of a pass that belong to one sequence, and the cache of its earlier positions.
struct CachedRows {
    let cache: KeyValueCache
    let rows: Range<Int>
}

/// Keys and values of every block for up to `capacity` positions of one sequence (K heads of width D in each block).
package final class KeyValueCache {
    /// The most positions it holds now.
    package private(set) var capacity: Int
    /// The most positions that it can grow to: the model's context length.
    package let limit: Int
    /// Positions held.
    package internal(set) var count = 0

    private let attentions: [AttentionDescription]
    private var memories: [CachedAttention.Memory]
    private var arena: FloatArena

    /// - Parameter capacity: at most the context length, which is the default. The memory is taken from the system as
    ///   positions are written.
    package convenience init(_ architecture: Architecture, capacity: Int? = nil) {
        let capacity = capacity ?? architecture.contextLength
        guard let arena = FloatArena(uninitialized: KeyValueCache.floatCount(architecture, capacity)) else {
            fatalError("out of memory: \(KeyValueCache.byteCount(architecture, capacity: capacity)) bytes for a cache")
        }
        self.init(architecture, capacity, arena)
    }

    /// The same; nil where the system has no memory for it.
    package convenience init?(_ architecture: Architecture, ifPossible capacity: Int) {
        let floats = KeyValueCache.floatCount(architecture, capacity)
        guard let arena = FloatArena(uninitialized: floats) else { return nil }
        self.init(architecture, capacity, arena)
    }

    private init(_ architecture: Architecture, _ capacity: Int, _ arena: FloatArena) {
        precondition(
            capacity >= 0 && capacity <= architecture.contextLength,
            "a cache of \(capacity) positions for a context of \(architecture.contextLength)")
        (self.capacity, self.arena, limit) = (capacity, arena, architecture.contextLength)
        let attentions = architecture.blocks.map(\.attention)
        self.attentions = attentions
        memories = ArenaAllocator.place(in: arena) { KeyValueCache.memories(attentions, capacity, &$0) }
    }

    /// The bytes of a cache with room for `capacity` positions.
    package static func byteCount(_ architecture: Architecture, capacity: Int) -> Int {
        floatCount(architecture, capacity) * MemoryLayout<Float>.stride
    }

    /// The bytes that this cache has reserved.
    package var byteCount: Int { arena.count * MemoryLayout<Float>.stride }

    private static func floatCount(_ architecture: Architecture, _ capacity: Int) -> Int {
        ArenaAllocator.count { memories(architecture.blocks.map(\.attention), capacity, &$0) }
    }

    private static func memories(
        _ attentions: [AttentionDescription], _ capacity: Int, _ allocator: inout ArenaAllocator
    ) -> [CachedAttention.Memory] {
        attentions.map { attention in
            let (K, D) = (attention.keyValueHeadCount, attention.headWidth)
            let (keys, values) = (allocator.matrix(K * capacity, D), allocator.matrix(K * capacity, D))
            return CachedAttention.Memory(keys: keys, values: values, headCount: K)
        }
    }

    /// Makes room for at least `positions`, at most the context length. Room at least doubles, so that a text that grows
    /// token by token is rarely copied.
    package func reserve(_ positions: Int) {
        precondition(positions <= limit, "\(positions) positions for a context of \(limit)")
        guard positions > capacity else { return }
        let (old, oldCapacity, oldArena) = (memories, capacity, arena)
        capacity = min(limit, max(positions, 2 * capacity, 256))
        let floats = ArenaAllocator.count { KeyValueCache.memories(attentions, capacity, &$0) }
        guard let arena = FloatArena(uninitialized: floats) else {
            fatalError("out of memory: \(4 * floats) bytes for a cache")
        }
        self.arena = arena
        memories = ArenaAllocator.place(in: arena) { KeyValueCache.memories(attentions, capacity, &$0) }
        withExtendedLifetime(oldArena) { copy(count, from: old, oldCapacity) }
    }

    /// Becomes the first `count` positions of another cache of the same model, which keeps them.
    package func copyPrefix(_ count: Int, of other: KeyValueCache) {
        precondition(
            count <= other.count && count <= capacity && attentions == other.attentions,
            "\(count) positions of a cache with \(other.count) into one of \(capacity)")
        copy(count, from: other.memories, other.capacity)
        self.count = count
    }

    private func copy(_ count: Int, from sources: [CachedAttention.Memory], _ sourceCapacity: Int) {
        guard count > 0 else { return }
        for (target, source) in zip(memories, sources) {
            for head in 0..<target.headCount {
                for (to, from) in [(target.keys, source.keys), (target.values, source.values)] {
                    to.row(head * capacity).update(
                        from: from.row(head * sourceCapacity), count: count * target.keys.columns)
                }
            }
        }
    }

    /// Writes the keys and values of n new positions after those held; `count` moves once all blocks have done so.
    ///
    /// - Parameter qkv: (n, (H + 2K)·D).
    /// - Returns: all keys and values of the block, grouped by head.
    func append(keysAndValuesOf qkv: Matrix, block: Int) -> CachedAttention.Memory {
        let (attention, memory) = (attentions[block], memories[block])
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
