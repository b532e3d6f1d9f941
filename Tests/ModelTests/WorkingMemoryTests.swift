// Working memory: what is counted is what is allocated, and who shares it.

import Kernels
import Model
import Testing

@Suite struct WorkingMemoryTests {
    private static func architecture(blockCount: Int) -> Architecture {
        Architecture(
            gpt2: ModelShape(
                vocabularySize: 31, contextLength: 8, blockCount: blockCount, headCount: 2, modelWidth: 12,
                feedForwardWidth: 20))
    }

    /// A block more costs its own arrays and a residual stream where all is kept, and nothing where nothing is.
    @Test func blocksShareMemoryWhereNothingIsKept() {
        func count(_ blockCount: Int, _ keeping: Activations.Keeping) -> Int {
            Activations.floatCount(Self.architecture(blockCount: blockCount), rowCount: 16, keeping: keeping)
        }
        #expect(count(2, .nothing) == count(5, .nothing))
        // (N, C) four times, (N, 3C), (N, F), (H, N), four moments, and the stream; all multiples of 16 here.
        let (N, C, F, H) = (16, 12, 20, 2)
        #expect(count(3, .all) - count(2, .all) == N * (5 * C + 3 * C + F + H + 4))
        // Where backward computes a block again, it costs its input only.
        #expect(count(3, .inputs) - count(2, .inputs) == N * C)
        #expect(count(1, .inputs) == count(1, .all))
    }

    /// Matrices are aligned, disjoint, and all inside the arena that was counted for them.
    @Test func whatIsCountedIsAllocated() {
        let (views, arena) = ArenaAllocator.allocate { allocator in
            var views = [allocator.matrix(3, 5), allocator.matrix(1, 1)]
            views += allocator.overlaid(2) { $0.matrix(4, 4 + 20 * $1) }
            views.append(allocator.matrix(2, 7))
            return views
        }
        let offsets = views.map { $0.base - arena.base }
        #expect(offsets == [0, 16, 32, 32, 32 + 96])
        #expect(arena.count == 32 + 96 + 16)
    }
}
