// Products with a matrix of few rows against the double-precision reference.

import Kernels
import TestSupport
import Testing

/// The sizes of a product of (N, C) and (R, C).
struct LowRankSize: Sendable, CustomTestStringConvertible {
    let rows: Int
    let columns: Int
    let rank: Int
    var testDescription: String { "(\(rows), \(columns)) and (\(rank), \(columns))" }

    /// Incomplete groups of rows, columns and ranks; more columns and rows than a block has.
    static let all = [1, 3, 4, 37, 70].flatMap { rows in
        [(1, 1), (16, 8), (33, 5), (530, 8), (1060, 3), (48, 32)].map {
            LowRankSize(rows: rows, columns: $0.0, rank: $0.1)
        }
    }
}

@Suite struct LowRankProductTests {
    @Test(arguments: LowRankSize.all) func projectsRows(size: LowRankSize) {
        let wide = Grid.random(size.rows, size.columns, seed: 1)
        let factor = Grid.random(size.rank, size.columns, seed: 2)
        let narrow = Grid(size.rows, size.rank, filledWith: .nan)
        LowRankProduct.project(into: narrow.matrix, wide.matrix, factor.matrix, scale: -0.5)
        let expected = Reference.product(
            wide.doubles, factor.doubles, m: size.rows, k: size.columns, n: size.rank, transposingB: true, scale: -0.5)
        #expect(relativeError(narrow.values, expected) < tolerance)
        #expect(narrow.isIntact)
    }

    @Test(arguments: LowRankSize.all) func addsToWideRows(size: LowRankSize) {
        let wide = Grid.random(size.rows, size.columns, seed: 3)
        let narrow = Grid.random(size.rows, size.rank, seed: 4)
        let factor = Grid.random(size.rank, size.columns, seed: 5)
        let before = wide.doubles
        LowRankProduct.add(to: wide.matrix, narrow.matrix, factor.matrix)
        let product = Reference.product(
            narrow.doubles, factor.doubles, m: size.rows, k: size.rank, n: size.columns)
        #expect(relativeError(wide.values, sum(before, product)) < tolerance)
        #expect(wide.isIntact)
    }

    @Test(arguments: LowRankSize.all) func addsToTheFactor(size: LowRankSize) {
        let factor = Grid.random(size.rank, size.columns, seed: 6)
        let (narrow, wide) = (Grid.random(size.rows, size.rank, seed: 7), Grid.random(size.rows, size.columns, seed: 8))
        let before = factor.doubles
        LowRankProduct.addTransposed(to: factor.matrix, narrow.matrix, wide.matrix)
        let product = Reference.product(
            narrow.doubles, wide.doubles, m: size.rank, k: size.rows, n: size.columns, transposingA: true)
        #expect(relativeError(factor.values, sum(before, product)) < tolerance)
        #expect(factor.isIntact)
    }

    /// A row's results do not depend on the rows next to it.
    @Test func oneRowHasTheBitsOfMany() {
        let (wide, factor) = (Grid.random(7, 530, seed: 9), Grid.random(5, 530, seed: 10))
        let (all, one) = (Grid(7, 5, filledWith: 0), Grid(1, 5, filledWith: 0))
        LowRankProduct.project(into: all.matrix, wide.matrix, factor.matrix)
        let sums = wide.copy()
        LowRankProduct.add(to: sums.matrix, all.matrix, factor.matrix)
        for row in 0..<7 {
            LowRankProduct.project(into: one.matrix, wide.matrix.rows(row..<row + 1), factor.matrix)
            #expect(one.values == Array(all.values[5 * row..<5 * row + 5]))
            let sum = Grid(1, 530) { wide.values[530 * row + $0] }
            LowRankProduct.add(to: sum.matrix, one.matrix, factor.matrix)
            #expect(sum.values == Array(sums.values[530 * row..<530 * row + 530]))
        }
    }
}
