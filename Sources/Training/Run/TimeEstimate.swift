// How long a run takes, from steps that were really taken.

/// What to expect, with the spread of the steps that it rests on.
package struct TimeEstimate: Sendable, Equatable {
    /// Steps that were measured.
    package var steps: Int
    package var tokensPerSecond: Double
    /// Of one pass over the training rows, without evaluations and checkpoints.
    package var secondsPerEpoch: Double
    /// Of all that is left, evaluations and checkpoints included.
    package var seconds: Double
    /// Half the width of the 95 % interval that the steps' own spread gives, as a share of the time of the steps; nil from
    /// fewer than three steps. It knows nothing of what else the machine will do.
    package var spread: Double?

    package init(
        steps: Int, tokensPerSecond: Double, secondsPerEpoch: Double, seconds: Double, spread: Double?
    ) {
        (self.steps, self.tokensPerSecond) = (steps, tokensPerSecond)
        (self.secondsPerEpoch, self.seconds, self.spread) = (secondsPerEpoch, seconds, spread)
    }
}

/// What is left of a run, in tokens and calls.
package struct RemainingWork: Sendable, Equatable {
    package var tokens: Double
    package var tokensPerEpoch: Double
    package var evaluations = 0.0
    package var secondsPerEvaluation = 0.0
    package var saves = 0.0
    package var secondsPerSave = 0.0
    /// Of what is done once, before the first step.
    package var secondsBefore = 0.0

    package init(
        tokens: Double, tokensPerEpoch: Double, evaluations: Double = 0, secondsPerEvaluation: Double = 0,
        saves: Double = 0, secondsPerSave: Double = 0
    ) {
        (self.tokens, self.tokensPerEpoch) = (tokens, tokensPerEpoch)
        (self.evaluations, self.secondsPerEvaluation) = (evaluations, secondsPerEvaluation)
        (self.saves, self.secondsPerSave) = (saves, secondsPerSave)
    }
}

/// Times of steps.
package struct StepTimes: Sendable {
    private var steps: [(seconds: Double, tokens: Double)] = []
    private var first: (seconds: Double, tokens: Double)?

    package init() {}

    /// The first step reserves memory and fills caches; it counts only while it is the only one.
    package mutating func add(seconds: Double, tokens: Int) {
        guard first != nil else { return first = (seconds, Double(tokens)) }
        steps.append((seconds, Double(tokens)))
    }

    /// Whether more steps would tell little: twelve that took three seconds, three that took twenty, or a hundred.
    package var isEnough: Bool {
        let seconds = steps.reduce(0) { $0 + $1.seconds }
        return steps.count >= 12 && seconds >= 3 || steps.count >= 3 && seconds >= 20 || steps.count >= 100
    }

    /// nil before the first step.
    package func estimate(_ work: RemainingWork) -> TimeEstimate? {
        guard let first else { return nil }
        let taken = steps.isEmpty ? [first] : steps
        let tokens = taken.reduce(0) { $0 + $1.tokens }
        let perToken = taken.reduce(0) { $0 + $1.seconds } / max(tokens, 1)
        return TimeEstimate(
            steps: taken.count, tokensPerSecond: 1 / max(perToken, 1e-12),
            secondsPerEpoch: perToken * work.tokensPerEpoch,
            seconds: work.secondsBefore + perToken * work.tokens + work.evaluations * work.secondsPerEvaluation
                + work.saves * work.secondsPerSave,
            spread: spread(taken, perToken: perToken, meanTokens: tokens / Double(taken.count)))
    }

    /// Twice the standard error of a ratio of means, relative to it (Cochran, Sampling Techniques, section 6.4).
    private func spread(
        _ taken: [(seconds: Double, tokens: Double)], perToken: Double, meanTokens: Double
    ) -> Double? {
        guard taken.count >= 3, perToken > 0, meanTokens > 0 else { return nil }
        let squares = taken.reduce(0) { sum, step in
            let rest = step.seconds - perToken * step.tokens
            return sum + rest * rest
        }
        let count = Double(taken.count)
        return 2 * (squares / (count - 1) / count).squareRoot() / (perToken * meanTokens)
    }
}
