// What the rows of a micro-batch count in the gradient of a preference objective.

import Datasets
import Evaluation
import Kernels
import Model

/// A step's examples, of which each micro-batch is a part.
package struct PreferenceStep {
    let objective: Objective
    let beta: Double
    let text: TokenizedText
    let reference: ReferenceScores
    /// For `kto`, the rows among which answers are exchanged.
    let group: Int
    /// Examples of the complete step, and the loss weights of all of its chosen answers.
    package let examples: Int
    let chosenWeight: Double

    package init(
        _ objective: Objective, beta: Double, group: Int, _ text: TokenizedText, _ reference: ReferenceScores,
        _ windows: ArraySlice<Window>
    ) {
        (self.objective, self.beta, self.group, self.text, self.reference) = (objective, beta, group, text, reference)
        let judgements = windows.map { text.sources[$0.source].judgement }
        examples = judgements.count { $0 != .rejected }
        chosenWeight = zip(windows, judgements).reduce(0) { $1.1 == .chosen ? $0 + text.weightSum($1.0) : $0 }
    }

    /// What each row of a micro-batch counts in the gradient of the mean loss over the step's examples.
    ///
    /// - Parameters:
    ///   - rows: (N) the losses of the batch's rows.
    ///   - divergence: for `kto`, from `divergence(of:under:)`.
    ///   - measure: of the micro-batch's examples, added to.
    /// - Returns: (N) factors.
    package func factors(
        of windows: ArraySlice<Window>, _ batch: SequenceBatch, _ rows: [CrossEntropy.Row], divergence: Double,
        _ measure: inout PreferenceMeasure
    ) -> [Float] {
        var factors = [Float](repeating: 0, count: rows.count)
        let share = 1 / Double(max(1, examples))
        var pair: (score: AnswerScore, rows: [Int], all: Range<Int>)?
        for (window, sequence) in zip(windows, batch.sequences) {
            let source = text.sources[window.source]
            let answer = answerRows(window, sequence, batch)
            let score = AnswerScore(
                logProbability: -answer.reduce(0) { $0 + rows[$1].loss },
                reference: objective.needsReference ? reference.answers[window.source] : 0, tokens: answer.count)
            func add(_ slope: Double, to answer: [Int]) {
                // A row's loss is the negative of its log-probability.
                for row in answer { factors[row] -= Float(slope * share) }
            }
            switch source.judgement {
            case .chosen: pair = (score, answer, sequence)
            case .rejected:
                guard let chosen = pair else { preconditionFailure("a rejected answer without the chosen one") }
                let loss = objective.loss(beta: beta, chosen: chosen.score, rejected: score)
                measure.lossSum += loss.loss
                add(loss.chosen, to: chosen.rows)
                add(loss.rejected, to: answer)
                if objective == .orpo {
                    for row in chosen.all {
                        let weight = Double(batch.weights[row]) / max(chosenWeight, .leastNormalMagnitude)
                        factors[row] += Float(weight)
                        measure.lossSum += weight * rows[row].loss * Double(examples)
                    }
                    measure.add(chosen: beta * chosen.score.perToken, rejected: beta * score.perToken)
                } else {
                    measure.add(chosen: beta * chosen.score.gain, rejected: beta * score.gain)
                }
                pair = nil
            case .good, .bad:
                let isGood = source.judgement == .good
                let loss = Objective.loss(beta: beta, of: score, isGood: isGood, divergence: divergence)
                measure.lossSum += loss.loss
                add(loss.answer, to: answer)
                measure.add(beta * score.gain, isGood: isGood)
            case nil: preconditionFailure("a row without a judgement")
            }
        }
        return factors
    }

    /// For `kto`: how much more probable answers have become after other prompts, on average over the micro-batch; at
    /// least 0.
    package func divergence(of windows: ArraySlice<Window>, under model: Transformer) -> Double {
        guard objective == .kto else { return 0 }
        var batch = SequenceBatch()
        var sources: [Int] = []
        for window in windows {
            guard let sequence = AnswerSequence(text, mismatched: window.source, group: group) else { continue }
            sequence.append(to: &batch, example: sources.count)
            sources.append(window.source)
        }
        guard !sources.isEmpty else { return 0 }
        let rows = model.evaluate(batch).rows
        let gains = zip(sources, batch.sequences).reduce(0.0) { sum, one in
            let score = -one.1.reduce(0.0) { $0 + (batch.weights[$1] != 0 ? rows[$1].loss : 0) }
            return sum + score - reference.mismatched[one.0]
        }
        return max(0, gains / Double(sources.count))
    }

    /// The rows that predict the tokens of a window's answer.
    private func answerRows(_ window: Window, _ sequence: Range<Int>, _ batch: SequenceBatch) -> [Int] {
        let first = text.sources[window.source].answerStart - window.start - 1
        return sequence.dropFirst(max(0, first)).filter { batch.weights[$0] != 0 }
    }
}
