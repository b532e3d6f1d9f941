// Short-lived float memory for one task of a parallel loop.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Calls `body` with `count` floats of undefined content, aligned to 64 bytes, and gives them back afterwards.
func withScratch<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64) { memory in
        body(memory.baseAddress!.bindMemory(to: Float.self, capacity: count))
    }
}

/// The natural logarithm.
@inline(__always)
func logarithm(_ value: Double) -> Double { log(value) }
