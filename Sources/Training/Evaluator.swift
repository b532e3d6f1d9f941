// Loss and perplexity of a split, in double precision.

import Datasets
import Foundation
import Model
import Tokenizer

/// What a model does on a text.
public struct EvaluationResult: Sendable, Equatable {
    /// Mean over all predicted tokens, in nats.
    public var loss: Double
    /// Predicted tokens.
    public var tokens: Int
    /// Predictions in which the right token had the largest logit.
    public var correct: Int
    /// Documents that took part.
    public var examples: Int
    /// Bytes of the predicted tokens.
    public var bytes: Int

    /// e^loss.
    public var perplexity: Double { exp(loss) }
    /// Summed loss / ln 2 / bytes: comparable between vocabularies.
    public var bitsPerByte: Double { loss * Double(tokens) / log(2) / Double(max(1, bytes)) }
    public var tokenAccuracy: Double { Double(correct) / Double(max(1, tokens)) }
}

/// Predicts every token of a text once. The definition of perplexity: nothing is added to a document, its tokens from
/// the second on count, in one window where it fits, else in windows moved by `stride`.
public struct Evaluator: Sendable {
    /// Inputs in a window, at most the model's context.
    public var window: Int
    /// How far the window moves; at most `window`.
    public var stride: Int
    /// Windows worked on together. Changes the speed, not the result.
    public var batchSize: Int
    /// Stop after about this many predictions; nil for all.
    public var maximumTokens: Int?

    public init(window: Int, stride: Int, batchSize: Int = 8, maximumTokens: Int? = nil) {
        self.window = window
        self.stride = stride
        self.batchSize = batchSize
        self.maximumTokens = maximumTokens
    }

    /// Measures `text`.
    ///
    /// - Parameters:
    ///   - split: its name, for the error.
    ///   - shouldStop: asked between batches; true ends the evaluation with nil.
    public func evaluate(
        _ model: Transformer, _ text: TokenizedText, tokenizer: Tokenizer, split: String,
        shouldStop: () -> Bool = { false }
    ) throws(DatasetError) -> EvaluationResult? {
        let windows = chosenWindows(text)
        guard !windows.isEmpty else {
            throw .emptySplit(split: split, reason: "no document has two tokens or more")
        }
        var sum = 0.0
        var result = EvaluationResult(loss: 0, tokens: 0, correct: 0, examples: 0, bytes: 0)
        for start in Swift.stride(from: 0, to: windows.count, by: batchSize) {
            if shouldStop() { return nil }
            let batch = batch(windows[start..<min(start + batchSize, windows.count)], text)
            let rows = model.evaluate(batch).rows
            for row in 0..<batch.rowCount where batch.weights[row] != 0 {
                sum += rows[row].loss
                result.correct += rows[row].isCorrect ? 1 : 0
                result.tokens += 1
                result.bytes += tokenizer.bytes(of: Int(batch.targets[row])).count
            }
        }
        result.loss = sum / Double(result.tokens)
        result.examples = Set(windows.map(\.source)).count
        return result
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
            let weights =
                [Float](repeating: 0, count: window.skipped)
                + [Float](repeating: 1, count: window.count - window.skipped)
            batch.append(
                tokens: text.tokens[window.start..<(window.start + window.count)],
                targets: text.tokens[(window.start + 1)..<(window.start + window.count + 1)],
                weights: weights, example: index)
        }
        return batch
    }
}
