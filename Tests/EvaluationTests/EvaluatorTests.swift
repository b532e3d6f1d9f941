// Loss and perplexity of a text: independent of the batch, and equal to a slow statement of the definition.

import Datasets
import Evaluation
import Foundation
import Model
import TestSupport
import Testing
import Tokenizer

@Suite struct EvaluatorTests {
    /// A text whose lines are documents.
    private static func text(_ lines: String) throws -> TokenizedText {
        let file = try TextFile(path: "t.txt", bytes: Array(lines.utf8))
        return try TokenizedText(
            Document.documents(of: file, format: .lines), tokenizer: .bytes, EncodingOptions())
    }

    /// Documents of 2, 3, 9, 10 and some thirty tokens.
    static func text() throws -> TokenizedText {
        try text("ab\nxyz\n123456789\n1234567890\n" + TinyText.lines(2))
    }

    @Test(arguments: [1, 2, 3, 8])
    func theBatchSizeChangesNothing(batchSize: Int) throws {
        let (model, text) = (TinyModel.make(), try Self.text())
        func measure(_ batchSize: Int) throws -> EvaluationResult {
            try #require(
                try Evaluator(window: 8, stride: 3, batchSize: batchSize).evaluate(
                    model, text, tokenizer: .bytes, split: "test"))
        }
        let (one, other) = (try measure(5), try measure(batchSize))
        #expect(abs(one.loss - other.loss) < 1e-6 * one.loss)
        #expect(one.tokens == other.tokens && one.correct == other.correct && one.bytes == other.bytes)
        #expect(one.examples == 6 && other.examples == 6)
    }

    /// The definition, token by token: prediction p of a document is made in the first window that reaches it, from
    /// the inputs before it in that window.
    @Test(arguments: [(8, 8), (8, 3), (8, 1), (5, 4), (1, 1)])
    func everyTokenOnceAndAsDefined(window: Int, stride: Int) throws {
        let (model, text) = (TinyModel.make(), try Self.text())
        var (sum, bytes, correct, tokens) = (0.0, 0, 0, 0)
        for source in text.sources {
            let document = Array(text.tokens[source.tokens])
            for position in 1..<document.count {
                var start = 0
                while start + window < position { start += stride }
                let (loss, isCorrect) = Self.predict(
                    document[position], after: document[start..<position], model)
                sum += loss
                correct += isCorrect ? 1 : 0
                bytes += Tokenizer.bytes.bytes(of: Int(document[position])).count
                tokens += 1
            }
        }
        let result = try #require(
            try Evaluator(window: window, stride: stride).evaluate(
                model, text, tokenizer: .bytes, split: "test"))
        #expect(result.tokens == tokens && tokens == text.predictionCount)
        #expect(abs(result.loss - sum / Double(tokens)) < 1e-6 * result.loss)
        #expect(result.correct == correct && result.bytes == bytes)
        #expect(abs(result.perplexity - exp(sum / Double(tokens))) < 1e-5 * result.perplexity)
        #expect(abs(result.bitsPerByte - sum / log(2) / Double(bytes)) < 1e-6 * result.bitsPerByte)
        #expect(result.tokenAccuracy == Double(correct) / Double(tokens))
    }

    private static func predict(
        _ token: Int32, after inputs: ArraySlice<Int32>, _ model: Transformer
    ) -> (loss: Double, isCorrect: Bool) {
        var batch = SequenceBatch()
        batch.append(tokens: inputs, targets: inputs, example: 0)
        let all = model.logits(batch)
        let logits = all.buffer.suffix(model.architecture.vocabularySize).map(Double.init)
        let largest = logits.max() ?? 0
        let sum = logits.reduce(0) { $0 + exp($1 - largest) }
        return (largest + log(sum) - logits[Int(token)], logits[Int(token)] == largest)
    }

    /// Tokens of two bytes count as two: bits per byte compare between vocabularies.
    @Test func bitsPerByteCountBytes() throws {
        let words = Array(TinyText.lines(30).utf8)
        let tokenizer = try Tokenizer.train(on: [words], vocabularySize: 280, split: .gpt2)
        let document = Document(path: "t.txt", line: 1, content: .stream(words))
        let text = try TokenizedText([document], tokenizer: tokenizer, EncodingOptions())
        #expect(text.tokens.count < words.count)
        let model = TinyModel.make(TinyModel.config(vocabularySize: 280))
        let evaluator = Evaluator(window: 8, stride: 8)
        let result = try #require(try evaluator.evaluate(model, text, tokenizer: tokenizer, split: "test"))
        #expect(result.bytes == words.count - tokenizer.bytes(of: Int(text.tokens[0])).count)
        let bits = result.loss * Double(result.tokens) / log(2)
        #expect(abs(result.bitsPerByte - bits / Double(result.bytes)) < 1e-12)
    }

    @Test func anEmptySplitIsAnError() throws {
        let model = TinyModel.make()
        for text in [try Self.text(""), try Self.text("a\nb\n")] {
            let error = #expect(throws: DatasetError.self) {
                try Evaluator(window: 8, stride: 8).evaluate(
                    model, text, tokenizer: .bytes, split: "validation")
            }
            #expect(error?.description == "the validation split is empty: no document has two tokens or more")
        }
    }

    /// Complete windows are taken until there are enough predictions.
    @Test(arguments: [(1, 1), (2, 3), (3, 3), (4, 11), (12, 19), (100_000, 0)])
    func maximumTokens(maximum: Int, expected: Int) throws {
        let text = try Self.text()
        let evaluator = Evaluator(window: 8, stride: 8, batchSize: 2, maximumTokens: maximum)
        let result = try #require(
            try evaluator.evaluate(
                TinyModel.make(), text, tokenizer: .bytes, split: "test"))
        #expect(result.tokens == (expected > 0 ? expected : text.predictionCount))
    }

    @Test func aStopBetweenBatchesEndsIt() throws {
        var questions = 0
        let result = try Evaluator(window: 8, stride: 8, batchSize: 2).evaluate(
            TinyModel.make(), try Self.text(), tokenizer: .bytes, split: "test",
            shouldStop: {
                questions += 1
                return questions == 3
            })
        #expect(result == nil && questions == 3)
    }
}
