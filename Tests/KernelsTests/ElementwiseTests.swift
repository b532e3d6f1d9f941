// Sums and clearing of full matrices.

import Kernels
import TestSupport
import Testing

@Suite struct ElementwiseTests {
    @Test(arguments: [1, 5, 17], [1, 7, 16, 33, 100]) func add(rows: Int, columns: Int) {
        let (target, source) = (Grid.random(rows, columns, seed: 1), Grid.random(rows, columns, seed: 2, gap: 9))
        let expected = zip(target.values, source.values).map { $0 + $1 }
        Elementwise.add(to: target.matrix, source.matrix)
        #expect(target.values == expected)
        #expect(target.isIntact && source.isIntact)
    }

    @Test(arguments: [1, 5, 17], [1, 7, 16, 33, 100]) func zero(rows: Int, columns: Int) {
        let target = Grid.random(rows, columns, seed: 3, gap: 0)
        Elementwise.zero(target.matrix)
        #expect(target.values.allSatisfy { $0 == 0 })
        #expect(target.isIntact)
    }

    @Test(arguments: [1, 7, 16, 33, 100]) func someRows(columns: Int) {
        let (all, part) = (Grid.random(9, columns, seed: 4), Grid(4, columns, filledWith: .nan))
        let (rows, before) = ([7, 0, 3, 8], all.copy())
        Elementwise.gather(into: part.matrix, rows: rows, of: all.matrix)
        for (index, row) in rows.enumerated() {
            #expect((0..<columns).allSatisfy { part.matrix.row(index)[$0] == before.matrix.row(row)[$0] })
        }
        #expect(part.isIntact && all.isIntact)
    }

    /// Rows that stay, rows that move by one and by many, none at the beginning, none at the end.
    @Test(arguments: [[0, 1, 4, 8], [2, 3], [8], [0], Array(0..<9)], [1, 7, 33]) func spread(rows: [Int], columns: Int)
    {
        let grid = Grid.random(9, columns, seed: 5, gap: 0)
        let before = grid.copy()
        Elementwise.spread(grid.matrix, rows: rows)
        for row in 0..<9 {
            let source = rows.firstIndex(of: row)
            for column in 0..<columns {
                #expect(grid.matrix.row(row)[column] == source.map { before.matrix.row($0)[column] } ?? 0)
            }
        }
        #expect(grid.isIntact)
    }

    /// Full groups and rests, several chunks, ties, and NaNs.
    @Test(arguments: [1, 15, 16, 17, 33, 100, 4_096, 4_097, 13_000]) func theLargest(count: Int) {
        var generator = SplitMix64(seed: 6)
        for _ in 0..<(count > 1_000 ? 20 : 200) {
            let special: [Float] = [
                .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, 2,
            ]
            let grid = Grid(1, count) { _ in
                generator.below(3) == 0 ? special[generator.below(special.count)] : Float(generator.below(5))
            }
            // Otherwise the largest is always in the first chunk.
            if count > 1_000 { for index in 0..<generator.below(count) { grid.matrix.row(0)[index] = .nan } }
            let limit = Float.greatestFiniteMagnitude
            let bounded = grid.values.map { $0.isNaN ? -limit : min(max($0, -limit), limit) }
            let expected = bounded.indices.max { bounded[$0] < bounded[$1] || (bounded[$0] == bounded[$1] && $0 > $1) }
            #expect(Elementwise.indexOfLargest(grid.vector) == expected)
        }
    }

    @Test func arenasBeginWithZerosAndCopy() {
        let (first, second) = (FloatArena(count: 1_000_003), FloatArena(count: 1_000_003))
        #expect(first.buffer.allSatisfy { $0 == 0 })
        #expect(UInt(bitPattern: first.base) % 64 == 0)
        for index in 0..<first.count { first.base[index] = Float(index) }
        second.copy(from: first)
        #expect(Array(second.buffer) == Array(first.buffer))
        second.zero()
        #expect(second.buffer.allSatisfy { $0 == 0 })
        #expect(first.buffer[1_000_002] == 1_000_002)
    }
}
