// Measuring a model on texts.

internal import Conversations
internal import Datasets
internal import Evaluation

extension LanguageModel {
    /// How well the model predicts a text of at least two tokens. A text longer than the context is read in windows
    /// that are concatenated.
    public func evaluate(_ text: String) throws(LuthierError) -> EvaluationMetrics {
        try evaluate([Document(path: "the text", line: 1, content: .text(Array(text.utf8)))], name: "text")
    }

    /// How well the model predicts a file: rows of JSON as for training, else one text. Of conversations and of prompts
    /// with completions, only what the model is to say is measured.
    public func evaluate(contentsOf path: String) throws(LuthierError) -> EvaluationMetrics {
        let documents = try LuthierError.wrapping { try Document.documents(of: TextFile(path: path)) }
        return try evaluate(documents, name: path)
    }

    /// e to the mean loss of the text's tokens; see ``evaluate(_:)``.
    public func perplexity(of text: String) throws(LuthierError) -> Double { try evaluate(text).perplexity }

    private func evaluate(_ documents: [Document], name: String) throws(LuthierError) -> EvaluationMetrics {
        var options = EncodingOptions()
        options.startToken = saved.info.startToken
        options.template = saved.template ?? documents.lazy.compactMap(\.defaultTemplate).first ?? .raw
        options.contextLength = contextLength
        options.dropsRowsWithoutLoss = true
        let result = try LuthierError.wrapping {
            let text = try TokenizedText(documents, tokenizer: saved.tokenizer, options)
            let evaluator = Evaluator(window: contextLength, stride: contextLength)
            return try evaluator.evaluate(saved.model, text, tokenizer: saved.tokenizer, split: name)
        }
        // Only a caller that asks to stop gets no result.
        guard let result else { throw LuthierError("the evaluation of \(name) was stopped") }
        return EvaluationMetrics(result)
    }
}
