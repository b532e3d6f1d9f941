// Loss and perplexity of a split, in double precision.

import Datasets
import Foundation
import Kernels
import Model
import Tokenizer

/// What a model does on a text.
package struct EvaluationResult: Sendable, Equatable {
    /// Σ weight · loss / Σ weight over all predictions, in nats.
    package var loss: Double
    /// Predictions that carry loss.
    package var tokens: Int
    /// Predictions in which the right token had the largest logit.
    package var correct: Int
    /// Documents that took part.
    package var examples: Int
    /// Documents with answers, and those in which every token of every answer was predicted right.
    package var answered: Int
    package var answeredRight: Int
    /// Bytes of the predicted tokens; a special token has none.
    package var bytes: Int
    /// Σ loss over the predictions, whatever their weight.
    package var summedLoss: Double
    /// How many of the rows also occur in training; nil where that is not known.
    package var overlap: TrainingRows.Overlap?
    /// The loss of every line, where it was asked for.
    package var lines: [LineLoss] = []
    /// What a preference objective says of the same rows; nil where the likelihood of answers is learned.
    package var preference: PreferenceMeasure?

    /// What training lowers: the loss of a preference objective, else that of the tokens.
    package var learnedLoss: Double { preference?.loss ?? loss }

    /// e^loss.
    package var perplexity: Double { exp(loss) }
    /// Summed loss / ln 2 / bytes: comparable between vocabularies.
    package var bitsPerByte: Double { summedLoss / log(2) / Double(max(1, bytes)) }
    package var tokenAccuracy: Double { Double(correct) / Double(max(1, tokens)) }
    /// nil for plain text.
    package var sequenceAccuracy: Double? { answered > 0 ? Double(answeredRight) / Double(answered) : nil }
}

/// Other processes that evaluate the same text with the same model at the same time.
package protocol EvaluationSharing {
    /// This process's number, from 0.
    var rank: Int { get }
    var count: Int { get }

    /// Gives each process what every process has computed of a batch.
    ///
    /// - Returns: by process; nil where one of them wants to stop.
    func exchange(_ rows: [CrossEntropy.Row]) throws -> [[CrossEntropy.Row]]?
}

/// Predicts every token of a text once. The definition of perplexity: nothing is added to a document, its tokens from
/// the second on count, in one window where it fits, else in windows moved by `stride`.
package struct Evaluator: Sendable {
    /// Inputs in a window, at most the model's context.
    package var window: Int
    /// How far the window moves; at most `window`.
    package var stride: Int
    /// Windows worked on together. Changes the speed, not the result.
    package var batchSize: Int
    /// Stop after about this many predictions; nil for all.
    package var maximumTokens: Int?

    package init(window: Int, stride: Int, batchSize: Int = 8, maximumTokens: Int? = nil) {
        self.window = window
        self.stride = stride
        self.batchSize = batchSize
        self.maximumTokens = maximumTokens
    }

    /// Measures `text`.
    ///
    /// - Parameters:
    ///   - split: its name, for the error.
    ///   - keepsLines: whether the result has the loss of every line.
    ///   - batch: the number of a batch of `batchSize` windows; only this one is measured. Numbers beyond the last batch
    ///     begin again. Nil for all windows.
    ///   - shouldStop: asked between batches; true ends the evaluation with nil.
    ///   - sharing: processes among which the batches are divided, each of which gets the full result, to the last bit that
    ///     of one alone; nil for none.
    /// - Throws: `DatasetError.emptySplit`, and what `sharing` throws.
    package func evaluate(
        _ model: Transformer, _ text: TokenizedText, tokenizer: Tokenizer, split: String,
        keepsLines: Bool = false, batch number: Int? = nil, shouldStop: () -> Bool = { false },
        sharing: (any EvaluationSharing)? = nil
    ) throws -> EvaluationResult? {
        var windows = chosenWindows(text)
        guard !windows.isEmpty else {
            let judged = text.sources.contains { $0.judgement != nil }
            throw DatasetError.emptySplit(
                split: split, reason: judged ? "it has no answer to learn" : "no document has two tokens or more")
        }
        if let number {
            let first = number % ((windows.count + batchSize - 1) / batchSize) * batchSize
            windows = windows[first..<min(first + batchSize, windows.count)]
        }
        let special = Set(tokenizer.specialIDs)
        var (weighted, weightSum) = (0.0, 0.0)
        var wrong = Set<Int>()
        var ledger = keepsLines ? LineLedger(text, tokenizer: tokenizer) : nil
        var result = EvaluationResult(
            loss: 0, tokens: 0, correct: 0, examples: 0, answered: 0, answeredRight: 0, bytes: 0, summedLoss: 0)
        let starts = Array(Swift.stride(from: windows.startIndex, to: windows.endIndex, by: batchSize))
        let batches = starts.map { windows[$0..<min($0 + batchSize, windows.endIndex)] }
        var computed: [[CrossEntropy.Row]] = []
        for (index, part) in batches.enumerated() {
            if sharing == nil, shouldStop() { return nil }
            let batch = batch(part, text)
            if computed.isEmpty {
                // Every process has one of the next batches.
                let own = index + (sharing?.rank ?? 0)
                let rows =
                    own < batches.count
                    ? model.evaluate(own == index ? batch : self.batch(batches[own], text)).rows : []
                guard let all = try sharing.map({ try $0.exchange(rows) }) ?? [rows] else { return nil }
                computed = all
            }
            let rows = computed.removeFirst()
            for (window, sequence) in zip(part, batch.sequences) {
                for row in sequence where batch.weights[row] != 0 {
                    weighted += Double(batch.weights[row]) * rows[row].loss
                    weightSum += Double(batch.weights[row])
                    result.summedLoss += rows[row].loss
                    result.tokens += 1
                    result.correct += rows[row].isCorrect ? 1 : 0
                    if !rows[row].isCorrect { wrong.insert(window.source) }
                    let target = Int(batch.targets[row])
                    let bytes = special.contains(target) ? 0 : tokenizer.bytes(of: target).count
                    result.bytes += bytes
                    ledger?.add(
                        source: window.source, target: window.start + row - sequence.lowerBound + 1,
                        loss: rows[row].loss, isCorrect: rows[row].isCorrect, bytes: bytes)
                }
            }
        }
        result.loss = weighted / weightSum
        result.lines = ledger?.lines ?? []
        let sources = Set(windows.map(\.source))
        result.examples = sources.count
        let answered = sources.filter { text.sources[$0].hasAnswers }
        result.answered = answered.count
        result.answeredRight = answered.count { !wrong.contains($0) }
        return result
    }

    /// How many batches `evaluate` works on for a text.
    package func batchCount(_ text: TokenizedText) -> Int {
        (chosenWindows(text).count + batchSize - 1) / batchSize
    }

    /// The most tokens of a batch that `evaluate` works on.
    package func mostTokens(_ text: TokenizedText) -> Int {
        let windows = chosenWindows(text)
        return Swift.stride(from: windows.startIndex, to: windows.endIndex, by: batchSize).map { start in
            windows[start..<min(start + batchSize, windows.endIndex)].reduce(0) { $0 + $1.count }
        }.max() ?? 0
    }

    private func chosenWindows(_ text: TokenizedText) -> ArraySlice<Window> {
        let windows = text.evaluationWindows(length: window, stride: stride)
        guard let maximumTokens else { return windows[...] }
        var predicted = 0
        return windows.prefix { window in
            guard predicted < maximumTokens else { return false }
            predicted += window.count - window.skipped
            return true
        }
    }

    private func batch(_ windows: ArraySlice<Window>, _ text: TokenizedText) -> SequenceBatch {
        var batch = SequenceBatch()
        for (index, window) in windows.enumerated() {
            batch.append(
                tokens: text.tokens[window.inputs], targets: text.tokens[window.targets],
                weights: text.weights(window), example: index)
        }
        return batch
    }
}
