// Trained and random models against published and precomputed numbers: losses, logits, gradients, continuations.

import Foundation
import Interchange
import Kernels
import Model
import StrictJSON
import TestSupport
import Testing

@Suite("Published models", .enabled(if: TestData.isAvailable, "\(TestData.absence)"))
struct PublishedModelTests {
    /// A thousand held-out names, each between two tokens 0.
    @Test(arguments: ["weights-makemore/lmj9", "weights-makemore/vkerem0-turkish-names"])
    func namesModels(folder: String) throws {
        let published = try PublishedModel(folder)
        let vocabulary = try published.json("hf/vocab.json")
        let reference = try published.json("reference.json")
        let words = try published.lines("test_words.txt")
        var batch = SequenceBatch()
        for word in words {
            let ids = try word.map { Int32(try vocabulary[String($0)].required.integer.required) }
            batch.append(predicting: [0] + ids + [0])
        }
        let result = published.model.evaluate(batch)
        #expect(batch.rowCount == (try reference["tokens"].required.integer.required))
        let perplexity = exp(result.weightedLoss / result.weightSum)
        let expected = try reference["perplexity"].required.number.required
        #expect(abs(perplexity - expected) < 1e-4 * expected, "perplexity \(perplexity) for \(expected)")

        // What is drawn from compact weights is worth as much.
        for format in [WeightFormat.bf16, .int8] {
            let compact = published.perplexity(batch, format)
            #expect(abs(compact - perplexity) < 1e-2 * perplexity, "\(format): \(compact) for \(perplexity)")
            #expect(compact != perplexity)
        }

        let rows = try reference["per_token_nll_first_5"].required.array.required
        let names = try reference["first_5_words"].required.array.required
        #expect(rows.count == 5 && names.map(\.string) == words.prefix(5).map { String($0) })
        for (sequence, row) in zip(batch.sequences, rows) {
            let losses = try row.numbers
            #expect(sequence.count == losses.count)
            for (index, loss) in zip(sequence, losses) {
                #expect(abs(result.rows[index].loss - loss) < 1e-4, "row \(index)")
            }
        }
    }

    private func tiny() throws -> (PublishedModel, JSONObject) {
        let published = try PublishedModel("weights-tiny-random-gpt2")
        return (published, try published.json("reference.json"))
    }

    /// The two sequences that ONNX Runtime's tests publish.
    @Test func greedySequences() throws {
        let (published, reference) = try tiny()
        let examples = try reference["published_greedy"].required.array.required
        #expect(examples.count == 2)
        for example in examples {
            let object = try example.object.required
            let prompt = try object["prompt"].required.tokens
            let expected = try object["expected"].required.tokens
            #expect(published.greedy(prompt, count: expected.count - prompt.count) == expected)
        }
    }

    @Test func logits() throws {
        let (published, reference) = try tiny()
        let expected = try reference["computed_logits_prompt_0_0_195_731"].required.object.required
        var batch = SequenceBatch()
        batch.append(tokens: [0, 0, 195, 731], targets: [0, 0, 0, 0], example: 0)
        let logits = published.model.logits(batch)
        let maxima = try expected["max"].required.numbers
        let best = try expected["argmax"].required.tokens
        for (position, first) in try expected["first8_each_pos"].required.array.required.enumerated() {
            let row = Array(logits.buffer[(1000 * position)..<(1000 * position + 1000)])
            for (actual, published) in zip(row, try first.numbers) { #expect(abs(Double(actual) - published) < 1e-5) }
            let largest = row.indices.max { row[$0] < row[$1] } ?? 0
            #expect(largest == best[position] && abs(Double(row[largest]) - maxima[position]) < 1e-5)
        }
    }

    @Test func lossOfEveryToken() throws {
        let (published, reference) = try tiny()
        let expected = try reference["computed_nll"].required.object.required
        var batch = SequenceBatch()
        for sequence in try expected["sequences"].required.array.required {
            batch.append(predicting: try sequence.tokens)
        }
        let result = published.model.evaluate(batch)
        let losses = try expected["per_token_nll"].required.array.required.flatMap { try $0.numbers }
        #expect(losses.count == 252 && batch.rowCount == 252)
        for (row, loss) in zip(result.rows, losses) { #expect(abs(row.loss - loss) < 1e-5) }
        let mean = try expected["mean"].required.number.required
        #expect(abs(result.weightedLoss / result.weightSum - mean) < 1e-6 * mean)
    }

    /// PyTorch's gradients of a full model: the norm of each parameter's.
    @Test func normsOfEveryGradient() throws {
        let (published, reference) = try tiny()
        let expected = try reference["computed_grads"].required.object.required
        let norms = try expected["grad_l2"].required.object.required
        var batch = SequenceBatch()
        batch.append(predicting: try expected["input"].required.tokens)
        let layout = published.model.layout
        let gradients = FloatArena(count: layout.arenaCount)
        let views = ModelParameters(layout, in: gradients, published.model.architecture)
        let result = TrainingPass(published.model).accumulateGradients(batch, into: views, weightSum: batch.weightSum)
        let loss = try expected["loss_mean_next_token"].required.number.required
        #expect(abs(result.weightedLoss / result.weightSum - loss) < 1e-6 * loss)
        #expect(norms.members.count == layout.parameters.count)
        for parameter in layout.parameters {
            let norm = try norms["transformer." + parameter.name].required.number.required
            let actual = gradients.buffer[parameter.range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(actual - norm) < 1e-4 * norm + 1e-6, "\(parameter.name): \(actual) for \(norm)")
        }
    }
}
