// The one owner of float memory: a block of floats that views point into.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A fixed block of `Float`, aligned to 64 bytes (one AVX-512 register, one cache line).
///
/// Views made from it (`Matrix`, `Vector`) do not keep it alive: whoever holds a view also holds the arena.
package final class FloatArena: @unchecked Sendable {
    /// The first element.
    package let base: UnsafeMutablePointer<Float>
    /// How many floats the block holds.
    package let count: Int

    /// Blocks from this size up ask the system for huge pages, which saves the matrix products address look-ups.
    private static let hugePageBytes = 2 << 20

    /// Reserves `count` zeroed floats. The system hands out the memory itself page by page when it is first touched.
    package convenience init(count: Int) {
        guard let memory = FloatArena.reserve(count) else {
            fatalError("out of memory: \(count * MemoryLayout<Float>.stride) bytes for a float arena")
        }
        self.init(memory, count: count)
        zero()
    }

    /// Reserves `count` floats of undefined content, which take no memory before they are written; nil where the system
    /// has no room for them.
    package convenience init?(uninitialized count: Int) {
        guard let memory = FloatArena.reserve(count) else { return nil }
        self.init(memory, count: count)
    }

    private init(_ base: UnsafeMutablePointer<Float>, count: Int) { (self.base, self.count) = (base, count) }

    private static func reserve(_ count: Int) -> UnsafeMutablePointer<Float>? {
        precondition(count >= 0, "a float arena of \(count) elements")
        let bytes = Swift.max(count, 1) * MemoryLayout<Float>.stride
        let large = bytes >= hugePageBytes
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, large ? hugePageBytes : 64, bytes) == 0, let memory else { return nil }
        #if os(Linux)
            if large { madvise(memory, bytes, MADV_HUGEPAGE) }
        #endif
        return memory.bindMemory(to: Float.self, capacity: Swift.max(count, 1))
    }

    deinit { free(base) }

    /// Sets every element to zero.
    package func zero() { memset(base, 0, count * MemoryLayout<Float>.stride) }

    /// Copies every element of `other`, which has the same size.
    package func copy(from other: FloatArena) {
        precondition(count == other.count, "arena of \(count) floats copied from one of \(other.count)")
        memcpy(base, other.base, count * MemoryLayout<Float>.stride)
    }

    /// All elements as one buffer.
    package var buffer: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }
}
