// What the model that a run starts from thinks of every judged answer: computed once, before the first step.

import Datasets
import Kernels
import Model

/// Log-probabilities of answers, in nats, by the number of their source.
package struct ReferenceScores: Sendable, Equatable {
    /// Of each source's answer; 0 for a source without one.
    package let answers: [Double]
    /// For `kto`: of another source's answer after each source's prompt; empty otherwise.
    package let mismatched: [Double]

    package init(answers: [Double], mismatched: [Double] = []) {
        (self.answers, self.mismatched) = (answers, mismatched)
    }

    /// Scores every judged answer of `text`.
    ///
    /// - Parameters:
    ///   - group: for `kto`, rows among which answers are exchanged; nil for other objectives.
    ///   - rows: tokens that are worked on together, about.
    package init(_ model: Transformer, _ text: TokenizedText, mismatching group: Int?, rows: Int = 4096) {
        answers = ReferenceScores.scores(model, text.sources.indices.map { AnswerSequence(text, $0) }, rows: rows)
        mismatched =
            group.map { group in
                ReferenceScores.scores(
                    model, text.sources.indices.map { AnswerSequence(text, mismatched: $0, group: group) }, rows: rows)
            } ?? []
    }

    private static func scores(_ model: Transformer, _ sequences: [AnswerSequence?], rows: Int) -> [Double] {
        var scores = [Double](repeating: 0, count: sequences.count)
        var (waiting, tokens): ([(index: Int, sequence: AnswerSequence)], Int) = ([], 0)
        func score() {
            guard !waiting.isEmpty else { return }
            var batch = SequenceBatch()
            for (place, one) in waiting.enumerated() { one.sequence.append(to: &batch, example: place) }
            let losses = model.evaluate(batch).rows
            for (one, rows) in zip(waiting, batch.sequences) {
                scores[one.index] = -rows.reduce(0.0) { $0 + (batch.weights[$1] != 0 ? losses[$1].loss : 0) }
            }
            (waiting, tokens) = ([], 0)
        }
        for (index, sequence) in sequences.enumerated() {
            guard let sequence else { continue }
            if tokens + sequence.tokens.count > rows { score() }
            waiting.append((index, sequence))
            tokens += sequence.tokens.count
        }
        score()
        return scores
    }
}

/// A prompt and an answer whose tokens count.
struct AnswerSequence {
    let tokens: [Int32]
    /// 1 for each token of the answer that is learned, else 0.
    private let weights: [Float]

    /// A source of a text; nil where it has no judged answer.
    init?(_ text: TokenizedText, _ index: Int) { self.init(text, text.sources[index], text.sources[index]) }

    private init?(_ text: TokenizedText, _ asked: TokenizedText.Source, _ answered: TokenizedText.Source) {
        guard asked.judgement != nil, asked.answerStart > asked.tokens.lowerBound else { return nil }
        let prompt = asked.tokens.lowerBound..<asked.answerStart
        tokens = Array(text.tokens[prompt]) + Array(text.tokens[answered.answer])
        weights = prompt.map { _ in 0 } + answered.answer.map { text.weight($0) != 0 ? 1 : 0 }
    }

    /// The prompt of a source with the answer of the one before it in its group, of the last one for the first, as trl has
    /// it.
    init?(_ text: TokenizedText, mismatched index: Int, group: Int) {
        let first = index / group * group
        let count = min(group, text.sources.count - first)
        let other = text.sources[first + (index - first + count - 1) % count]
        self.init(text, text.sources[index], other)
    }

    func append(to batch: inout SequenceBatch, example: Int) {
        batch.append(
            tokens: tokens.dropLast(), targets: tokens.dropFirst(),
            weights: Array(weights.dropFirst()), example: example)
    }
}
