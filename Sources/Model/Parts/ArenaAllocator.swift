// Hands out aligned pieces of one arena; the same code, run without an arena, counts what it would need.

import Kernels

/// Working memory is described once, by the code that hands it out: run first to count, then to allocate. Estimates run
/// it to count only, so they cannot differ from what is allocated.
package struct ArenaAllocator {
    private let arena: FloatArena?
    private var next = 0
    /// Floats handed out so far, at the highest point.
    private(set) var floatCount = 0

    /// - Parameter arena: nil to count only; the matrices must not be read or written then.
    private init(arena: FloatArena?) { self.arena = arena }

    /// Runs `build` twice: to count, and on an arena of that size.
    package static func allocate<Content>(_ build: (inout ArenaAllocator) -> Content) -> (Content, FloatArena) {
        let arena = FloatArena(count: count(build))
        var allocator = ArenaAllocator(arena: arena)
        return (build(&allocator), arena)
    }

    /// Runs `build` on an arena of the size that it takes.
    package static func place<Content>(
        in arena: FloatArena, _ build: (inout ArenaAllocator) -> Content
    ) -> Content {
        var allocator = ArenaAllocator(arena: arena)
        return build(&allocator)
    }

    /// Floats that the content of `build` takes.
    package static func count<Content>(_ build: (inout ArenaAllocator) -> Content) -> Int {
        var allocator = ArenaAllocator(arena: nil)
        _ = build(&allocator)
        return allocator.floatCount
    }

    /// A matrix that starts at a multiple of 16 floats.
    package mutating func matrix(_ rows: Int, _ columns: Int) -> Matrix {
        let offset = next
        next += (rows * columns + 15) / 16 * 16
        floatCount = max(floatCount, next)
        guard let arena else { return Matrix(Matrix.none.base, rows: rows, columns: columns) }
        return Matrix(arena, offset: offset, rows: rows, columns: columns)
    }

    package mutating func vector(_ count: Int) -> Vector { Vector(matrix(1, count).base, count: count) }

    /// Runs `body` for each of `count` contents, all in the same memory: only the last one written is valid.
    package mutating func overlaid<Content>(_ count: Int, _ body: (inout ArenaAllocator, Int) -> Content) -> [Content] {
        let start = next
        var end = next
        let contents = (0..<count).map { index in
            next = start
            defer { end = max(end, next) }
            return body(&self, index)
        }
        next = end
        return contents
    }
}
