// Choosing the next token: every setting against what it must do to the distribution.

import Foundation
import Inference
import Kernels
import Testing

@Suite struct SamplerTests {
    /// Draws once from `logits`.
    static func draw(
        _ logits: [Float], _ settings: SamplingSettings, previous: [Int32] = [], _ generator: inout SplitMix64
    ) -> Int32 {
        let arena = FloatArena(count: logits.count)
        arena.base.update(from: logits, count: logits.count)
        let token = Sampler.next(
            Vector(arena, count: logits.count), settings, previous: previous, using: &generator)
        // The caller's logits are not changed: NaN compares by bits.
        #expect(arena.buffer.map(\.bitPattern) == logits.map(\.bitPattern))
        return token
    }

    /// How often each token comes in `count` draws.
    static func frequencies(
        _ logits: [Float], _ settings: SamplingSettings, previous: [Int32] = [], count: Int = 20_000
    ) -> [Double] {
        var generator = SplitMix64(seed: 11)
        var hits = [Int](repeating: 0, count: logits.count)
        for _ in 0..<count { hits[Int(draw(logits, settings, previous: previous, &generator))] += 1 }
        return hits.map { Double($0) / Double(count) }
    }

    /// The tokens that come at all.
    static func support(_ logits: [Float], _ settings: SamplingSettings, previous: [Int32] = []) -> [Int] {
        frequencies(logits, settings, previous: previous, count: 4_000).enumerated().filter { $0.element > 0 }
            .map(\.offset)
    }

    @Test(
        arguments: [
            ([0, 3, 1], 1), ([2, 2, 2], 0), ([-5, -1, -1, -2], 1), ([-.infinity, -1e30], 1), ([7], 0),
            ([.nan, 1, 2], 2), ([1, .nan, 2], 2), ([.nan, .nan], 0),
        ] as [([Float], Int32)])
    func greedyTakesTheFirstLargest(logits: [Float], expected: Int32) {
        var generator = SplitMix64(seed: 1)
        #expect(Self.draw(logits, .greedy, &generator) == expected)
        // A penalty takes another path, even where there is nothing to penalize.
        #expect(Self.draw(logits, SamplingSettings(temperature: 0, repetitionPenalty: 2), &generator) == expected)
        // No random number is used up.
        var untouched = SplitMix64(seed: 1)
        #expect(generator.next() == untouched.next())
    }

    /// Frequencies against softmax(logits / temperature): with 20,000 draws four standard errors are at most 0.014.
    @Test(arguments: [0.25, 0.5, 1, 2, 50])
    func temperature(temperature: Double) {
        let logits: [Float] = [1, -0.5, 0.25, 2, -3]
        let weights = logits.map { exp(Double($0) / temperature) }
        let total = weights.reduce(0, +)
        let found = Self.frequencies(logits, SamplingSettings(temperature: temperature))
        for (frequency, weight) in zip(found, weights) { #expect(abs(frequency - weight / total) < 0.015) }
    }

    @Test func atALowTemperatureTheLargestWins() {
        for temperature in [1e-3, 1e-30, .leastNonzeroMagnitude] {
            #expect(Self.support([0, 1, 0.5], SamplingSettings(temperature: temperature)) == [1])
        }
    }

    @Test(
        arguments: [
            ([0, 1, 2, 3], 1, [3]), ([0, 1, 2, 3], 2, [2, 3]), ([0, 1, 2, 3], 4, [0, 1, 2, 3]),
            ([0, 1, 2, 3], 99, [0, 1, 2, 3]), ([0, 1, 2, 3], 0, [0, 1, 2, 3]),
            // Of equal ones those with the smaller ids.
            ([1, 1, 1, 1], 2, [0, 1]), ([0, 1, 2, 1, 1], 3, [1, 2, 3]), ([5, 5, 6, 5], 1, [2]),
        ] as [([Float], Int, [Int])])
    func topK(logits: [Float], k: Int, expected: [Int]) {
        #expect(Self.support(logits, SamplingSettings(temperature: 1, topK: k)) == expected)
    }

    /// Against sorting, over random logits with many ties.
    @Test func topKAgreesWithSorting() {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<200 {
            let count = 2 + generator.below(12)
            let logits = (0..<count).map { _ in Float(generator.below(4)) / 4 }
            let k = 1 + generator.below(count)
            let expected = logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(k).sorted()
            var drawn: Set<Int> = []
            for _ in 0..<300 {
                drawn.insert(Int(Self.draw(logits, SamplingSettings(temperature: 2, topK: k), &generator)))
            }
            #expect(drawn.sorted() == expected)
        }
    }

    /// Probabilities 1/2, 1/4, 1/8, 1/8 are exact, and so is the border.
    @Test(
        arguments: [
            (1e-9, [0]), (0.49, [0]), (0.5, [0]), (0.501, [0, 1]), (0.75, [0, 1]), (0.7501, [0, 1, 2]),
            (0.875, [0, 1, 2]), (0.9, [0, 1, 2, 3]), (1, [0, 1, 2, 3]),
        ] as [(Double, [Int])])
    func topP(share: Double, expected: [Int]) {
        let logits = ([8, 4, 2, 2] as [Double]).map { Float(log($0)) }
        // exp of the rounded logits misses the exact shares by some 1e-7, to either side.
        let off = [0.5, 0.75, 0.875].contains(share) ? 1e-6 : 0
        #expect(Self.support(logits, SamplingSettings(temperature: 1, topP: share - off)) == expected)
    }

    /// Equal weights of 1 give the exact border without rounding: two of four reach one half, and no third is taken.
    @Test(arguments: [(0.25, [0]), (0.26, [0, 1]), (0.5, [0, 1]), (0.75, [0, 1, 2]), (0.76, [0, 1, 2, 3])])
    func topPOnTheBorder(share: Double, expected: [Int]) {
        #expect(Self.support([3, 3, 3, 3], SamplingSettings(temperature: 1, topP: share)) == expected)
    }

    /// What is left keeps its proportions.
    @Test func topPAndTopKTogether() {
        let logits = ([8, 4, 2, 2] as [Double]).map { Float(log($0)) }
        let found = Self.frequencies(logits, SamplingSettings(temperature: 1, topK: 3, topP: 0.8))
        // Of 8, 4, 2 the first two have 12/14.
        #expect(abs(found[0] - 2.0 / 3) < 0.015 && abs(found[1] - 1.0 / 3) < 0.015)
        #expect(found[2] == 0 && found[3] == 0)
    }

    /// A vocabulary's worth of tokens, most of them hopeless: the nucleus is the same as by sorting everything.
    @Test func theNucleusOfALargeVocabulary() {
        var generator = SplitMix64(seed: 8)
        let logits = (0..<5_000).map { _ in Float(generator.normalPair().0 * 3) }
        let weights = logits.map { exp(Double($0)) }
        let total = weights.reduce(0, +)
        var sum = 0.0
        var expected: Set<Int> = []
        for index in weights.indices.sorted(by: { weights[$0] > weights[$1] }) {
            expected.insert(index)
            sum += weights[index]
            if sum >= 0.6 * total { break }
        }
        for _ in 0..<500 {
            let token = Self.draw(logits, SamplingSettings(temperature: 1, topP: 0.6), &generator)
            #expect(expected.contains(Int(token)))
        }
    }

    /// The token at a share of a sum in Double; at a border it may be the next one.
    @Test func aLargeVocabulary() {
        var generator = SplitMix64(seed: 8)
        let logits = (0..<5_000).map { _ in Float(generator.normalPair().0 * 2) }
        let weights = logits.map { exp(Double($0) / 0.7) }
        let total = weights.reduce(0, +)
        var (different, draws) = (0, SplitMix64(seed: 9))
        for _ in 0..<500 {
            var copy = draws
            var rest = copy.uniform() * total
            let expected = weights.firstIndex { weight in
                rest -= weight
                return rest < 0
            }
            if Self.draw(logits, SamplingSettings(temperature: 0.7), &draws) != Int32(expected ?? -1) { different += 1 }
        }
        #expect(different <= 2)
    }

    /// Positive logits are divided, negative ones multiplied, each token once however often it occurred.
    @Test func repetitionPenalty() {
        var generator = SplitMix64(seed: 1)
        let penalty = SamplingSettings(temperature: 0, repetitionPenalty: 2)
        #expect(Self.draw([4, 3, 1], penalty, previous: [0], &generator) == 1)
        #expect(Self.draw([4, 3, 1], penalty, previous: [0, 0, 0], &generator) == 1)
        #expect(Self.draw([4, 1.5, 1], penalty, previous: [0, 0], &generator) == 0)
        #expect(Self.draw([-1, -1.5], penalty, previous: [0], &generator) == 1)
        #expect(Self.draw([4, 3], penalty, previous: [0, 1, 99], &generator) == 0)
        #expect(Self.draw([4, 3], penalty, previous: [], &generator) == 0)
        let found = Self.frequencies(
            [2, 1], SamplingSettings(temperature: 1, repetitionPenalty: 2), previous: [0])
        #expect(abs(found[0] - 0.5) < 0.015)
    }

    @Test func theSameGeneratorGivesTheSameTokens() {
        let logits: [Float] = (0..<50).map { Float($0 % 7) }
        func sequence(_ seed: UInt64) -> [Int32] {
            var generator = SplitMix64(seed: seed)
            return (0..<40).map { _ in Self.draw(logits, SamplingSettings(), &generator) }
        }
        #expect(sequence(1) == sequence(1))
        #expect(sequence(1) != sequence(2))
    }

    /// A diverged model gives such logits; sampling from them must not end the process, nor give a token with none.
    @Test(
        arguments: [
            ([.nan, .nan, .nan], [0, 1, 2]), ([.nan, 0, .nan], [1]),
            ([.infinity, 0, 0], [0]), ([-.infinity, -.infinity, 0], [2]),
            ([-.infinity, -.infinity, -.infinity], [0, 1, 2]),
        ] as [([Float], Set<Int32>)],
        [
            SamplingSettings(temperature: 1), SamplingSettings(temperature: 1, topK: 2),
            SamplingSettings(temperature: 1, topP: 0.9), SamplingSettings(temperature: 0.5, topK: 1, topP: 0.1),
            SamplingSettings(temperature: 1, topK: 2, topP: 0.5, repetitionPenalty: 1.5),
        ])
    func nonFiniteLogits(example: (logits: [Float], possible: Set<Int32>), settings: SamplingSettings) {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<20 {
            let token = Self.draw(example.logits, settings, previous: [0, 1], &generator)
            #expect(example.possible.contains(token))
        }
    }
}
