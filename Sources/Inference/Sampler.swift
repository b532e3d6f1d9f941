// Choosing the next token: a pure function of logits, settings, what came before, and a random number.

import Kernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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
        var values = logits.values
        if settings.repetitionPenalty != 1 { penalize(&values, previous, Float(settings.repetitionPenalty)) }
        penalize(&values, drawn: drawn, settings)
        for (token, bias) in settings.logitBias { add(bias, to: &values, token) }
        // A diverged model gives NaN and infinities, which nothing below could compare or add up.
        let limit = Float.greatestFiniteMagnitude
        values = values.map { $0.isNaN ? -limit : min(max($0, -limit), limit) }
        guard settings.temperature > 0 else { return greedy(values) }

        var candidates = [Int](0..<values.count)
        if settings.topK > 0 && settings.topK < values.count {
            candidates = largest(settings.topK, of: values)
        }
        let maximum = candidates.lazy.map { values[$0] }.max() ?? 0
        var weights = candidates.map { exp(Double(values[$0] - maximum) / settings.temperature) }
        if settings.topP < 1 { (candidates, weights) = nucleus(candidates, weights, settings.topP) }
        return draw(candidates, weights, generator.uniform())
    }

    private static func penalize(_ values: inout [Float], _ previous: [Int32], _ penalty: Float) {
        for token in Set(previous) where Int(token) < values.count {
            let value = values[Int(token)]
            values[Int(token)] = value > 0 ? value / penalty : value * penalty
        }
    }

    private static func penalize(_ values: inout [Float], drawn: ArraySlice<Int32>, _ settings: SamplingSettings) {
        guard settings.frequencyPenalty != 0 || settings.presencePenalty != 0 else { return }
        var counts: [Int32: Int] = [:]
        for token in drawn { counts[token, default: 0] += 1 }
        for (token, count) in counts {
            add(-Double(count) * settings.frequencyPenalty - settings.presencePenalty, to: &values, token)
        }
    }

    /// Adds in Double, so that the sum is rounded once.
    private static func add(_ amount: Double, to values: inout [Float], _ token: Int32) {
        guard values.indices.contains(Int(token)) else { return }
        values[Int(token)] = Float(Double(values[Int(token)]) + amount)
    }

    private static func greedy(_ values: [Float]) -> Int32 {
        var best = 0
        for index in 1..<max(values.count, 1) where values[index] > values[best] { best = index }
        return Int32(best)
    }

    /// The indices of the `count` largest values; of equal ones the smaller indices. Ascending.
    private static func largest(_ count: Int, of values: [Float]) -> [Int] {
        let threshold = valueOfRank(count, in: values)
        var ties = count - values.count { $0 > threshold }
        return values.indices.filter { index in
            if values[index] == threshold {
                ties -= 1
                return ties >= 0
            }
            return values[index] > threshold
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

    /// The most likely candidates up to and including the one with which their share reaches `share`.
    private static func nucleus(_ candidates: [Int], _ weights: [Double], _ share: Double) -> ([Int], [Double]) {
        let total = weights.reduce(0, +)
        // All weights below this together cannot make up the rest, so they need not be sorted.
        let negligible = (1 - share) * total / Double(weights.count)
        let order = weights.indices.filter { weights[$0] >= negligible }
            .sorted { weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1 }
        var kept: [Int] = []
        var sum = 0.0
        for index in order {
            kept.append(index)
            sum += weights[index]
            if sum >= share * total { break }
        }
        return (kept.map { candidates[$0] }, kept.map { weights[$0] })
    }

    private static func draw(_ candidates: [Int], _ weights: [Double], _ uniform: Double) -> Int32 {
        var rest = uniform * weights.reduce(0, +)
        for (candidate, weight) in zip(candidates, weights) {
            rest -= weight
            if rest < 0 { return Int32(candidate) }
        }
        // Rounding can leave a little over: the last candidate that has any weight.
        let last = weights.lastIndex { $0 > 0 } ?? 0
        return Int32(candidates[last])
    }
}
