// Products in bfloat16: against the double-precision reference on operands that are rounded beforehand.

import Kernels
import TestSupport
import Testing

@Suite(.enabled(if: RoundedWeight.isSupported, "this processor or oneDNN multiplies no bfloat16"))
struct RoundedWeightTests {
    /// The nearest bfloat16, ties to even, by arithmetic on doubles: eight significant bits.
    static func rounded(_ values: [Double]) -> [Double] {
        values.map { value in
            guard value != 0 else { return value }
            let unit = value.ulp * 35_184_372_088_832  // 2^45: a double has 53 significant bits, a bfloat16 has 8.
            return (value / unit).rounded(.toNearestOrEven) * unit
        }
    }

    @Test(arguments: LinearSize.all, [false, true]) func bothDirections(size: LinearSize, isTransposed: Bool) {
        let x = Grid.random(size.rows, size.input, seed: 1)
        let weight =
            isTransposed
            ? Grid.random(size.output, size.input, seed: 2) : Grid.random(size.input, size.output, seed: 2)
        let (bias, dy) = (Grid.random(1, size.output, seed: 3), Grid.random(size.rows, size.output, seed: 4))
        let layer = RoundedWeight(weight.matrix, transposed: isTransposed, workspace: BFloat16Workspace())
        RoundedWeight.refresh([layer])
        let (xs, ws, ds) = (Self.rounded(x.doubles), Self.rounded(weight.doubles), Self.rounded(dy.doubles))

        for hasBias in [true, false] {
            let y = Grid(size.rows, size.output, filledWith: .nan)
            layer.forward(into: y.matrix, of: x.matrix, bias: hasBias ? bias.vector : nil)
            var expected = Reference.product(
                xs, ws, m: size.rows, k: size.input, n: size.output, transposingB: isTransposed)
            if hasBias {
                for index in expected.indices { expected[index] += bias.doubles[index % size.output] }
            }
            #expect(relativeError(y.values, expected) < tolerance)
            #expect(y.isIntact)
        }

        let dx = Grid(size.rows, size.input, filledWith: .nan)
        let dWeight = Grid.random(weight.matrix.rows, weight.matrix.columns, seed: 5)
        let dBias = Grid.random(1, size.output, seed: 6)
        let before = (dWeight.doubles, dBias.doubles)
        layer.backward(
            dInput: dx.matrix, dWeight: dWeight.matrix, dBias: dBias.vector, dOutput: dy.matrix, input: x.matrix)
        let slopes = (
            Reference.product(
                ds, ws, m: size.rows, k: size.output, n: size.input, transposingB: !isTransposed),
            isTransposed
                ? Reference.product(
                    ds, xs, m: size.output, k: size.rows, n: size.input, transposingA: true)
                : Reference.product(
                    xs, ds, m: size.input, k: size.rows, n: size.output, transposingA: true)
        )
        #expect(relativeError(dx.values, slopes.0) < tolerance)
        #expect(relativeError(dWeight.values, sum(before.0, slopes.1)) < tolerance)
        // The bias takes the gradient as it is.
        let columns = (0..<size.output).map { column in
            (0..<size.rows).reduce(0.0) { $0 + dy.doubles[$1 * size.output + column] }
        }
        #expect(relativeError(dBias.values, sum(before.1, columns)) < tolerance)
        #expect(dx.isIntact && dWeight.isIntact && dBias.isIntact)
    }

    /// A frozen weight has no gradient, and its input the same one as ever.
    @Test func whatIsNotAskedForChangesNothing() {
        let (x, weight) = (Grid.random(40, 64, seed: 7), Grid.random(64, 48, seed: 8))
        let dy = Grid.random(40, 48, seed: 9)
        let layer = RoundedWeight(weight.matrix, transposed: false, workspace: BFloat16Workspace())
        RoundedWeight.refresh([layer])
        let (first, second) = (Grid(40, 64, filledWith: 0), Grid(40, 64, filledWith: 1))
        let dWeight = Grid(64, 48, filledWith: 0)
        layer.backward(dInput: first.matrix, dWeight: nil, dBias: nil, dOutput: dy.matrix, input: x.matrix)
        layer.backward(
            dInput: second.matrix, dWeight: dWeight.matrix, dBias: nil, dOutput: dy.matrix, input: x.matrix)
        #expect(first.values == second.values)
        #expect(dWeight.values.contains { $0 != 0 })
    }

    /// A NaN must reach the loss, where it is noticed: rounding its bits up would make a zero of it.
    @Test(arguments: [Float.nan, Float(bitPattern: 0x7FFF_FFFF), Float(bitPattern: 0xFFFF_FFFF), .infinity])
    func nonFiniteValuesStayNonFinite(value: Float) {
        let (x, weight) = (Grid(3, 32, filledWith: 1), Grid(32, 32, filledWith: 1))
        x.matrix.row(1)[5] = value
        let layer = RoundedWeight(weight.matrix, transposed: false, workspace: BFloat16Workspace())
        RoundedWeight.refresh([layer])
        let y = Grid(3, 32, filledWith: 0)
        layer.forward(into: y.matrix, of: x.matrix, bias: nil)
        #expect((0..<32).allSatisfy { !y.matrix.row(1)[$0].isFinite && y.matrix.row(0)[$0] == 32 })
    }
}
