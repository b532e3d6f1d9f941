// GELU in both forms and their derivatives, over the full range that activations reach.

import Kernels
import TestSupport
import Testing

@Suite struct GELUTests {
    /// -60 … 60, densest where the curve bends.
    private static let line: [Float] =
        (-2_000...2_000).map { Float($0) * 0.004 } + (-600...600).map { Float($0) * 0.1 } + [-1e-20, 0, 1e-20]

    /// The reference derivative, on which backward's tests depend, is the slope of the reference function.
    @Test(arguments: [false, true]) func referenceDerivative(exact: Bool) {
        let points = stride(from: -8.0, through: 8, by: 0.25).map { $0 }
        for x in points {
            let slope = centralDifference(of: { Reference.gelu($0[0], exact: exact) }, at: [x])[0]
            #expect(abs(slope - Reference.geluDerivative(x, exact: exact)) < 1e-9)
        }
    }

    /// Near zero the sum ½ + ½ erf and the sigmoid are right to 4e-7 (`ElementaryTests`), and the factor x scales that.
    /// In the left tail the tanh form's e^(2u) carries the rounding of 2u, some 20 units of 6e-8, on values below 0.01.
    @Test(arguments: [false, true]) func forwardOnTheLine(exact: Bool) {
        let x = Grid(1, Self.line.count) { Self.line[$0] }
        let y = Grid(1, Self.line.count, filledWith: .nan)
        GELU.forward(into: y.matrix, of: x.matrix, exact: exact)
        let worst =
            zip(x.doubles, y.doubles)
            .map { abs($1 - Reference.gelu($0, exact: exact)) / max(1, abs($0)) }.max() ?? .infinity
        #expect(worst < 5e-7)
        #expect(relativeError(y.values, x.doubles.map { Reference.gelu($0, exact: exact) }) < 1e-6)
        #expect(y.values.allSatisfy { $0.isFinite })
        #expect(y.isIntact)
    }

    @Test(arguments: [false, true], [1, 7, 33]) func aBiasIsAddedFirst(exact: Bool, columns: Int) {
        let (x, bias) = (Grid.random(5, columns, seed: 1), Grid.random(1, columns, seed: 2))
        let sums = Grid(5, columns) { x.values[$0] + bias.values[$0 % columns] }
        let (expected, output) = (Grid(5, columns, filledWith: .nan), Grid(5, columns, filledWith: .nan))
        GELU.forward(into: expected.matrix, of: sums.matrix, exact: exact)
        GELU.forwardAddingBias(into: output.matrix, inPlace: x.matrix, adding: bias.vector, exact: exact)
        #expect(output.values == expected.values)
        #expect(x.values == sums.values)
        #expect(x.isIntact && bias.isIntact && output.isIntact)
    }

    @Test(arguments: [false, true]) func backwardOnTheLine(exact: Bool) {
        let x = Grid(1, Self.line.count) { Self.line[$0] }
        let dy = Grid(1, Self.line.count, filledWith: 1)
        GELU.backward(inPlace: dy.matrix, input: x.matrix, exact: exact)
        let worst =
            zip(x.doubles, dy.doubles)
            .map { abs($1 - Reference.geluDerivative($0, exact: exact)) }.max() ?? .infinity
        #expect(worst < 2e-6)
        #expect(dy.isIntact)
    }

    /// The exact form is x Φ(x) and the tanh form is not: they differ by up to 4.7e-4, which the full model's tests
    /// could miss.
    @Test func theFormsDiffer() {
        let x = Grid(1, Self.line.count) { Self.line[$0] }
        let (tanhForm, exactForm) = (x.copy(), x.copy())
        GELU.forward(into: tanhForm.matrix, of: x.matrix, exact: false)
        GELU.forward(into: exactForm.matrix, of: x.matrix, exact: true)
        let largest = zip(tanhForm.values, exactForm.values).map { abs($0 - $1) }.max() ?? 0
        #expect(largest > 4e-4 && largest < 5e-4)
    }

    @Test(arguments: [1, 5, 17], [1, 7, 16, 33, 100]) func shapes(rows: Int, columns: Int) {
        for exact in [false, true] {
            let x = Grid.random(rows, columns, seed: 1, deviation: 2)
            let (y, dy) = (Grid(rows, columns, filledWith: .nan), Grid.random(rows, columns, seed: 2))
            GELU.forward(into: y.matrix, of: x.matrix, exact: exact)
            #expect(relativeError(y.values, x.doubles.map { Reference.gelu($0, exact: exact) }) < tolerance)
            let g0 = dy.doubles
            GELU.backward(inPlace: dy.matrix, input: x.matrix, exact: exact)
            // Each output depends on one input: differences of the full sum, one coordinate's function at a time.
            let expected = zip(x.doubles, g0).flatMap { x, g in
                centralDifference(of: { g * Reference.gelu($0[0], exact: exact) }, at: [x])
            }
            #expect(relativeError(dy.values, expected) < tolerance)
            #expect(y.isIntact && dy.isIntact)
        }
    }

    /// An infinite activation must not turn silently into something finite and wrong.
    @Test(arguments: [false, true]) func largePositiveInputsPassThrough(exact: Bool) {
        let x = Grid(1, 3) { [60, 1e4, 3e4][$0] }
        let y = Grid(1, 3, filledWith: .nan)
        GELU.forward(into: y.matrix, of: x.matrix, exact: exact)
        #expect(relativeError(y.values, x.doubles) < 1e-6)
    }
}
