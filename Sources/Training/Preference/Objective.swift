// What a run learns from: the likelihood of answers, or which of them people have preferred.

import Foundation

/// `method.objective`.
package enum Objective: String, Sendable, CaseIterable {
    /// The answer of each row, token by token.
    case likelihood
    /// Direct preference optimization (Rafailov et al. 2023, equation 7).
    case dpo
    /// Identity preference optimization (Azar et al. 2023, equation 17), by the token, as trl has it.
    case ipo
    /// Answers that are good or bad by themselves (Ethayarajh et al. 2024, equation 8).
    case kto
    /// Odds ratios, next to the likelihood of the chosen answer (Hong et al. 2024, equations 6 and 7).
    case orpo

    /// Whether it compares two answers to one prompt.
    package var comparesPairs: Bool { self == .dpo || self == .ipo || self == .orpo }
    /// Whether it compares the model with the one that it started from.
    package var needsReference: Bool { self == .dpo || self == .ipo || self == .kto }
    /// Whether it is about complete answers.
    package var isPreference: Bool { self != .likelihood }
}

/// An answer under the model that is trained.
package struct AnswerScore: Sendable, Equatable {
    /// The log-probability of all of its tokens together, in nats.
    package var logProbability: Double
    /// The same under the model that the run started from; 0 where the objective needs none.
    package var reference: Double
    package var tokens: Int

    package init(logProbability: Double, reference: Double = 0, tokens: Int) {
        (self.logProbability, self.reference, self.tokens) = (logProbability, reference, tokens)
    }

    /// How much more probable it has become, in nats.
    var gain: Double { logProbability - reference }
    var perToken: Double { logProbability / Double(max(1, tokens)) }
}

/// The loss of a pair, and its derivatives with respect to the log-probabilities of both answers.
package struct PairLoss: Sendable, Equatable {
    package var loss: Double
    package var chosen: Double
    package var rejected: Double
}

/// The loss of one answer, and its derivative with respect to its log-probability.
package struct AnswerLoss: Sendable, Equatable {
    package var loss: Double
    package var answer: Double
}

extension Objective {
    /// The loss of a pair; of `orpo` without the likelihood of the chosen answer.
    ///
    /// - Parameter beta: how far the model may move from where it started; for `orpo` the weight of the odds ratio.
    package func loss(beta: Double, chosen: AnswerScore, rejected: AnswerScore) -> PairLoss {
        switch self {
        case .dpo:
            let margin = beta * (chosen.gain - rejected.gain)
            let slope = -beta * Self.sigmoid(-margin)
            return PairLoss(loss: Self.softplus(-margin), chosen: slope, rejected: -slope)
        case .ipo:
            let (here, there) = (Double(max(1, chosen.tokens)), Double(max(1, rejected.tokens)))
            let miss = chosen.gain / here - rejected.gain / there - 1 / (2 * beta)
            return PairLoss(loss: miss * miss, chosen: 2 * miss / here, rejected: -2 * miss / there)
        case .orpo:
            let odds = Self.logOdds(chosen.perToken) - Self.logOdds(rejected.perToken)
            let slope = -beta * Self.sigmoid(-odds)
            // d log(p / (1 - p)) / d log p = 1 / (1 - p)
            return PairLoss(
                loss: beta * Self.softplus(-odds),
                chosen: slope / -expm1(chosen.perToken) / Double(max(1, chosen.tokens)),
                rejected: -slope / -expm1(rejected.perToken) / Double(max(1, rejected.tokens)))
        case .likelihood, .kto: preconditionFailure("\(rawValue) does not compare pairs")
        }
    }

    /// The loss of one answer that is good or bad, by `kto`.
    ///
    /// - Parameter divergence: how far the model has moved from where it started, in nats; not differentiated.
    package static func loss(beta: Double, of answer: AnswerScore, isGood: Bool, divergence: Double) -> AnswerLoss {
        let sign = isGood ? 1.0 : -1.0
        let share = sigmoid(sign * beta * (answer.gain - divergence))
        return AnswerLoss(loss: 1 - share, answer: -sign * beta * share * (1 - share))
    }

    /// log(1 + e^x)
    private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    private static func sigmoid(_ x: Double) -> Double {
        x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
    }

    /// log(p / (1 - p)) of log p < 0.
    private static func logOdds(_ logProbability: Double) -> Double {
        let p = min(logProbability, -1e-12)
        return p - log(-expm1(p))
    }
}
