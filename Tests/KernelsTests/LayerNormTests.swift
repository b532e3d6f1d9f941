// Layer normalization, forward and backward, against the double-precision reference.

import Kernels
import TestSupport
import Testing

@Suite struct LayerNormTests {
    static let rowCounts = [1, 5, 17]
    static let columnCounts = [1, 7, 16, 33, 100]
    static let epsilon = 1e-5

    /// Forward's results, and what it saved.
    private static func forward(_ x: Grid, weight: Grid, bias: Grid?) -> (output: Grid, saved: LayerNorm.Saved) {
        let rows = x.matrix.rows
        let (mean, deviation) = (Grid(1, rows, filledWith: .nan), Grid(1, rows, filledWith: .nan))
        let saved = LayerNorm.Saved(mean: mean.vector, reciprocalDeviation: deviation.vector)
        let output = Grid(rows, x.matrix.columns, filledWith: .nan)
        LayerNorm.forward(
            into: output.matrix, saving: saved, of: x.matrix, weight: weight.vector, bias: bias?.vector,
            epsilon: Float(epsilon))
        #expect(output.isIntact && mean.isIntact && deviation.isIntact)
        return (output, saved)
    }

    @Test(arguments: rowCounts, columnCounts) func forward(rows: Int, columns: Int) {
        // A mean that is large compared with the deviation: a sum of squares minus the square of the mean would not do.
        let noise = Grid.random(rows, columns, seed: 1).values
        let x = Grid(rows, columns) { 10 + noise[$0] }
        let (weight, bias) = (Grid.random(1, columns, seed: 2), Grid.random(1, columns, seed: 3))
        for used in [bias, nil] {
            let output = Self.forward(x, weight: weight, bias: used).output
            let expected = Reference.layerNorm(
                x.doubles, weight: weight.doubles, bias: used?.doubles, rows: rows, columns: columns,
                epsilon: Self.epsilon)
            #expect(relativeError(output.values, expected) < tolerance)
        }
    }

    @Test(arguments: rowCounts, columnCounts) func aResidualIsAddedFirst(rows: Int, columns: Int) {
        let (x, residual) = (Grid.random(rows, columns, seed: 17), Grid.random(rows, columns, seed: 18, gap: 5))
        let (weight, output) = (Grid.random(1, columns, seed: 19), Grid(rows, columns, filledWith: .nan))
        let sums = Grid(rows, columns) { x.values[$0] + residual.values[$0] }
        let expected = Self.forward(sums, weight: weight, bias: nil).output
        let saved = LayerNorm.Saved(
            mean: Grid(1, rows, filledWith: 0).vector, reciprocalDeviation: Grid(1, rows, filledWith: 0).vector)
        LayerNorm.forwardAddingResidual(
            into: output.matrix, saving: saved, inPlace: x.matrix, adding: residual.matrix, weight: weight.vector,
            bias: nil,
            epsilon: Float(Self.epsilon))
        #expect(output.values == expected.values)
        #expect(x.values == sums.values)
        #expect(x.isIntact && residual.isIntact && output.isIntact)
    }

    @Test(arguments: rowCounts, columnCounts) func backwardAddsTheGradients(rows: Int, columns: Int) {
        let x = Grid.random(rows, columns, seed: 4)
        let (weight, bias) = (Grid.random(1, columns, seed: 5), Grid.random(1, columns, seed: 6))
        let dy = Grid.random(rows, columns, seed: 7)
        let (dx, dWeight) = (Grid.random(rows, columns, seed: 8), Grid.random(1, columns, seed: 9))
        let dBias = Grid.random(1, columns, seed: 10)
        let before = (dx.doubles, dWeight.doubles, dBias.doubles)
        let saved = Self.forward(x, weight: weight, bias: bias).saved
        LayerNorm.backward(
            dInput: dx.matrix, dWeight: dWeight.vector, dBias: dBias.vector, dOutput: dy.matrix, input: x.matrix,
            weight: weight.vector, saved: saved)

        func loss(_ x: [Double], _ weight: [Double], _ bias: [Double], rows: Int, _ dy: [Double]) -> Double {
            let y = Reference.layerNorm(
                x, weight: weight, bias: bias, rows: rows, columns: columns, epsilon: Self.epsilon)
            return inner(y, dy)
        }
        let (x0, w0, b0, g0) = (x.doubles, weight.doubles, bias.doubles, dy.doubles)
        // A row's output depends on that row alone, so the differences are taken row by row.
        let dx0 = (0..<rows).flatMap { row in
            let range = (row * columns)..<((row + 1) * columns)
            return centralDifference(of: { loss($0, w0, b0, rows: 1, Array(g0[range])) }, at: Array(x0[range]))
        }
        let dWeight0 = centralDifference(of: { loss(x0, $0, b0, rows: rows, g0) }, at: w0)
        let dBias0 = centralDifference(of: { loss(x0, w0, $0, rows: rows, g0) }, at: b0)
        #expect(relativeError(dx.values, sum(before.0, dx0)) < tolerance)
        #expect(relativeError(dWeight.values, sum(before.1, dWeight0)) < tolerance)
        #expect(relativeError(dBias.values, sum(before.2, dBias0)) < tolerance)
        #expect(dx.isIntact && dWeight.isIntact && dBias.isIntact)
    }

    @Test func backwardWithoutBias() {
        let (x, weight, dy) = (Grid.random(5, 33, seed: 11), Grid.random(1, 33, seed: 12), Grid.random(5, 33, seed: 13))
        let saved = Self.forward(x, weight: weight, bias: nil).saved
        func gradients(_ dBias: Grid?) -> [Float] {
            let (dx, dWeight) = (Grid(5, 33, filledWith: 0), Grid(1, 33, filledWith: 0))
            LayerNorm.backward(
                dInput: dx.matrix, dWeight: dWeight.vector, dBias: dBias?.vector, dOutput: dy.matrix, input: x.matrix,
                weight: weight.vector, saved: saved)
            return dx.values + dWeight.values
        }
        #expect(gradients(nil) == gradients(Grid(1, 33, filledWith: 0)))
    }

    /// Equal elements have no variance: the output is the bias, and ε keeps everything finite.
    @Test func constantRow() {
        let (x, weight) = (Grid(5, 33, filledWith: 3), Grid.random(1, 33, seed: 14))
        let (bias, dy, dx) = (Grid.random(1, 33, seed: 15), Grid.random(5, 33, seed: 16), Grid(5, 33, filledWith: 0))
        let result = Self.forward(x, weight: weight, bias: bias)
        #expect(result.output.values == (0..<5).flatMap { _ in bias.values })
        LayerNorm.backward(
            dInput: dx.matrix, dWeight: Grid(1, 33, filledWith: 0).vector, dBias: nil, dOutput: dy.matrix,
            input: x.matrix, weight: weight.vector, saved: result.saved)
        #expect(dx.values.allSatisfy { $0.isFinite })
    }
}
