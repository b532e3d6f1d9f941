// Dropout masks: their rate, what they depend on, and what they do not.

import Kernels
import TestSupport
import Testing

@Suite struct DropoutTests {
    private static let key = DropoutKey(rate: 0.1, seed: 1, step: 2, site: 3)

    private static func identities(_ rows: Int, example: Int = 0) -> [UInt64] {
        (0..<rows).map { DropoutKey.rowIdentity(example: example, position: $0) }
    }

    /// What the key makes of ones.
    private static func mask(_ key: DropoutKey, identities: [UInt64], columns: Int) -> [Float] {
        let ones = Grid(identities.count, columns, filledWith: 1)
        key.apply(to: ones.matrix, identities: identities)
        #expect(ones.isIntact)
        return ones.values
    }

    /// The share of places where two masks agree.
    private static func agreement(_ a: [Float], _ b: [Float]) -> Double {
        Double(zip(a, b).count { ($0 == 0) == ($1 == 0) }) / Double(a.count)
    }

    /// 400,000 draws: the share's standard deviation is √(p (1 - p) / n), below 8e-4; five of them bound it.
    @Test(arguments: [Float(0.01), 0.1, 0.5, 0.9]) func rate(of rate: Float) {
        let key = DropoutKey(rate: rate, seed: 5, step: 6, site: 7)
        let mask = Self.mask(key, identities: Self.identities(4_000), columns: 100)
        let dropped = Double(mask.count { $0 == 0 }) / Double(mask.count)
        let (p, n) = (Double(rate), Double(mask.count))
        #expect(abs(dropped - p) < 5 * (p * (1 - p) / n).squareRoot())
        // The others are divided by 1 - rate, so the mean stays what it was.
        #expect(mask.allSatisfy { $0 == 0 || abs($0 * (1 - rate) - 1) < 1e-6 })
    }

    /// Rows and columns each lose their share too: no row is special, no column is.
    @Test func everyRowAndColumnLosesItsShare() {
        let size = 400
        let mask = Self.mask(Self.key, identities: Self.identities(size), columns: size)
        let spread = 5 * (0.1 * 0.9 / Double(size)).squareRoot()
        for index in 0..<size {
            let row = Double((0..<size).count { mask[index * size + $0] == 0 }) / Double(size)
            let column = Double((0..<size).count { mask[$0 * size + index] == 0 }) / Double(size)
            #expect(abs(row - 0.1) < spread && abs(column - 0.1) < spread)
        }
    }

    /// Backward asks again and must get the same mask, whatever it is applied to.
    @Test func theMaskDoesNotDependOnTheValues() {
        let (output, gradient) = (Grid.random(17, 33, seed: 1), Grid.random(17, 33, seed: 2))
        let (outputs, gradients) = (output.values, gradient.values)
        Self.key.apply(to: output.matrix, identities: Self.identities(17))
        Self.key.apply(to: gradient.matrix, identities: Self.identities(17))
        let mask = Self.mask(Self.key, identities: Self.identities(17), columns: 33)
        #expect(output.values == zip(outputs, mask).map { $0 * $1 })
        #expect(gradient.values == zip(gradients, mask).map { $0 * $1 })
    }

    /// A row's mask follows from its identity, not from the row of the batch that it is in.
    @Test func theMaskDoesNotDependOnTheCutting() {
        let identities = (0..<4).flatMap { Self.identities(5, example: $0) }
        let full = Self.mask(Self.key, identities: identities, columns: 33)
        for example in 0..<4 {
            let part = Self.mask(Self.key, identities: Self.identities(5, example: example), columns: 33)
            #expect(part == Array(full[(example * 165)..<((example + 1) * 165)]))
        }
    }

    /// Every part of the key makes an independent mask: two of rate ½ agree in half of the places (n = 160,000,
    /// standard deviation 1.25e-3).
    @Test func everyPartOfTheKeyMatters() {
        func key(seed: UInt64 = 1, step: UInt64 = 1, site: UInt64 = 1) -> DropoutKey {
            DropoutKey(rate: 0.5, seed: seed, step: step, site: site)
        }
        let base = Self.mask(key(), identities: Self.identities(400), columns: 400)
        for other in [key(seed: 2), key(step: 2), key(site: 2), key(seed: 0), key(step: 0), key(site: 0)] {
            let mask = Self.mask(other, identities: Self.identities(400), columns: 400)
            #expect(abs(Self.agreement(base, mask) - 0.5) < 6.25e-3)
        }
        let example = Self.mask(key(), identities: Self.identities(400, example: 1), columns: 400)
        #expect(abs(Self.agreement(base, example) - 0.5) < 6.25e-3)
        // The next position, and the next column.
        #expect(abs(Self.agreement(Array(base[400...]), Array(base[..<159_600])) - 0.5) < 6.25e-3)
        #expect(abs(Self.agreement(Array(base[1...]), Array(base[..<159_999])) - 0.5) < 6.25e-3)
        // Seed and step, step and site, example and position must not be exchangeable.
        let pairs = [
            (key(seed: 1, step: 2), key(seed: 2, step: 1)), (key(step: 1, site: 2), key(step: 2, site: 1)),
        ]
        for (first, second) in pairs {
            let masks = [first, second].map { Self.mask($0, identities: Self.identities(400), columns: 400) }
            #expect(abs(Self.agreement(masks[0], masks[1]) - 0.5) < 6.25e-3)
        }
        #expect(
            DropoutKey.rowIdentity(example: 1, position: 2) != DropoutKey.rowIdentity(example: 2, position: 1))
    }

    /// The heads of a position have separate masks (`AttentionCase` finds them by a probe); the first of them is
    /// the mask that rows of ones get.
    @Test func headsHaveSeparateMasks() {
        let key = DropoutKey(rate: 0.5, seed: 1, step: 2, site: 3)
        let problem = AttentionCase(lengths: [100], headCount: 3, headWidth: 1, dropout: key)
        var masks: [[Double]] = []
        problem.eachHead { _, _, _, mask in masks.append(mask ?? []) }
        let ones = Self.mask(key, identities: Self.identities(100), columns: 100)
        let visible = (0..<10_000).filter { $0 % 100 <= $0 / 100 }
        #expect(visible.allSatisfy { masks[0][$0] == Double(ones[$0]) })
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let same = Double(visible.count { masks[first][$0] == masks[second][$0] }) / Double(visible.count)
            // 5,050 places: standard deviation 7e-3.
            #expect(abs(same - 0.5) < 0.035)
        }
    }

    @Test func rateZeroChangesNothing() {
        let values = Grid.random(5, 33, seed: 3)
        let before = values.values
        DropoutKey(rate: 0, seed: 1, step: 2, site: 3).apply(to: values.matrix, identities: Self.identities(5))
        #expect(values.values == before)
    }
}
