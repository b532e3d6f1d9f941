// Intervals of differences: the sure ones, the unsure ones, and what pairing is for.

import Evaluation
import Kernels
import Testing

@Suite struct PairedBootstrapTests {
    private func items(_ amounts: [Double]) -> [PairedBootstrap.Item] { amounts.map { .init(amount: $0, size: 2) } }

    @Test func aConstantDifferenceIsCertain() {
        var generator = SplitMix64(seed: 3)
        let first = (0..<50).map { _ in generator.uniform() * 100 }
        let result = PairedBootstrap(items(first), items(first.map { $0 - 1 }))
        #expect(abs(result.difference + 0.5) < 1e-9)
        #expect(abs(result.low + 0.5) < 1e-9 && abs(result.high + 0.5) < 1e-9)
        #expect(!result.includesZero)
    }

    @Test func noiseIsNotSignificant() {
        var generator = SplitMix64(seed: 4)
        let first = (0..<80).map { _ in generator.normalPair().0 + 5 }
        let second = (0..<80).map { _ in generator.normalPair().0 + 5 }
        let result = PairedBootstrap(items(first), items(second))
        #expect(result.includesZero)
        #expect(result.low < result.difference && result.difference < result.high)
    }

    /// The interval of a mean of independent differences is ± 1.96 standard errors.
    @Test func theWidthIsThatOfTheNormalApproximation() {
        var generator = SplitMix64(seed: 5)
        let differences = (0..<400).map { _ in generator.normalPair().0 }
        let zero = [Double](repeating: 0, count: 400)
        let result = PairedBootstrap(
            zero.map { .init(amount: $0, size: 1) }, differences.map { .init(amount: $0, size: 1) }, draws: 4000)
        let mean = differences.reduce(0, +) / 400
        let variance = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400
        let expected = 2 * 1.96 * (variance / 400).squareRoot()
        #expect(abs((result.high - result.low) / expected - 1) < 0.08)
    }

    @Test func theSameSeedGivesTheSameInterval() {
        let (first, second) = (items([1, 2, 3, 4, 9]), items([2, 1, 4, 3, 1]))
        #expect(PairedBootstrap(first, second, seed: 7) == PairedBootstrap(first, second, seed: 7))
        #expect(PairedBootstrap([], []).rows == 0)
    }
}
