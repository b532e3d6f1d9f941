// Preference objectives: values that are known, and derivatives against central differences.

import Datasets
import Evaluation
import Foundation
import Kernels
import Model
import TestSupport
import Testing
import Training

@Suite struct ObjectiveTests {
    static let pairs: [Objective] = [.dpo, .ipo, .orpo]
    /// Log-probabilities of the chosen and the rejected answer, and those of the first model.
    static let cases: [(Double, Double, Double, Double)] = [
        (-20, -20, -20, -20), (-12, -31, -20, -20), (-31, -12, -18, -25), (-0.3, -90, -1, -80), (-400, -2, -100, -3),
    ]

    private static func scores(_ one: (Double, Double, Double, Double)) -> (AnswerScore, AnswerScore) {
        (
            AnswerScore(logProbability: one.0, reference: one.2, tokens: 7),
            AnswerScore(logProbability: one.1, reference: one.3, tokens: 5)
        )
    }

    @Test(arguments: pairs)
    func derivativesOfPairs(objective: Objective) {
        for one in Self.cases {
            let (chosen, rejected) = Self.scores(one)
            let found = objective.loss(beta: 0.3, chosen: chosen, rejected: rejected)
            let step = 1e-5
            func loss(_ first: Double, _ second: Double) -> Double {
                var (chosen, rejected) = (chosen, rejected)
                chosen.logProbability += first
                rejected.logProbability += second
                return objective.loss(beta: 0.3, chosen: chosen, rejected: rejected).loss
            }
            let first = (loss(step, 0) - loss(-step, 0)) / (2 * step)
            let second = (loss(0, step) - loss(0, -step)) / (2 * step)
            #expect(abs(found.chosen - first) < 1e-6 * max(1, abs(first)), "\(one): \(found.chosen), \(first)")
            #expect(abs(found.rejected - second) < 1e-6 * max(1, abs(second)), "\(one): \(found.rejected), \(second)")
            #expect(found.loss.isFinite && found.chosen.isFinite && found.rejected.isFinite)
        }
    }

    @Test(arguments: [true, false])
    func derivativesOfLabels(isGood: Bool) {
        for gain in [-40.0, -3, 0, 0.5, 60] {
            let answer = AnswerScore(logProbability: -20 + gain, reference: -20, tokens: 4)
            func loss(_ change: Double) -> Double {
                var answer = answer
                answer.logProbability += change
                return Objective.loss(beta: 0.2, of: answer, isGood: isGood, divergence: 0.7).loss
            }
            let found = Objective.loss(beta: 0.2, of: answer, isGood: isGood, divergence: 0.7)
            let slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
            #expect(abs(found.answer - slope) < 1e-8, "\(gain): \(found.answer), \(slope)")
        }
    }

    @Test func knownValues() {
        let same = AnswerScore(logProbability: -9, reference: -9, tokens: 3)
        #expect(abs(Objective.dpo.loss(beta: 0.1, chosen: same, rejected: same).loss - log(2)) < 1e-12)
        #expect(abs(Objective.ipo.loss(beta: 0.1, chosen: same, rejected: same).loss - 25) < 1e-12)
        #expect(abs(Objective.orpo.loss(beta: 0.1, chosen: same, rejected: same).loss - 0.1 * log(2)) < 1e-12)
        #expect(Objective.loss(beta: 0.1, of: same, isGood: true, divergence: 0).loss == 0.5)
        // Far from each other: nothing overflows, and nothing is left to learn.
        let (good, bad) = (
            AnswerScore(logProbability: -1, reference: -1e5, tokens: 3),
            AnswerScore(logProbability: -1e5, reference: -1, tokens: 3)
        )
        let settled = Objective.dpo.loss(beta: 1, chosen: good, rejected: bad)
        #expect(settled.loss == 0 && settled.chosen == 0 && settled.rejected == 0)
        #expect(Objective.dpo.loss(beta: 1, chosen: bad, rejected: good).chosen == -1)
    }

    /// Rows of eight bytes whose answers begin at the fourth.
    private static func text(_ judgements: [TokenizedText.Judgement]) -> TokenizedText {
        var (tokens, sources): ([Int32], [TokenizedText.Source]) = ([], [])
        for (index, judgement) in judgements.enumerated() {
            let start = tokens.count
            for place in 0..<8 { tokens.append(Int32((97 + 5 * index + 3 * place * (index % 3 + 1)) % 250)) }
            sources.append(
                .init(
                    path: "a", line: index + 1, tokens: start..<tokens.count, isStream: false, hasAnswers: true,
                    judgement: judgement, answerStart: start + 3))
        }
        let weights = tokens.indices.map { Float($0 % 8 >= 3 ? 1 : 0) }
        return TokenizedText(tokens: tokens, weights: weights, sources: sources, dropped: [], cut: [])
    }

    /// The gradient of a micro-batch, along a random direction, is the slope of the loss.
    @Test(arguments: [Objective.dpo, .ipo, .orpo, .kto])
    func gradientOfAModel(objective: Objective) throws {
        let config = TinyTraining.config()
        let model = TinyTraining.model(config)
        let text = Self.text(
            objective == .kto ? [.good, .bad, .bad, .good] : [.chosen, .rejected, .chosen, .rejected])
        let set = TrainingSet(text, contextLength: 8, shuffles: false, seed: 1)
        let windows = set.windows(epoch: 0)[...]
        let first = ReferenceScores(TinyTraining.model(config, seed: 5), text, mismatching: objective == .kto ? 4 : nil)
        let step = PreferenceStep(objective, beta: 0.4, group: 4, text, first, windows)
        let batch = set.batch(windows, first: 0)
        // Held, as its own movement is not learned from.
        let divergence = step.divergence(of: windows, under: model)
        func loss() -> Double {
            var measure = PreferenceMeasure()
            let rows = model.evaluate(batch).rows
            _ = step.factors(of: windows, batch, rows, divergence: divergence, &measure)
            return measure.loss
        }
        let pass = TrainingPass(model)
        let gradients = FloatArena(count: model.layout.arenaCount)
        _ = pass.accumulateGradients(
            batch, into: pass.gradientViews(in: gradients),
            .objective { rows in
                var measure = PreferenceMeasure()
                return step.factors(of: windows, batch, rows, divergence: divergence, &measure)
            })
        var generator = SplitMix64(seed: 11)
        let direction = (0..<gradients.count).map { _ in Float(generator.below(2000)) / 1000 - 1 }
        let kept = Array(model.weights.buffer)
        func slope(_ size: Float) -> Double {
            func moved(_ factor: Float) -> Double {
                for index in kept.indices { model.weights.buffer[index] = kept[index] + factor * direction[index] }
                return loss()
            }
            let difference = moved(size) - moved(-size)
            _ = moved(0)
            return difference / Double(2 * size)
        }
        let expected = zip(gradients.buffer, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let found = slope(1e-3)
        #expect(abs(expected) > 1e-3)
        #expect(abs(found - expected) < 2e-2 * max(1e-2, abs(expected)), "\(found), \(expected)")
    }
}
