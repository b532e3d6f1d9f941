// Generation's compact weights against the double-precision reference on the values that they stand for.

import Kernels
import TestSupport
import Testing

@Suite struct CompactWeightTests {
    /// What an (in, out) matrix becomes in the format.
    static func stored(_ values: [Double], input: Int, output: Int, _ format: WeightFormat) -> [Double] {
        guard format == .int8 else { return RoundedWeightTests.rounded(values) }
        var result = values
        for column in 0..<output {
            let largest = (0..<input).map { abs(values[$0 * output + column]) }.max() ?? 0
            let scale = Double(Float(largest) / 127)
            guard scale > 0 else { continue }
            for row in 0..<input {
                result[row * output + column] = (values[row * output + column] / scale).rounded() * scale
            }
        }
        return result
    }

    @Test(arguments: [WeightFormat.bf16, .int8], [(1, 1), (7, 16), (16, 64), (33, 65), (100, 130), (3, 200)])
    func product(format: WeightFormat, size: (Int, Int)) {
        let (input, output) = size
        for isTransposed in [false, true] {
            let weight = isTransposed ? Grid.random(output, input, seed: 1) : Grid.random(input, output, seed: 1)
            let values = weight.doubles
            let plain =
                isTransposed
                ? (0..<(input * output)).map { values[$0 % output * input + $0 / output] } : values
            let expectedWeight = Self.stored(plain, input: input, output: output, format)
            let compact = CompactWeight(weight.matrix, transposed: isTransposed, format: format)
            for rows in [1, 2, 4, 7, 8] {
                let (x, bias) = (Grid.random(rows, input, seed: 2), Grid.random(1, output, seed: 3))
                let y = Grid(rows, output, filledWith: .nan)
                compact.multiply(into: y.matrix, x.matrix, bias: bias.vector)
                let expected = Reference.linear(
                    x.doubles, weight: expectedWeight, bias: bias.doubles, rows: rows, input: input, output: output)
                #expect(relativeError(y.values, expected) < tolerance, "\(rows) rows, transposed \(isTransposed)")
                #expect(y.isIntact)
                // Each row has the bits that it has alone.
                let one = Grid(1, output, filledWith: .nan)
                for row in 0..<rows {
                    compact.multiply(into: one.matrix, x.matrix.rows(row..<(row + 1)), bias: bias.vector)
                    #expect((0..<output).allSatisfy { one.matrix.row(0)[$0] == y.matrix.row(row)[$0] })
                }
            }
        }
    }

    /// A column of zeros has no scale.
    @Test(arguments: [WeightFormat.bf16, .int8]) func zeros(format: WeightFormat) {
        let (weight, x) = (Grid(5, 70, filledWith: 0), Grid.random(1, 5, seed: 4))
        let y = Grid(1, 70, filledWith: .nan)
        CompactWeight(weight.matrix, transposed: false, format: format).multiply(into: y.matrix, x.matrix, bias: nil)
        #expect(y.values == [Float](repeating: 0, count: 70))
    }
}
