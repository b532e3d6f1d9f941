// Matrix products on one thread against the double-precision reference, in every form that the layers use.

import Kernels
import TestSupport
import Testing

/// The sizes of a product: (m, k) · (k, n).
struct ProductSize: Sendable, CustomTestStringConvertible {
    let m: Int
    let k: Int
    let n: Int
    var testDescription: String { "(\(m), \(k)) · (\(k), \(n))" }

    static let all = [
        (1, 1, 1), (1, 7, 33), (5, 1, 16), (17, 100, 7), (16, 16, 16), (33, 7, 100), (100, 33, 5), (7, 100, 1),
    ].map { ProductSize(m: $0.0, k: $0.1, n: $0.2) }
}

@Suite struct MatrixMultiplyTests {
    @Test(arguments: ProductSize.all, 0..<4) func everyTransposition(size: ProductSize, choice: Int) {
        let (transposingA, transposingB) = (choice & 1 > 0, choice & 2 > 0)
        let a = transposingA ? Grid.random(size.k, size.m, seed: 1) : Grid.random(size.m, size.k, seed: 1)
        let b = transposingB ? Grid.random(size.n, size.k, seed: 2) : Grid.random(size.k, size.n, seed: 2)
        for (scale, adding) in [(Float(1), false), (0.25, false), (1, true), (-3, true)] {
            let c = Grid.random(size.m, size.n, seed: 3)
            let before = c.doubles
            MatrixMultiply.run(
                into: c.matrix, a.matrix, b.matrix, transposingA: transposingA, transposingB: transposingB,
                scale: scale, adding: adding)
            let product = Reference.product(
                a.doubles, b.doubles, m: size.m, k: size.k, n: size.n, transposingA: transposingA,
                transposingB: transposingB, scale: Double(scale))
            #expect(relativeError(c.values, adding ? sum(before, product) : product) < tolerance)
            #expect(c.isIntact)
        }
    }

    /// What is overwritten may hold anything before, NaN as well.
    @Test func overwritingForgetsWhatWasThere() {
        let (a, b) = (Grid.random(5, 7, seed: 4), Grid.random(7, 5, seed: 5))
        let c = Grid(5, 5, filledWith: .nan)
        MatrixMultiply.run(into: c.matrix, a.matrix, b.matrix)
        #expect(relativeError(c.values, Reference.product(a.doubles, b.doubles, m: 5, k: 7, n: 5)) < tolerance)
    }

    /// Views of some columns and rows, as attention's heads are.
    @Test func partsOfLargerMatrices() {
        let (a, b) = (Grid.random(9, 40, seed: 6), Grid.random(30, 50, seed: 7))
        let c = Grid(20, 20, filledWith: 1)
        let (left, right) = (a.matrix.rows(2..<7).columns(11..<24), b.matrix.rows(3..<16).columns(20..<37))
        MatrixMultiply.run(into: c.matrix.rows(10..<15).columns(1..<18), left, right, adding: true)
        let leftValues = (0..<5).flatMap { row in (0..<13).map { Double(left.row(row)[$0]) } }
        let rightValues = (0..<13).flatMap { row in (0..<17).map { Double(right.row(row)[$0]) } }
        let product = Reference.product(leftValues, rightValues, m: 5, k: 13, n: 17)
        var expected = [Double](repeating: 1, count: 400)
        for row in 0..<5 {
            for column in 0..<17 { expected[(row + 10) * 20 + column + 1] += product[row * 17 + column] }
        }
        #expect(relativeError(c.values, expected) < tolerance)
        // The elements around the part are the same bits.
        let outside = (0..<400).filter { !(10..<15).contains($0 / 20) || !(1..<18).contains($0 % 20) }
        #expect(outside.allSatisfy { c.values[$0] == 1 })
    }

    @Test func noRowsAndNoColumnsDoNothing() {
        let (a, b) = (Grid.random(5, 7, seed: 8), Grid.random(7, 5, seed: 9))
        let c = Grid(5, 5, filledWith: 2)
        MatrixMultiply.run(into: c.matrix.rows(2..<2), a.matrix.rows(3..<3), b.matrix)
        MatrixMultiply.run(into: c.matrix.columns(4..<4), a.matrix, b.matrix.columns(1..<1))
        #expect(c.values.allSatisfy { $0 == 2 })
    }
}
