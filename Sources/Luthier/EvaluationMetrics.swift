// How well a model predicts a text.

internal import Evaluation

/// What a model does on a text whose every token, the first one excepted, it predicts from those in front of it.
public struct EvaluationMetrics: Sendable, Equatable {
    /// Mean loss of a predicted token, in nats.
    public let loss: Double
    /// e^loss: between how many equally likely tokens the model hesitates.
    public let perplexity: Double
    /// Summed loss in bits divided by the text's bytes: comparable between models of different vocabularies.
    public let bitsPerByte: Double
    /// Share of the tokens that the model thought most likely, from 0 to 1.
    public let tokenAccuracy: Double
    /// How many tokens were predicted.
    public let tokenCount: Int

    init(_ result: EvaluationResult) {
        loss = result.loss
        perplexity = result.perplexity
        bitsPerByte = result.bitsPerByte
        tokenAccuracy = result.tokenAccuracy
        tokenCount = result.tokens
    }
}
