// Root-mean-square normalisation, of rows and of heads, against the double-precision reference.

import Kernels
import TestSupport
import Testing

@Suite struct RMSNormTests {
    static let rowCounts = [1, 5, 17]
    static let widths = [1, 7, 16, 33, 100]
    static let epsilon = 1e-5

    /// Rows of some groups of D columns, with what forward makes of them.
    private struct Case {
        let x: Grid, weight: Grid, scales: Grid, output: Grid
        let addsOne: Bool

        init(rows: Int, groups: Int, width: Int, addsOne: Bool = false, deviation: Double = 1) {
            x = Grid.random(rows, groups * width, seed: 1, deviation: deviation)
            weight = Grid.random(1, width, seed: 2)
            scales = Grid(1, rows * groups, filledWith: .nan)
            output = Grid(rows, groups * width, filledWith: .nan)
            self.addsOne = addsOne
            RMSNorm.forward(
                into: output.matrix, saving: scales.vector, of: x.matrix, weight: weight.vector, addsOne: addsOne,
                epsilon: Float(epsilon))
        }

        func reference(_ x: [Double], _ weight: [Double]) -> [Double] {
            Reference.rmsNorm(x, weight: weight, addsOne: addsOne, epsilon: epsilon)
        }
    }

    @Test(arguments: rowCounts, widths) func forward(rows: Int, width: Int) {
        for (groups, addsOne) in [(1, false), (1, true), (3, false), (3, true)] {
            let problem = Case(rows: rows, groups: groups, width: width, addsOne: addsOne)
            let expected = problem.reference(problem.x.doubles, problem.weight.doubles)
            #expect(relativeError(problem.output.values, expected) < tolerance)
            #expect(problem.output.isIntact && problem.scales.isIntact)
        }
    }

    @Test(arguments: rowCounts, widths) func inPlaceGivesTheSame(rows: Int, width: Int) {
        let problem = Case(rows: rows, groups: 3, width: width)
        let (matrix, scales) = (problem.x.copy(), Grid(1, rows * 3, filledWith: .nan))
        RMSNorm.forward(
            inPlace: matrix.matrix, saving: scales.vector, weight: problem.weight.vector,
            epsilon: Float(Self.epsilon))
        #expect(matrix.values == problem.output.values && scales.values == problem.scales.values)
        #expect(matrix.isIntact && scales.isIntact)
    }

    @Test(arguments: rowCounts, widths) func aResidualIsAddedFirst(rows: Int, width: Int) {
        let (x, residual) = (Grid.random(rows, width, seed: 3), Grid.random(rows, width, seed: 4, gap: 9))
        let (weight, sums) = (Grid.random(1, width, seed: 5), Grid(rows, width) { x.values[$0] + residual.values[$0] })
        let (expected, output) = (Grid(rows, width, filledWith: .nan), Grid(rows, width, filledWith: .nan))
        let scales = Grid(1, rows, filledWith: .nan)
        RMSNorm.forward(
            into: expected.matrix, saving: scales.vector, of: sums.matrix, weight: weight.vector,
            epsilon: Float(Self.epsilon))
        RMSNorm.forwardAddingResidual(
            into: output.matrix, saving: scales.vector, inPlace: x.matrix, adding: residual.matrix,
            weight: weight.vector, epsilon: Float(Self.epsilon))
        #expect(output.values == expected.values)
        #expect(x.values == sums.values)
        #expect(x.isIntact && residual.isIntact && output.isIntact)
    }

    @Test(arguments: rowCounts, widths) func backwardAddsTheGradients(rows: Int, width: Int) {
        for (groups, addsOne) in [(1, false), (1, true), (3, false), (3, true)] {
            let problem = Case(rows: rows, groups: groups, width: width, addsOne: addsOne)
            let dy = Grid.random(rows, groups * width, seed: 21)
            let (dx, dWeight) = (Grid.random(rows, groups * width, seed: 7), Grid.random(1, width, seed: 8))
            let before = (dx.doubles, dWeight.doubles)
            RMSNorm.backward(
                dInput: dx.matrix, dWeight: dWeight.vector, dOutput: dy.matrix, input: problem.x.matrix,
                weight: problem.weight.vector, addsOne: addsOne, saved: problem.scales.vector)
            let (x0, w0, g0) = (problem.x.doubles, problem.weight.doubles, dy.doubles)
            // A group's output depends on that group alone, so the differences are taken group by group.
            let dx0 = stride(from: 0, to: x0.count, by: width).flatMap { start in
                let range = start..<(start + width)
                return centralDifference(
                    of: { inner(problem.reference($0, w0), Array(g0[range])) }, at: Array(x0[range]))
            }
            let dWeight0 = centralDifference(of: { inner(problem.reference(x0, $0), g0) }, at: w0)
            #expect(relativeError(dx.values, sum(before.0, dx0)) < tolerance)
            #expect(relativeError(dWeight.values, sum(before.1, dWeight0)) < tolerance)
            #expect(dx.isIntact && dWeight.isIntact)
        }
    }

    /// So many rows that a block of the weight's gradient is longer than the shortest.
    @Test(arguments: [513, 1_037]) func manyRows(rows: Int) {
        let problem = Case(rows: rows, groups: 2, width: 3)
        let (dy, dWeight) = (Grid.random(rows, 6, seed: 9), Grid.random(1, 3, seed: 10))
        let before = dWeight.doubles
        RMSNorm.backward(
            dInput: Grid(rows, 6, filledWith: 0).matrix, dWeight: dWeight.vector, dOutput: dy.matrix,
            input: problem.x.matrix, weight: problem.weight.vector, saved: problem.scales.vector)
        let x0 = problem.x.doubles
        let expected = centralDifference(
            of: { inner(problem.reference(x0, $0), dy.doubles) }, at: problem.weight.doubles)
        #expect(relativeError(dWeight.values, sum(before, expected)) < tolerance)
    }

    @Test(arguments: [1, 3], widths) func inPlaceAndFrozenBackwardGiveTheSame(groups: Int, width: Int) {
        let problem = Case(rows: 5, groups: groups, width: width, addsOne: true)
        let dy = Grid.random(5, groups * width, seed: 11)
        let (dx, frozen, inPlace) = (Grid(5, groups * width, filledWith: 0), dy.copy(), dy.copy())
        let (dWeight, other) = (Grid(1, width, filledWith: 0), Grid(1, width, filledWith: 0))
        RMSNorm.backward(
            dInput: dx.matrix, dWeight: dWeight.vector, dOutput: dy.matrix, input: problem.x.matrix,
            weight: problem.weight.vector, addsOne: true, saved: problem.scales.vector)
        RMSNorm.backward(
            inPlace: inPlace.matrix, dWeight: other.vector, input: problem.x.matrix, weight: problem.weight.vector,
            addsOne: true, saved: problem.scales.vector)
        RMSNorm.backward(
            inPlace: frozen.matrix, dWeight: nil, input: problem.x.matrix, weight: problem.weight.vector,
            addsOne: true, saved: problem.scales.vector)
        #expect(inPlace.values == dx.values && frozen.values == dx.values)
        #expect(other.values == dWeight.values)
        #expect(inPlace.isIntact && frozen.isIntact)
    }

    @Test(arguments: [false, true], [7, 16, 33, 100]) func backwardFromTheOutput(addsOne: Bool, width: Int) {
        let problem = Case(rows: 5, groups: 3, width: width, addsOne: addsOne)
        let dy = Grid.random(5, 3 * width, seed: 12)
        let (expected, found) = (dy.copy(), dy.copy())
        let (dWeight, other) = (Grid.random(1, width, seed: 13), Grid.random(1, width, seed: 13))
        RMSNorm.backward(
            inPlace: expected.matrix, dWeight: dWeight.vector, input: problem.x.matrix,
            weight: problem.weight.vector, addsOne: addsOne, saved: problem.scales.vector)
        RMSNorm.backward(
            inPlace: found.matrix, dWeight: other.vector, output: problem.output.matrix,
            weight: problem.weight.vector, addsOne: addsOne, saved: problem.scales.vector)
        #expect(relativeError(found.values, expected.doubles) < tolerance)
        #expect(relativeError(other.values, dWeight.doubles) < tolerance)
        #expect(found.isIntact && other.isIntact)
    }

    /// A factor of exactly zero hides an element from the backward that knows the output only.
    @Test func aZeroFactorStaysFinite() {
        let (x, weight) = (Grid.random(2, 5, seed: 14), Grid(1, 5) { $0 == 2 ? 0 : 1 })
        let (scales, dy, dWeight) = (Grid(1, 2, filledWith: 0), Grid.random(2, 5, seed: 15), Grid(1, 5, filledWith: 0))
        RMSNorm.forward(inPlace: x.matrix, saving: scales.vector, weight: weight.vector, epsilon: 1e-5)
        RMSNorm.backward(
            inPlace: dy.matrix, dWeight: dWeight.vector, output: x.matrix, weight: weight.vector, saved: scales.vector)
        #expect((dy.values + dWeight.values).allSatisfy { $0.isFinite })
        #expect(dWeight.values[2] == 0)
    }

    /// Zeros and numbers whose squares are near the ends of the floats' range.
    @Test(arguments: [0, 1e-30, 1e17]) func extremeInputs(size: Double) {
        let problem = Case(rows: 5, groups: 2, width: 33, deviation: size)
        #expect(
            relativeError(problem.output.values, problem.reference(problem.x.doubles, problem.weight.doubles))
                < tolerance)
        let (dx, dWeight) = (Grid(5, 66, filledWith: 0), Grid(1, 33, filledWith: 0))
        RMSNorm.backward(
            dInput: dx.matrix, dWeight: dWeight.vector, dOutput: Grid.random(5, 66, seed: 16).matrix,
            input: problem.x.matrix, weight: problem.weight.vector, saved: problem.scales.vector)
        #expect((dx.values + dWeight.values).allSatisfy { $0.isFinite })
    }
}
