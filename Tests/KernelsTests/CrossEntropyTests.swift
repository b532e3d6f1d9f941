// The loss and its gradient, against the double-precision reference, also where logits are extreme.

import Kernels
import TestSupport
import Testing

@Suite struct CrossEntropyTests {
    /// What the two entry points give for the same logits.
    private struct Outcome {
        var losses: [Double]
        var isCorrect: [Bool]
        var gradient: [Float]
    }

    private static func run(_ logits: Grid, targets: [Int32], factors: [Float]) -> Outcome {
        var (rows, again) = (
            [CrossEntropy.Row](repeating: .init(loss: .nan), count: targets.count),
            [CrossEntropy.Row](repeating: .init(loss: .nan), count: targets.count)
        )
        let z = logits.copy()
        CrossEntropy.forward(into: &rows, logits: logits.matrix, targets: targets)
        CrossEntropy.forwardBackward(into: &again, inPlace: z.matrix, targets: targets, factors: factors)
        #expect(rows.map(\.loss) == again.map(\.loss))
        #expect(rows.map(\.isCorrect) == again.map(\.isCorrect))
        #expect(logits.isIntact && z.isIntact)
        return Outcome(losses: rows.map(\.loss), isCorrect: rows.map(\.isCorrect), gradient: z.values)
    }

    @Test(arguments: [1, 5, 17], [1, 2, 7, 16, 33, 100]) func lossAndGradient(rows: Int, columns: Int) {
        let logits = Grid.random(rows, columns, seed: 1, deviation: 3)
        let before = logits.values
        let targets = (0..<rows).map { Int32($0 * 7 % columns) }
        let factors = (0..<rows).map { Float($0 % 4) * 0.3 }
        let outcome = Self.run(logits, targets: targets, factors: factors)
        #expect(logits.values == before)
        let losses = Reference.crossEntropy(logits.doubles, targets: targets, columns: columns)
        // A loss near zero is the log of a float near one, so its error is one of size 1e-7 in itself.
        #expect(zip(outcome.losses, losses).allSatisfy { abs($0 - $1) < 1e-6 * max(1, $1) })

        // A row's loss depends on its own logits: differences row by row.
        let expected = (0..<rows).flatMap { row -> [Double] in
            let (target, factor) = ([targets[row]], Double(factors[row]))
            let own = Array(logits.doubles[(row * columns)..<((row + 1) * columns)])
            return centralDifference(
                of: { factor * Reference.crossEntropy($0, targets: target, columns: columns)[0] }, at: own)
        }
        #expect(relativeError(outcome.gradient, expected) < tolerance)
        for row in 0..<rows {
            let z = before[(row * columns)..<((row + 1) * columns)]
            #expect(outcome.isCorrect[row] == (z[z.startIndex + Int(targets[row])] == z.max()))
        }
    }

    /// The gradient of each row sums to zero, whatever the factor.
    @Test func gradientSumsToZero() {
        let logits = Grid.random(5, 50_257, seed: 2, deviation: 4)
        let gradient = Self.run(logits, targets: [0, 1, 50_256, 16, 4_000], factors: [1, 2, 3, 4, 5]).gradient
        for row in 0..<5 {
            let sum = gradient[(row * 50_257)..<((row + 1) * 50_257)].reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum) < 1e-5 * Double(row + 1))
        }
    }

    @Test func extremeLogits() {
        let logits = Grid(4, 33) { index in
            switch index / 33 {
            case 0: index % 33 == 5 ? 1e4 : -1e4
            case 1: 1e4
            case 2: -1e4
            default: index % 2 == 0 ? 1e4 : -1e4
            }
        }
        let targets: [Int32] = [5, 7, 0, 2]
        let outcome = Self.run(logits, targets: targets, factors: [1, 1, 1, 1])
        let expected = Reference.crossEntropy(logits.doubles, targets: targets, columns: 33)
        #expect(zip(outcome.losses, expected).allSatisfy { abs($0 - $1) < 1e-5 * max(1, $1) })
        #expect(outcome.gradient.allSatisfy { $0.isFinite })
        #expect(outcome.gradient[..<33].allSatisfy { $0 == 0 })
        #expect(outcome.isCorrect == [true, true, true, false])
        // A certain mistake costs the full distance, and not infinity.
        let wrong = Self.run(logits, targets: [6, 7, 0, 2], factors: [1, 1, 1, 1])
        #expect(wrong.losses[0] == 20_000)
        #expect(wrong.gradient[5] == 1 && wrong.gradient[6] == -1)
    }

    /// With one token in the vocabulary there is nothing to be wrong about.
    @Test func oneToken() {
        let outcome = Self.run(Grid(3, 1) { Float($0) * 100 }, targets: [0, 0, 0], factors: [1, 1, 1])
        #expect(outcome.losses == [0, 0, 0])
        #expect(outcome.gradient == [0, 0, 0])
        #expect(outcome.isCorrect == [true, true, true])
    }

    @Test(arguments: [Float.nan, .infinity]) func brokenLogitsAreNotHidden(value: Float) {
        let logits = Grid(1, 20) { $0 == 3 ? value : 0 }
        var rows = [CrossEntropy.Row()]
        CrossEntropy.forward(into: &rows, logits: logits.matrix, targets: [1])
        #expect(!rows[0].loss.isFinite)
    }
}
