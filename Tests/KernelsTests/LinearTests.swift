// Linear layers and one-row products against the double-precision reference.

import Kernels
import TestSupport
import Testing

/// Rows, inputs and outputs of a linear layer.
struct LinearSize: Sendable, CustomTestStringConvertible {
    let rows: Int
    let input: Int
    let output: Int
    var testDescription: String { "(\(rows), \(input)) · (\(input), \(output))" }

    static let all = [1, 5, 17].flatMap { rows in
        [(1, 1), (7, 16), (16, 33), (33, 7), (100, 1), (7, 100)].map {
            LinearSize(rows: rows, input: $0.0, output: $0.1)
        }
    }
}

@Suite struct LinearTests {
    @Test(arguments: LinearSize.all, [true, false]) func forward(size: LinearSize, hasBias: Bool) {
        let x = Grid.random(size.rows, size.input, seed: 1)
        let weight = Grid.random(size.input, size.output, seed: 2)
        let bias = Grid.random(1, size.output, seed: 3)
        let y = Grid(size.rows, size.output, filledWith: .nan)
        Linear.forward(into: y.matrix, of: x.matrix, weight: weight.matrix, bias: hasBias ? bias.vector : nil)
        let expected = Reference.linear(
            x.doubles, weight: weight.doubles, bias: hasBias ? bias.doubles : nil, rows: size.rows, input: size.input,
            output: size.output)
        #expect(relativeError(y.values, expected) < tolerance)
        #expect(y.isIntact)
    }

    @Test(arguments: LinearSize.all) func backwardAddsTheGradients(size: LinearSize) {
        let x = Grid.random(size.rows, size.input, seed: 4)
        let weight = Grid.random(size.input, size.output, seed: 5)
        let bias = Grid.random(1, size.output, seed: 6)
        let dy = Grid.random(size.rows, size.output, seed: 7)
        // What is in the parameters' gradients before must still be in them afterwards.
        let dx = Grid.random(size.rows, size.input, seed: 8)
        let dWeight = Grid.random(size.input, size.output, seed: 9)
        let dBias = Grid.random(1, size.output, seed: 10)
        let before = (dWeight.doubles, dBias.doubles)
        Linear.backward(
            dInput: dx.matrix, dWeight: dWeight.matrix, dBias: dBias.vector, dOutput: dy.matrix, input: x.matrix,
            weight: weight.matrix)

        func loss(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> Double {
            let y = Reference.linear(
                x, weight: weight, bias: bias, rows: size.rows, input: size.input, output: size.output)
            return inner(y, dy.doubles)
        }
        let (x0, w0, b0) = (x.doubles, weight.doubles, bias.doubles)
        let slopes = (
            centralDifference(of: { loss($0, w0, b0) }, at: x0), centralDifference(of: { loss(x0, $0, b0) }, at: w0),
            centralDifference(of: { loss(x0, w0, $0) }, at: b0)
        )
        #expect(relativeError(dx.values, slopes.0) < tolerance)
        #expect(relativeError(dWeight.values, sum(before.0, slopes.1)) < tolerance)
        #expect(relativeError(dBias.values, sum(before.1, slopes.2)) < tolerance)
        #expect(dx.isIntact && dWeight.isIntact && dBias.isIntact)
    }

    /// A frozen weight, a first layer, a layer without bias: what is not asked for changes nothing of the rest.
    @Test(arguments: 0..<8) func backwardOfWhatIsAskedFor(choice: Int) {
        let (x, weight) = (Grid.random(5, 7, seed: 11), Grid.random(7, 33, seed: 12))
        let dy = Grid.random(5, 33, seed: 13)
        func gradients(_ choice: Int) -> (Grid, Grid, Grid) {
            let (dx, dWeight) = (Grid(5, 7, filledWith: 0), Grid(7, 33, filledWith: 0))
            let dBias = Grid(1, 33, filledWith: 0)
            Linear.backward(
                dInput: choice & 1 > 0 ? dx.matrix : nil, dWeight: choice & 2 > 0 ? dWeight.matrix : nil,
                dBias: choice & 4 > 0 ? dBias.vector : nil, dOutput: dy.matrix, input: x.matrix,
                weight: weight.matrix)
            return (dx, dWeight, dBias)
        }
        let (all, some) = (gradients(7), gradients(choice))
        #expect(some.0.values == (choice & 1 > 0 ? all.0.values : [Float](repeating: 0, count: 35)))
        #expect(some.1.values == (choice & 2 > 0 ? all.1.values : [Float](repeating: 0, count: 231)))
        #expect(some.2.values == (choice & 4 > 0 ? all.2.values : [Float](repeating: 0, count: 33)))
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 100], [1, 7, 16, 33, 100]) func oneRow(input: Int, output: Int) {
        let (x, weight) = (Grid.random(1, input, seed: 14), Grid.random(input, output, seed: 15))
        let (bias, y) = (Grid.random(1, output, seed: 16), Grid(1, output, filledWith: .nan))
        for hasBias in [true, false] {
            VectorMatrix.multiply(into: y.matrix, x.matrix, weight.matrix, bias: hasBias ? bias.vector : nil)
            let expected = Reference.linear(
                x.doubles, weight: weight.doubles, bias: hasBias ? bias.doubles : nil, rows: 1, input: input,
                output: output)
            #expect(relativeError(y.values, expected) < tolerance)
        }
        // Several rows give each the bits that it has alone.
        let (several, together) = (Grid.random(7, input, seed: 18), Grid(7, output, filledWith: .nan))
        VectorMatrix.multiply(into: together.matrix, several.matrix, weight.matrix, bias: bias.vector)
        for row in 0..<7 {
            VectorMatrix.multiply(
                into: y.matrix, several.matrix.rows(row..<(row + 1)), weight.matrix, bias: bias.vector)
            #expect((0..<output).allSatisfy { y.matrix.row(0)[$0] == together.matrix.row(row)[$0] })
        }
        let transposed = Grid.random(output, input, seed: 17)
        VectorMatrix.multiplyTransposed(into: y.matrix, x.matrix, transposed.matrix)
        let expected = Reference.product(
            x.doubles, transposed.doubles, m: 1, k: input, n: output, transposingB: true)
        #expect(relativeError(y.values, expected) < tolerance)
        #expect(y.isIntact)
    }
}
