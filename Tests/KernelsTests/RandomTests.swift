// SplitMix64 against its published numbers, and the distributions made from it.

import Kernels
import Testing

@Suite struct RandomTests {
    /// The first numbers of Vigna's splitmix64.c, as its users publish them for these two seeds.
    @Test func publishedNumbers() {
        var zero = SplitMix64(seed: 0)
        let fromZero: [UInt64] = [
            0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F, 0xF88B_B8A8_724C_81EC,
            0x1B39_896A_51A8_749B,
        ]
        #expect(fromZero.map { _ in zero.next() } == fromZero)
        var other = SplitMix64(seed: 1_234_567)
        let fromOther: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(fromOther.map { _ in other.next() } == fromOther)
    }

    @Test func streamsOfOneSeedDiffer() {
        var generators = (0..<100).map { SplitMix64(seed: 9, stream: UInt64($0)) } + [SplitMix64(seed: 9)]
        let numbers = generators.indices.flatMap { index in (0..<50).map { _ in generators[index].next() } }
        #expect(Set(numbers).count == numbers.count)
    }

    /// Mean ½ and variance 1/12 within five standard deviations, every tenth equally often, never 1.
    @Test func uniform() {
        var generator = SplitMix64(seed: 1)
        let n = 200_000
        let values = (0..<n).map { _ in generator.uniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        let mean = values.reduce(0, +) / Double(n)
        #expect(abs(mean - 0.5) < 5 * (1.0 / 12 / Double(n)).squareRoot())
        var counts = [Int](repeating: 0, count: 10)
        for value in values { counts[Int(value * 10)] += 1 }
        #expect(counts.allSatisfy { abs(Double($0) - 20_000) < 5 * (Double(n) * 0.09).squareRoot() })
        // All 53 bits are used.
        #expect(values.contains { $0 * 0x1p52 != ($0 * 0x1p52).rounded() })
    }

    /// The first four moments of N(0, 1) are 0, 1, 0, 3; those of the mean of n draws deviate by
    /// √(1/n), √(2/n), √(15/n), √(96/n).
    @Test func normalMoments() {
        var generator = SplitMix64(seed: 2)
        let pairs = (0..<100_000).map { _ in generator.normalPair() }
        let n = Double(2 * pairs.count)
        func raised(_ value: Double, to power: Int) -> Double {
            (0..<power).reduce(1) { product, _ in product * value }
        }
        func moment(_ power: Int) -> Double {
            pairs.reduce(0) { total, pair in
                total + [pair.0, pair.1].reduce(0) { $0 + raised($1, to: power) }
            } / n
        }
        #expect(abs(moment(1)) < 5 * (1 / n).squareRoot())
        #expect(abs(moment(2) - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(moment(3)) < 5 * (15 / n).squareRoot())
        #expect(abs(moment(4) - 3) < 5 * (96 / n).squareRoot())
        // The two of a pair know nothing of one another.
        let product = pairs.reduce(0) { $0 + $1.0 * $1.1 } / Double(pairs.count)
        #expect(abs(product) < 5 / Double(pairs.count).squareRoot())
        #expect(pairs.allSatisfy { $0.0.isFinite && $0.1.isFinite })
    }

    @Test(arguments: [0, 1, 2, 17, 1_000]) func permutation(count: Int) {
        var generator = SplitMix64(seed: 3)
        let order = generator.permutation(count)
        #expect(order.sorted() == (0..<Int32(count)).map { $0 })
        #expect(count < 17 || order != order.sorted())
    }

    /// Each of the 24 orders of four elements comes up equally often.
    @Test func permutationsAreEquallyLikely() {
        var generator = SplitMix64(seed: 4)
        var counts: [[Int32]: Int] = [:]
        for _ in 0..<48_000 { counts[generator.permutation(4), default: 0] += 1 }
        #expect(counts.count == 24)
        #expect(counts.values.allSatisfy { abs(Double($0) - 2_000) < 5 * 2_000.0.squareRoot() })
    }

    @Test(arguments: [1, 2, 3, 7, 10, 1_000]) func below(bound: Int) {
        var generator = SplitMix64(seed: 5)
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<100_000 { counts[generator.below(bound)] += 1 }
        let expected = 100_000 / Double(bound)
        #expect(counts.allSatisfy { abs(Double($0) - expected) <= 5 * expected.squareRoot() })
    }

    /// 3 · 2⁶⁰ does not divide 2⁶⁴: without rejection, multiples of three would come up in 6 of 16 cases, not in 5⅓.
    @Test func belowIsUnbiased() {
        var generator = SplitMix64(seed: 6)
        let n = 60_000
        var counts = [0, 0, 0]
        for _ in 0..<n { counts[generator.below(3 << 60) % 3] += 1 }
        let spread = 5 * (Double(n) * 2 / 9).squareRoot()
        #expect(counts.allSatisfy { abs(Double($0) - Double(n) / 3) < spread })
    }
}
