// Using a model through the library: text, answers, measurements, exports, and errors.

import Foundation
import Luthier
import TestSupport
import Testing

@Suite struct LanguageModelTests {
    /// Opens a model that was trained a little.
    private func withModel(rows: Bool = false, _ body: (LanguageModel, TemporaryFolder) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let outcome = try TinyRun(in: folder, rows: rows).tuning.run(named: "tiny", in: folder.path)
            try body(try LanguageModel(contentsOf: outcome.folder), folder)
        }
    }

    @Test func aModelDescribesItself() throws {
        try withModel { model, _ in
            #expect(model.contextLength == 64)
            #expect(model.vocabularySize == 257 && model.tokenizer.vocabularySize == 257)
            #expect(model.architecture.hasPrefix("1 blocks, 2 heads, width 32, context 64, vocabulary 257"))
            // Embeddings; two norms, attention and feed-forward layer of the block; the last norm.
            let (v, t, w) = (257, 64, 32)
            #expect(model.parameterCount == (v + t) * w + 12 * w * w + 13 * w + 2 * w)
            #expect(model.notes.isEmpty && !model.canChat)
        }
    }

    @Test func textComesInPieces() throws {
        try withModel { model, _ in
            var pieces = ""
            let completion = try model.complete("the cat ", options: .greedy) { pieces += $0 }
            #expect(completion.text == pieces && !pieces.isEmpty)
            #expect(completion.tokenCount == 8 && completion.finishReason == .length)
            let stopped = try model.complete("the cat ", options: GenerationOptions(temperature: 0, stop: [" "]))
            #expect(!stopped.text.contains(" "))
            let (first, second) = (GenerationOptions(seed: 1), GenerationOptions(seed: 2))
            #expect(try model.complete("the", options: first) == model.complete("the", options: first))
            #expect(try model.complete("the", options: first) != model.complete("the", options: second))
        }
    }

    @Test func conversationsAreAnsweredWithTheTemplate() throws {
        try withModel(rows: true) { model, _ in
            #expect(model.canChat)
            let messages = [ChatMessage(.user, "7?")]
            let answer = try model.reply(to: messages, options: .greedy)
            let asText = try model.complete("User: 7?\nAssistant:", options: .greedy)
            #expect(asText.text == " " + answer.text)
        }
        try withModel { model, _ in
            let error = #expect(throws: LuthierError.self) { try model.reply(to: [ChatMessage(.user, "7?")]) }
            #expect(error?.message == "this model has no chat template")
        }
    }

    @Test func aTextIsMeasured() throws {
        try withModel { model, folder in
            let text = "the cat sat on the mat."
            let metrics = try model.evaluate(text)
            #expect(metrics.tokenCount == text.utf8.count - 1)
            #expect(abs(metrics.perplexity - exp(metrics.loss)) < 1e-9)
            // A token is a byte here, so that nats per token and bits per byte differ by a factor alone.
            #expect(abs(metrics.bitsPerByte - metrics.loss / log(2)) < 1e-9)
            #expect(try model.perplexity(of: text) == metrics.perplexity)
            #expect(try model.perplexity(of: "QXZJ QXZJ QXZJ") > metrics.perplexity)
            let file = try model.evaluate(contentsOf: folder.write(text, as: "one.txt"))
            #expect(file.tokenCount == metrics.tokenCount && abs(file.loss - metrics.loss) < 1e-6)
            #expect(throws: LuthierError.self) { try model.evaluate("") }
        }
    }

    @Test func everyExportReadsBack() throws {
        try withModel { model, folder in
            let text = "the dog sat on the log."
            let loss = try model.evaluate(text).loss
            for (name, format) in [("huggingface", ExportFormat.huggingFace), ("copy.h5", .checkpoint)] {
                let summary = try model.export(to: folder.path + "/" + name, format: format)
                #expect(summary.parameterCount == model.parameterCount && summary.largestLogitDifference == 0)
                #expect(try LanguageModel(contentsOf: folder.path + "/" + name).evaluate(text).loss == loss)
            }
            #expect(try model.export(to: folder.path + "/a.gguf", format: .gguf()).largestLogitDifference == 0)
            let half = try model.export(to: folder.path + "/b.gguf", format: .gguf(.float16))
            #expect(half.largestLogitDifference > 0 && half.largestLogitDifference < 0.1)
            let error = #expect(throws: LuthierError.self) {
                try model.export(to: folder.path + "/adapter", format: .peft)
            }
            #expect(error?.hint?.contains("lora") == true)
        }
    }

    @Test func mistakesAreErrors() throws {
        let missing = #expect(throws: LuthierError.self) { try LanguageModel(contentsOf: "/nowhere/model") }
        #expect(missing?.message == "there is no run or checkpoint at /nowhere/model")
        #expect(missing?.errorDescription == missing?.message && missing?.recoverySuggestion == missing?.hint)
        try withModel { model, folder in
            #expect(throws: LuthierError.self) { try LanguageModel(contentsOf: folder.write("text", as: "model.h5")) }
            #expect(throws: LuthierError.self) { try model.complete(String(repeating: "long ", count: 20)) }
            for options in [
                GenerationOptions(maximumTokens: 0), GenerationOptions(temperature: -1), GenerationOptions(topK: -1),
                GenerationOptions(topP: 0), GenerationOptions(topP: .nan), GenerationOptions(repetitionPenalty: 0.5),
            ] {
                #expect(throws: LuthierError.self) { try model.complete("the", options: options) }
            }
        }
    }
}
