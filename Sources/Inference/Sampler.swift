// Choosing the next token: a pure function of logits, settings, what came before, and a random number.

import Kernels

/// How tokens are chosen.
package struct SamplingSettings: Sendable, Equatable {
    /// Divides the logits; 0 takes the largest always.
    package var temperature: Double
    /// Only the k largest logits take part; 0 for all.
    package var topK: Int
    /// Draws only from the most likely tokens that together reach this probability (Holtzman et al. 2020).
    package var topP: Double
    /// Divides positive logits and multiplies negative ones of tokens that occurred already (Keskar et al. 2019).
    package var repetitionPenalty: Double
    /// Taken from a token's logit for each time that it was drawn (OpenAI's definition: drawn tokens only, not the
    /// prompt's). Negative ones favour repetition.
    package var frequencyPenalty = 0.0
    /// Taken once from the logit of a token that was drawn (OpenAI's definition).
    package var presencePenalty = 0.0
    /// Added to the logits of these tokens: -100 all but forbids one, 100 all but forces it. Ids outside the vocabulary
    /// mean nothing.
    package var logitBias: [Int32: Double] = [:]

    package init(temperature: Double = 0.8, topK: Int = 0, topP: Double = 1, repetitionPenalty: Double = 1) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.repetitionPenalty = repetitionPenalty
    }

    /// Whether a logit may differ from the model's.
    var changesLogits: Bool {
        repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0 || !logitBias.isEmpty
    }

    package static let greedy = SamplingSettings(temperature: 0)
}

package enum Sampler {
    /// Picks a token.
    ///
    /// - Parameters:
    ///   - logits: (V), not changed.
    ///   - previous: tokens of prompt and continuation so far, for the repetition penalty.
    ///   - drawn: those of the continuation, for the frequency and the presence penalty.
    /// - Returns: a token id below V; of equal largest logits the smallest id.
    package static func next(
        _ logits: Vector, _ settings: SamplingSettings, previous: [Int32], drawn: ArraySlice<Int32> = [],
        using generator: inout SplitMix64
    ) -> Int32 {
        if settings.temperature <= 0 && !settings.changesLogits {
            return Int32(Elementwise.indexOfLargest(logits))
        }
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: logits.count) { values in
            _ = values.initialize(from: UnsafeBufferPointer(start: logits.base, count: logits.count))
            if settings.repetitionPenalty != 1 { penalize(values, previous, Float(settings.repetitionPenalty)) }
            penalize(values, drawn: drawn, settings)
            for (token, bias) in settings.logitBias { add(bias, to: values, token) }
            // A diverged model gives NaN and infinities, which nothing below could compare or add up.
            let limit = Float.greatestFiniteMagnitude
            for index in values.indices {
                let value = values[index]
                values[index] = value.isNaN ? -limit : min(max(value, -limit), limit)
            }
            guard settings.temperature > 0 else { return greedy(values) }
            // Of equal logits the weights are equal too, so that both can be chosen by.
            let others = settings.topK > 0 && settings.topK < values.count ? allBut(settings.topK, of: values) : []
            let weights = DrawWeights(replacing: values, temperature: settings.temperature)
            for index in others { values[index] = 0 }
            if settings.topP < 1 { keepNucleus(weights, settings.topP) }
            return Int32(weights.token(at: generator.uniform()))
        }
    }

    private static func penalize(
        _ values: UnsafeMutableBufferPointer<Float>, _ previous: [Int32], _ penalty: Float
    ) {
        for token in Set(previous) where Int(token) < values.count {
            let value = values[Int(token)]
            values[Int(token)] = value > 0 ? value / penalty : value * penalty
        }
    }

    private static func penalize(
        _ values: UnsafeMutableBufferPointer<Float>, drawn: ArraySlice<Int32>, _ settings: SamplingSettings
    ) {
        guard settings.frequencyPenalty != 0 || settings.presencePenalty != 0 else { return }
        var counts: [Int32: Int] = [:]
        for token in drawn { counts[token, default: 0] += 1 }
        for (token, count) in counts {
            add(-Double(count) * settings.frequencyPenalty - settings.presencePenalty, to: values, token)
        }
    }

    /// Adds in Double, so that the sum is rounded once.
    private static func add(_ amount: Double, to values: UnsafeMutableBufferPointer<Float>, _ token: Int32) {
        guard values.indices.contains(Int(token)) else { return }
        values[Int(token)] = Float(Double(values[Int(token)]) + amount)
    }

    private static func greedy(_ values: UnsafeMutableBufferPointer<Float>) -> Int32 {
        var best = 0
        for index in 1..<max(values.count, 1) where values[index] > values[best] { best = index }
        return Int32(best)
    }

    /// The indices of all but the `count` largest values; of equal ones the smaller indices belong to the largest.
    private static func allBut(_ count: Int, of values: UnsafeMutableBufferPointer<Float>) -> [Int] {
        let threshold = valueOfRank(count, in: Array(values))
        var ties = count - values.count { $0 > threshold }
        return values.indices.filter { index in
            if values[index] == threshold {
                ties -= 1
                return ties < 0
            }
            return values[index] < threshold
        }
    }

    /// The `rank`-th largest value, by quickselect: a vocabulary is too large to be sorted for every token.
    private static func valueOfRank(_ rank: Int, in values: [Float]) -> Float {
        var (candidates, rank) = (values, rank)
        while true {
            let pivot = candidates[candidates.count / 2]
            let above = candidates.filter { $0 > pivot }
            if rank <= above.count {
                candidates = above
                continue
            }
            let below = candidates.filter { $0 < pivot }
            let equal = candidates.count - above.count - below.count
            if rank <= above.count + equal || below.isEmpty { return pivot }
            rank -= above.count + equal
            candidates = below
        }
    }

    /// Sets the weights to 0 that follow the one with which the sum of the largest reaches `share` of all.
    private static func keepNucleus(_ weights: DrawWeights, _ share: Double) {
        let (values, total) = (weights.values, weights.total)
        // All weights below this together cannot make up the rest, so they need not be sorted.
        let negligible = Float((1 - share) * total / Double(values.count))
        let order = values.indices.filter { values[$0] > 0 && values[$0] >= negligible }
            .sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
        var (kept, sum) = ([(index: Int, weight: Float)](), 0.0)
        for index in order {
            kept.append((index, values[index]))
            sum += Double(values[index])
            if sum >= share * total { break }
        }
        values.update(repeating: 0)
        for (index, weight) in kept { values[index] = weight }
    }
}
