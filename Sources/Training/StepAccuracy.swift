// How many answer tokens of a step's batch the model predicted right before the update.

import Model

/// Counts over the micro-batches of a step.
struct StepAccuracy {
    /// A token of this weight is of a prompt, unless prompts count as much as answers.
    let promptLossWeight: Float
    private(set) var tokens = 0
    private(set) var tokensRight = 0
    private(set) var sequences = 0
    private(set) var sequencesRight = 0

    init(promptLossWeight: Float) { self.promptLossWeight = promptLossWeight }

    mutating func add(_ result: Transformer.Result, _ batch: SequenceBatch) {
        for sequence in batch.sequences {
            var (counted, right) = (0, 0)
            for row in sequence where isAnswer(batch.weights[row]) {
                counted += 1
                right += result.rows[row].isCorrect ? 1 : 0
            }
            guard counted > 0 else { continue }
            tokens += counted
            tokensRight += right
            sequences += 1
            sequencesRight += right == counted ? 1 : 0
        }
    }

    /// The counts, for other processes.
    var counts: [Double] { [tokens, tokensRight, sequences, sequencesRight].map(Double.init) }
    static let countCount = 4

    /// Sets the counts to the sums of those of all processes.
    mutating func set(_ all: [[Double]]) {
        func sum(_ index: Int) -> Int { all.reduce(0) { $0 + Int($1[index]) } }
        (tokens, tokensRight, sequences, sequencesRight) = (sum(0), sum(1), sum(2), sum(3))
    }

    private func isAnswer(_ weight: Float) -> Bool {
        weight != 0 && (weight != promptLossWeight || promptLossWeight == 1)
    }
}
