// The soft cap of logits and its slope, near zero and where it is reached.

import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct SoftCapTests {
    /// Both branches of the tanh, and the place where they meet.
    private static let line: [Float] =
        (-4_000...4_000).map { Float($0) * 0.05 } + (0...2_000).map { 7 + Float($0) * 0.001 } + [-1e-20, 0, 1e-20]

    @Test(arguments: [1, 30, 50]) func forwardOnTheLine(cap: Float) {
        let (x, y) = (Grid(1, Self.line.count) { Self.line[$0] }, Grid(1, Self.line.count, filledWith: .nan))
        SoftCap.forward(into: y.matrix, of: x.matrix, cap: cap)
        for (value, found) in zip(x.doubles, y.doubles) {
            let expected = Double(cap) * tanh(value / Double(cap))
            #expect(abs(found - expected) <= 2e-6 * abs(expected))
        }
        #expect(y.isIntact)
    }

    @Test(arguments: [1, 5, 17], [1, 7, 16, 33, 100]) func shapes(rows: Int, columns: Int) {
        let x = Grid.random(rows, columns, seed: 1, deviation: 3)
        let (y, dy) = (Grid(rows, columns, filledWith: .nan), Grid.random(rows, columns, seed: 2))
        let g0 = dy.doubles
        SoftCap.forward(into: y.matrix, of: x.matrix, cap: 5)
        #expect(relativeError(y.values, x.doubles.map { 5 * tanh($0 / 5) }) < tolerance)
        SoftCap.backward(inPlace: dy.matrix, input: x.matrix, cap: 5)
        let expected = zip(x.doubles, g0).flatMap { x, g in
            centralDifference(of: { g * 5 * tanh($0[0] / 5) }, at: [x])
        }
        #expect(relativeError(dy.values, expected) < tolerance)
        SoftCap.forward(inPlace: x.matrix, cap: 5)
        #expect(x.values == y.values)
        #expect(x.isIntact && y.isIntact && dy.isIntact)
    }

    @Test func largeInputs() {
        let x = Grid(1, 6) { [40, 1e4, 3e38, -40, -1e4, -3e38][$0] }
        let (y, dy) = (Grid(1, 6, filledWith: .nan), Grid(1, 6, filledWith: 1))
        SoftCap.forward(into: y.matrix, of: x.matrix, cap: 0.5)
        SoftCap.backward(inPlace: dy.matrix, input: x.matrix, cap: 0.5)
        #expect(y.values == [0.5, 0.5, 0.5, -0.5, -0.5, -0.5])
        #expect(dy.values.allSatisfy { $0 == 0 })
    }
}
