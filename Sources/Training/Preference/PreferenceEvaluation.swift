// How a model judges the pairs of a split: the objective's loss, rewards, and the share of pairs in the right order.

import Datasets
import Evaluation
import Model

package struct PreferenceEvaluation {
    let objective: Objective
    let beta: Double
    /// Examples worked on together; of labelled answers also those that `kto` exchanges.
    let batchSize: Int

    package init(_ config: RunConfig) {
        (objective, beta, batchSize) = (config.method.objective, config.method.beta, config.training.batchSize)
    }

    /// The most tokens of a batch.
    func mostTokens(_ text: TokenizedText) -> Int {
        let set = TrainingSet(text, contextLength: text.tokens.count, shuffles: false, seed: 0)
        let batches = set.stepCount(epochs: 1, examplesPerStep: batchSize)
        return set.mostTokens(batchSize: batchSize, accumulation: 1, steps: batches)
    }

    /// - Parameters:
    ///   - number: of a batch, the only one that is measured; numbers beyond the last batch begin again. Nil for all.
    ///   - shouldStop: asked between batches.
    /// - Returns: nil where it was stopped.
    package func measure(
        _ model: Transformer, _ text: TokenizedText, _ reference: ReferenceScores, batch number: Int? = nil,
        shouldStop: () -> Bool = { false }
    ) -> PreferenceMeasure? {
        let set = TrainingSet(text, contextLength: text.tokens.count, shuffles: false, seed: 0)
        let size = batchSize * set.windowsPerExample
        var windows = set.windows(epoch: 0)[...]
        if let number {
            let first = number % max(1, (windows.count + size - 1) / size) * size
            windows = windows[first..<min(first + size, windows.count)]
        }
        let step = PreferenceStep(objective, beta: beta, group: batchSize, text, reference, windows)
        var measure = PreferenceMeasure()
        for start in stride(from: windows.startIndex, to: windows.endIndex, by: size) {
            if shouldStop() { return nil }
            let part = windows[start..<min(start + size, windows.endIndex)]
            let batch = set.batch(part, first: 0)
            let divergence = step.divergence(of: part, under: model)
            _ = step.factors(of: part, batch, model.evaluate(batch).rows, divergence: divergence, &measure)
        }
        return measure
    }
}
