// Frequency and presence penalty, and bias: against the definition in OpenAI's reference.

import Foundation
import Inference
import Kernels
import Testing

@Suite struct PenaltyTests {
    /// mu[j] - c[j] · frequency - (c[j] > 0) · presence + bias[j].
    static func reference(_ logits: [Float], _ settings: SamplingSettings, drawn: [Int32]) -> [Double] {
        logits.indices.map { index in
            let count = Double(drawn.count { Int($0) == index })
            return Double(logits[index]) - count * settings.frequencyPenalty
                - (count > 0 ? settings.presencePenalty : 0) + (settings.logitBias[Int32(index)] ?? 0)
        }
    }

    static func draw(
        _ logits: [Float], _ settings: SamplingSettings, drawn: [Int32], _ generator: inout SplitMix64
    ) -> Int32 {
        let arena = FloatArena(count: logits.count)
        arena.base.update(from: logits, count: logits.count)
        return withExtendedLifetime(arena) {
            Sampler.next(
                Vector(arena, count: logits.count), settings, previous: [0, 1] + drawn, drawn: drawn[...],
                using: &generator)
        }
    }

    @Test func againstTheDefinition() {
        var random = SplitMix64(seed: 6)
        for _ in 0..<300 {
            let logits = (0..<20).map { _ in Float(random.normalPair().0 * 2) }
            let drawn = (0..<random.below(12)).map { _ in Int32(random.below(20)) }
            var settings = SamplingSettings(temperature: 0)
            settings.frequencyPenalty = Double(random.below(9)) / 2 - 2
            settings.presencePenalty = Double(random.below(9)) / 2 - 2
            if random.below(2) == 0 { settings.logitBias = [Int32(random.below(20)): 1.5, 3: -100, 77: 5] }
            let expected = Self.reference(logits, settings, drawn: drawn)
            let token = Self.draw(logits, settings, drawn: drawn, &random)
            #expect(expected[Int(token)] >= (expected.max() ?? 0) - 1e-5)

            // Drawing from it with the same numbers gives what drawing from changed logits gives.
            settings.temperature = 1
            var (one, other) = (SplitMix64(seed: 1), SplitMix64(seed: 1))
            let changed = Self.draw(logits, settings, drawn: drawn, &one)
            let direct = Self.draw(
                expected.map { Float($0) }, SamplingSettings(temperature: 1), drawn: [], &other)
            #expect(changed == direct)
        }
    }

    @Test func biasForcesAndForbids() {
        var generator = SplitMix64(seed: 2)
        let logits = (0..<50).map { Float($0 % 7) }
        var settings = SamplingSettings(temperature: 1)
        settings.logitBias = [10: 100]
        for _ in 0..<200 { #expect(Self.draw(logits, settings, drawn: [], &generator) == 10) }
        settings.logitBias = Dictionary(uniqueKeysWithValues: (0..<49).map { (Int32($0), -100) })
        for _ in 0..<200 { #expect(Self.draw(logits, settings, drawn: [], &generator) == 49) }
        settings = .greedy
        settings.logitBias = [0: 6.5]
        #expect(Self.draw(logits, settings, drawn: [], &generator) == 0)
    }

    /// Penalties count drawn tokens, not the prompt's.
    @Test func thePromptIsNotPenalized() {
        var generator = SplitMix64(seed: 2)
        var settings = SamplingSettings.greedy
        settings.presencePenalty = 2
        settings.frequencyPenalty = 2
        // Tokens 0 and 1 are in the prompt.
        #expect(Self.draw([3, 2, 1], settings, drawn: [], &generator) == 0)
        #expect(Self.draw([3, 2, 1], settings, drawn: [0], &generator) == 1)
        // 5 - 2·2 - 2 < 0 < 5 - 2 - 2.
        settings.presencePenalty = 2
        #expect(Self.draw([5, 0], settings, drawn: [0], &generator) == 0)
        #expect(Self.draw([5, 0], settings, drawn: [0, 0], &generator) == 1)
    }

    /// Without them the tokens drawn before make no difference, and the same random numbers are used up.
    @Test(arguments: [0, 0.8]) func zeroChangesNothing(temperature: Double) {
        let logits = (0..<40).map { Float(($0 * 7) % 11) / 3 }
        let settings = SamplingSettings(temperature: temperature, topK: 20, topP: 0.9, repetitionPenalty: 1.2)
        let arena = FloatArena(count: logits.count)
        arena.base.update(from: logits, count: logits.count)
        let (vector, previous) = (Vector(arena, count: logits.count), [Int32](0..<9))
        var (one, other) = (SplitMix64(seed: 9), SplitMix64(seed: 9))
        withExtendedLifetime(arena) {
            for _ in 0..<100 {
                let plain = Sampler.next(vector, settings, previous: previous, using: &one)
                let same = Sampler.next(vector, settings, previous: previous, drawn: previous[3...], using: &other)
                #expect(plain == same)
            }
        }
        #expect(one.next() == other.next())
    }
}
