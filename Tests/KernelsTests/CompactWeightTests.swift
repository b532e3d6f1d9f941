// Compact weights against the double-precision reference on the values that they stand for.

import Kernels
import TestSupport
import Testing

@Suite struct CompactWeightTests {
    /// What an (in, out) matrix becomes in the format.
    static func stored(_ values: [Double], input: Int, output: Int, _ kind: Kind) -> [Double] {
        let format = kind.format
        if format == .q4 || kind.isGrouped && format == .int8 { return grouped(values, input, output, format) }
        guard format == .int8 else { return format == .bf16 ? RoundedWeightTests.rounded(values) : values }
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

    /// Groups of 32 inputs with a scale in bfloat16: the largest is 127 steps, or the largest of either sign -8.
    private static func grouped(_ values: [Double], _ input: Int, _ output: Int, _ format: WeightFormat) -> [Double] {
        var result = values
        for column in 0..<output {
            for start in stride(from: 0, to: input, by: 32) {
                let places = (start..<min(start + 32, input)).map { $0 * output + column }
                let group = places.map { Float(values[$0]) }
                let largest = group.max { abs($0) < abs($1) } ?? 0
                let exact = format == .int8 ? abs(largest) / 127 : largest / -8
                let scale = Float(RoundedWeightTests.rounded([Double(exact)])[0])
                let limits: ClosedRange<Float> = format == .int8 ? -127...127 : -8...7
                for (place, value) in zip(places, group) {
                    let step = (value * (1 / scale)).rounded(.toNearestOrEven)
                    result[place] = Double(scale) * Double(min(max(step, limits.lowerBound), limits.upperBound))
                }
            }
        }
        return result
    }

    /// A format, and whether 32 inputs have a scale where all of an output could.
    struct Kind: Sendable, CustomTestStringConvertible {
        let format: WeightFormat
        var isGrouped = false
        /// Of a product of a few rows: inputs that are rounded to 65,535 steps of the largest of sixty-four, or not at all.
        var tolerance: Double { format == .int8 && !isGrouped ? 5e-5 : 1e-5 }
        var testDescription: String { "\(format)\(isGrouped ? " in groups" : "")" }
        static let all = WeightFormat.allCases.map { Kind(format: $0) } + [Kind(format: .int8, isGrouped: true)]
    }

    /// The plain (in, out) values of a weight, and it in the format, stored as it is or transposed.
    private static func make(_ kind: Kind, _ input: Int, _ output: Int, isTransposed: Bool) -> (CompactWeight, [Double])
    {
        let weight = isTransposed ? Grid.random(output, input, seed: 1) : Grid.random(input, output, seed: 1)
        let values = weight.doubles
        let plain =
            isTransposed ? (0..<(input * output)).map { values[$0 % output * input + $0 / output] } : values
        let compact = CompactWeight(
            weight.matrix, transposed: isTransposed, format: kind.format, isGrouped: kind.isGrouped)
        return (compact, stored(plain, input: input, output: output, kind))
    }

    /// Many rows at a time: both directions, and the values themselves; sizes beyond a panel of 512 by 1,024.
    @Test(arguments: Kind.all, [(1, 1), (33, 65), (100, 130), (515, 3), (40, 1_030)])
    func productsOfManyRows(kind: Kind, size: (Int, Int)) {
        let (input, output) = size
        for (rows, isTransposed) in [(1, false), (9, true), (17, false)] {
            let (compact, weight) = Self.make(kind, input, output, isTransposed: isTransposed)
            let (x, bias) = (Grid.random(rows, input, seed: 2), Grid.random(1, output, seed: 3))
            let (y, plain) = (Grid(rows, output, filledWith: .nan), Grid(rows, output, filledWith: .nan))
            compact.forward(into: y.matrix, of: x.matrix, bias: bias.vector)
            compact.forward(into: plain.matrix, of: x.matrix, bias: nil)
            func expected(_ bias: [Double]?) -> [Double] {
                Reference.linear(x.doubles, weight: weight, bias: bias, rows: rows, input: input, output: output)
            }
            #expect(relativeError(y.values, expected(bias.doubles)) < tolerance && y.isIntact, "\(rows)")
            #expect(relativeError(plain.values, expected(nil)) < tolerance && plain.isIntact, "\(rows)")

            let (dy, dx) = (Grid.random(rows, output, seed: 4), Grid(rows, input, filledWith: .nan))
            compact.backward(dInput: dx.matrix, dOutput: dy.matrix)
            let transposed = (0..<(input * output)).map { weight[$0 % input * output + $0 / input] }
            let slopes = Reference.linear(
                dy.doubles, weight: transposed, bias: nil, rows: rows, input: output, output: input)
            #expect(relativeError(dx.values, slopes) < tolerance && dx.isIntact, "\(rows)")

            let decoded = Grid(input, output, filledWith: .nan)
            compact.decode(into: decoded.matrix, transposed: false)
            #expect(decoded.values == weight.map { Float($0) } && decoded.isIntact)
            let numbers = [output - 1, 0, output / 2].map { Int32($0) }
            let columns = Grid(3, input, filledWith: .nan)
            compact.gather(into: columns.matrix, columns: numbers)
            #expect(columns.values == numbers.flatMap { n in (0..<input).map { Float(weight[$0 * output + Int(n)]) } })
        }
    }

    /// Groups lose less than a scale for all of an output does: the promise of 8 and 4 bits.
    @Test func theErrorOfEachFormat() {
        let plain = Grid.random(256, 70, seed: 1).doubles
        let errors = Kind.all.map { kind in
            let (compact, _) = Self.make(kind, 256, 70, isTransposed: false)
            let decoded = Grid(256, 70, filledWith: .nan)
            compact.decode(into: decoded.matrix, transposed: false)
            return relativeError(decoded.values, plain)
        }
        let limits = [0, 2.5e-3, 8e-3, 0.1, 6e-3]
        for (kind, (error, limit)) in zip(Kind.all, zip(errors, limits)) {
            #expect(error <= limit && error >= limit / 3, "\(kind.testDescription): \(error)")
        }
    }

    @Test(arguments: Kind.all, [(1, 1), (7, 16), (16, 64), (33, 65), (100, 130), (3, 200), (131, 70)])
    func product(kind: Kind, size: (Int, Int)) {
        let (input, output) = size
        for isTransposed in [false, true] {
            let (compact, expectedWeight) = Self.make(kind, input, output, isTransposed: isTransposed)
            for rows in [1, 2, 3, 4, 7, 8, 13] {
                let (x, bias) = (Grid.random(rows, input, seed: 2), Grid.random(1, output, seed: 3))
                let y = Grid(rows, output, filledWith: .nan)
                compact.multiply(into: y.matrix, x.matrix, bias: bias.vector)
                let expected = Reference.linear(
                    x.doubles, weight: expectedWeight, bias: bias.doubles, rows: rows, input: input, output: output)
                #expect(relativeError(y.values, expected) < kind.tolerance, "\(rows) rows, transposed \(isTransposed)")
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

    /// Integers at their limits: sums of the largest ones, values that have no inverse, values that are not finite.
    @Test(arguments: [1, 5]) func integersOfExtremeInputs(rows: Int) {
        let weight = Grid(130, 70, filledWith: 0.5)
        let compact = CompactWeight(weight.matrix, transposed: false, format: .int8)
        for (value, sum) in [(1, 65), (-3, -195), (1e34, 6.5e35), (1e-35, 0), (0, 0)] as [(Float, Float)] {
            let (x, y) = (Grid(rows, 130, filledWith: value), Grid(rows, 70, filledWith: .nan))
            compact.multiply(into: y.matrix, x.matrix, bias: nil)
            #expect(y.values.allSatisfy { abs($0 - sum) <= 1e-5 * abs(sum) }, "\(value)")
        }
        for value in [Float.nan, .infinity, -.infinity] {
            let (x, y) = (Grid.random(rows, 130, seed: 2), Grid(rows, 70, filledWith: 0))
            x.matrix.row(rows - 1)[129] = value
            compact.multiply(into: y.matrix, x.matrix, bias: nil)
            #expect((0..<70).allSatisfy { y.matrix.row(rows - 1)[$0].isNaN }, "\(value)")
            #expect(rows == 1 || (0..<70).allSatisfy { y.matrix.row(0)[$0].isFinite })
        }
    }

    /// A column of zeros has no scale.
    @Test(arguments: Kind.all) func zeros(kind: Kind) {
        let (weight, x) = (Grid(5, 70, filledWith: 0), Grid.random(1, 5, seed: 4))
        let y = Grid(1, 70, filledWith: .nan)
        CompactWeight(weight.matrix, transposed: false, format: kind.format, isGrouped: kind.isGrouped)
            .multiply(into: y.matrix, x.matrix, bias: nil)
        #expect(y.values == [Float](repeating: 0, count: 70))
    }
}
