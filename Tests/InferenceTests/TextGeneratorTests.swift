// Generation: what ends it, what repeats it, and that the cache changes nothing.

import Foundation
import Inference
import Kernels
import Model
import TestSupport
import Testing
import Tokenizer

@Suite struct TextGeneratorTests {
    static let shape = ModelShape(
        vocabularySize: 257, contextLength: 24, blockCount: 2, headCount: 2, modelWidth: 32, tiedHead: false)

    /// A model with large random weights, whose answers depend on everything before them.
    static func randomModel() -> Transformer {
        let model = Transformer(shape)
        model.layout.initialize(model.weights, seed: 9)
        for parameter in model.layout.parameters where parameter.decays {
            for index in parameter.range { model.weights.base[index] *= 12 }
        }
        return model
    }

    /// A model that says the bytes of `script` whatever it is told: after position p comes the p-th of them.
    ///
    /// Blocks of zeros add nothing, the token embedding is zero, and each position has its own direction, by
    /// which the head knows its token.
    static func scriptedModel(_ script: [Int]) throws -> Transformer {
        let model = Transformer(shape)
        let positions = try #require(model.layout["wpe.weight"])
        let head = try #require(model.layout["lm_head.weight"])
        let norm = try #require(model.layout["ln_f.weight"])
        for index in norm.range { model.weights.base[index] = 1 }
        for (position, token) in script.prefix(shape.contextLength).enumerated() {
            model.weights.base[positions.offset + position * shape.modelWidth + position] = 1
            model.weights.base[head.offset + token * shape.modelWidth + position] = 1
        }
        return model
    }

    static func scripted(_ script: String, from start: Int = 0) throws -> TextGenerator {
        let model = try scriptedModel([Int](repeating: 0, count: start) + script.utf8.map { Int($0) })
        return TextGenerator(model: model, tokenizer: .bytes)
    }

    static func greedy(_ maximumTokens: Int, stop: [String] = []) -> GenerationSettings {
        GenerationSettings(sampling: .greedy, maximumTokens: maximumTokens, stop: stop)
    }

    @Test func greedyIsTheArgmaxOfFullPasses() throws {
        let model = Self.randomModel()
        let generator = TextGenerator(model: model, tokenizer: .bytes)
        for prompt in ["a", "the sun", "1234567890"] {
            let tokens = try generator.encode(prompt: prompt)
            let found = try generator.complete(tokens, Self.greedy(10)).tokens
            var text = tokens
            for _ in 0..<found.count {
                var batch = SequenceBatch()
                batch.append(tokens: text, targets: text, example: 0)
                let all = model.logits(batch)
                let logits = Array(all.buffer.suffix(257))
                let best = logits.indices.max { (logits[$0], -$0) < (logits[$1], -$1) } ?? 0
                text.append(Int32(best))
            }
            #expect(found == Array(text.dropFirst(tokens.count)) && found.count == 10)
            #expect(Set(found).count > 2, "an answer of one token repeated proves little")
        }
    }

    @Test func theSameSeedGivesTheSameText() throws {
        let model = Self.randomModel()
        func text(seed: UInt64, stream: Int = 0) throws -> Completion {
            let generator = TextGenerator(model: model, tokenizer: .bytes)
            let settings = GenerationSettings(
                sampling: SamplingSettings(temperature: 1.5), maximumTokens: 16, seed: seed)
            return try generator.complete(try generator.encode(prompt: "the "), settings, stream: stream)
        }
        #expect(try text(seed: 1) == text(seed: 1))
        #expect(try text(seed: 1).tokens != text(seed: 2).tokens)
        #expect(try text(seed: 1, stream: 1) == text(seed: 1, stream: 1))
        #expect(try text(seed: 1, stream: 1).tokens != text(seed: 1, stream: 0).tokens)
    }

    /// One generator for many prompts, which begin the same way, or are each other's beginning, or have nothing in common.
    @Test func whatTheCacheHoldsChangesNothing() throws {
        let model = Self.randomModel()
        let reused = TextGenerator(model: model, tokenizer: .bytes)
        let settings = GenerationSettings(sampling: SamplingSettings(temperature: 1), maximumTokens: 8, seed: 4)
        for prompt in ["the sun", "the sun", "the sea", "the sea is wide", "the", "fog", "the sun", "t"] {
            let tokens = try reused.encode(prompt: prompt)
            let fresh = try TextGenerator(model: model, tokenizer: .bytes).complete(tokens, settings)
            #expect(try reused.complete(tokens, settings) == fresh, "\(prompt)")
        }
    }

    @Test func theFullContextEndsIt() throws {
        let generator = try Self.scripted("abcdefghijklmnopqrstuvwxyz")
        // After 24 positions there is one token more; with 4 of them a prompt, that makes 21.
        let completion = try generator.complete(try generator.encode(prompt: "wxyz"), Self.greedy(100))
        #expect(completion.text == "defghijklmnopqrstuvwx" && completion.tokens.count == 21)
        #expect(completion.finishReason == .length)
        let full = try generator.encode(prompt: String(repeating: "x", count: 24))
        #expect(try generator.complete(full, Self.greedy(100)).text == "x")
        let error = #expect(throws: GenerationError.self) { try generator.complete(full + [1], Self.greedy(100)) }
        #expect(error == .promptTooLong(tokens: 25, context: 24))
        #expect(error?.description == "the prompt has 25 tokens; the model's context holds 24")
    }

    @Test func theLimitEndsIt() throws {
        let generator = try Self.scripted("abcdefgh")
        let prompt = try generator.encode(prompt: "x")
        for count in [0, 1, 5] {
            let completion = try generator.complete(prompt, Self.greedy(count))
            #expect(completion.text == String("abcdefgh".prefix(count)) && completion.finishReason == .length)
        }
    }

    @Test(arguments: [
        (["d"], "abc", 4), (["cd", "zz"], "ab", 4), (["a"], "", 1), (["fg", "ef"], "abcd", 6), (["zz"], "abcdefgh", 8),
    ])
    func aStopTextEndsIt(stop: [String], text: String, count: Int) throws {
        let generator = try Self.scripted("abcdefgh")
        var shown: [String] = []
        let completion = try generator.complete(
            try generator.encode(prompt: "x"), Self.greedy(8, stop: stop), onText: { shown.append($0) })
        #expect(completion.text == text && completion.tokens.count == count)
        #expect(completion.finishReason == (stop == ["zz"] ? .length : .stop))
        #expect(shown.joined() == text)
    }

    @Test func theEndOfTextEndsIt() throws {
        let model = try Self.scriptedModel(Array("ab".utf8).map { Int($0) } + [0xC3, 256] + [0x63])
        let generator = TextGenerator(model: model, tokenizer: .bytes)
        var shown = ""
        let completion = try generator.complete([0x78], Self.greedy(9, stop: ["bc"]), onText: { shown += $0 })
        // What was delayed comes out: the beginning of a stop, and of a character.
        #expect(completion.text == "ab\u{FFFD}" && shown == completion.text)
        #expect(completion.tokens == [0x61, 0x62, 0xC3] && completion.finishReason == .stop)
    }

    /// A chat may end on another token than a text, or on one of several.
    @Test func everyEndTokenEndsIt() throws {
        for end in [256, 0x01, 0x02] {
            let model = try Self.scriptedModel([0x61, 0x62, end, 0x63])
            let generator = TextGenerator(model: model, tokenizer: .bytes)
            var settings = Self.greedy(4)
            #expect(try generator.complete([0x78], settings).finishReason == (end == 256 ? .stop : .length))
            let other = Tokenizer(.bytes, endIDs: [256, 0x02, 0x01], beginID: nil, addsBegin: false)
            let ended = try TextGenerator(model: model, tokenizer: other).complete([0x78], settings)
            #expect(ended.text == "ab" && ended.finishReason == .stop)
            settings.endIDs = [0x02, 0x01]
            let completion = try generator.complete([0x78], settings)
            #expect(completion.text == "ab" && completion.finishReason == .stop)
            var all: [Completion] = []
            try generator.complete([[0x78]], settings) { all.append($1) }
            #expect(all == [completion])
        }
    }

    /// An empty prompt stands for a text's beginning, where the tokenizer knows one.
    @Test func emptyPrompts() throws {
        let generator = try Self.scripted("abc")
        #expect(try generator.encode(prompt: "") == [256])
        #expect(try generator.complete([256], Self.greedy(3)).text == "abc")
        #expect(throws: GenerationError.emptyPrompt) { try generator.complete([], Self.greedy(3)) }

        try withTemporaryFolder { folder in
            _ = try folder.write(#"{"a": 0, "b": 1}"#, as: "vocab.json")
            _ = try folder.write("#version: 0.2\n", as: "merges.txt")
            let tokenizer = try Tokenizer(path: folder.path)
            let endless = TextGenerator(model: Self.randomModel(), tokenizer: tokenizer)
            let error = #expect(throws: GenerationError.self) { try endless.encode(prompt: "") }
            #expect(
                error?.description == "the prompt is empty, and the tokenizer has no end-of-text token to start from")
            let unknown = #expect(throws: GenerationError.self) { try endless.encode(prompt: "abc") }
            #expect(
                unknown?.description == "the vocabulary has no token for the byte 0x63 ('c') at offset 2 of the text")
        }
    }

    /// A model may have more rows than its tokenizer has tokens.
    @Test func aTokenThatTheTokenizerLacks() throws {
        try withTemporaryFolder { folder in
            _ = try folder.write(#"{"a": 0, "b": 1}"#, as: "vocab.json")
            _ = try folder.write("#version: 0.2\n", as: "merges.txt")
            let tokenizer = try Tokenizer(path: folder.path)
            let generator = TextGenerator(model: try Self.scriptedModel([1, 200, 0]), tokenizer: tokenizer)
            #expect(try generator.complete([0], Self.greedy(3)).text == "b\u{FFFD}a")
        }
    }

    /// The penalty sees prompt and continuation.
    @Test func theRepetitionPenaltySeesThePrompt() throws {
        let generator = try Self.scripted("aaaa")
        let settings = GenerationSettings(
            sampling: SamplingSettings(temperature: 0, repetitionPenalty: 100), maximumTokens: 2)
        // The script's logit is about 5, the others about -1/6 or 0: a hundredth of it still wins over those.
        #expect(try generator.complete([0x78], settings).tokens == [0x61, 0x61])
        let model = try Self.scriptedModel([0x61, 0x61])
        let head = try #require(model.layout["lm_head.weight"])
        // b comes second: half of a's direction.
        for position in 0..<2 { model.weights.base[head.offset + 0x62 * 32 + position] = 0.5 }
        let torn = TextGenerator(model: model, tokenizer: .bytes)
        #expect(try torn.complete([0x78], settings).tokens == [0x61, 0x62])
        #expect(try torn.complete([0x61], settings).tokens == [0x62, 0x61])
    }

    /// Guessing tokens ahead changes only the time: the draws are those of one token at a time.
    @Test(arguments: [0, 0.7], [nil] + WeightFormat.allCases)
    func guessesChangeNothing(temperature: Double, format: WeightFormat?) throws {
        let model = Self.randomModel()
        // A text in which nearly every guess is wrong, and one that repeats itself, in which many are right.
        for prompt in ["the sun", "abababababab", "xyzxyzxyz"] {
            let generator = TextGenerator(model: model, tokenizer: .bytes, format: format)
            let settings = GenerationSettings(
                sampling: SamplingSettings(temperature: temperature), maximumTokens: 14, seed: 5)
            let tokens = try generator.encode(prompt: prompt)
            let found = try generator.complete(tokens, settings).tokens

            let (decoder, cache) = (Decoder(model, format: format), KeyValueCache(model.architecture))
            var (random, history) = (SplitMix64(seed: 5, stream: 0), tokens)
            var logits = decoder.advance(cache, by: tokens)
            while history.count < min(tokens.count + 14, Self.shape.contextLength + 1) {
                let token = Sampler.next(logits, settings.sampling, previous: history, using: &random)
                guard token != 256 else { break }
                history.append(token)
                guard cache.count < Self.shape.contextLength else { break }
                logits = decoder.advance(cache, by: [token])
            }
            #expect(found == Array(history.dropFirst(tokens.count)))
        }
    }

    @Test func aRepeatedTextIsGuessed() {
        var lookup = PromptLookup()
        #expect(lookup.guess(after: [1, 2, 3, 4, 9, 1, 2, 3], most: 7) == [4, 9, 1])
        #expect(lookup.guess(after: [1, 2, 3, 4, 9, 1, 2, 3], most: 2) == [4, 9])
        #expect(lookup.guess(after: [1, 2, 3, 4], most: 7).isEmpty)
        #expect(lookup.guess(after: [5, 8, 9, 5, 8, 7, 6, 8, 9], most: 1) == [5], "two tokens are key enough")
        #expect(lookup.guess(after: [1], most: 7).isEmpty && lookup.guess(after: [], most: 7).isEmpty)
        // The latest occurrence counts.
        #expect(lookup.guess(after: [1, 2, 3, 7, 1, 2, 3, 8, 1, 2, 3], most: 1) == [8])
        // A right guess makes the next one longer, a wrong one shorter.
        let text: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3]
        lookup.learn(guessed: 3, right: 3)
        #expect(lookup.guess(after: text, most: 7).count == 6)
        lookup.learn(guessed: 6, right: 0)
        #expect(lookup.guess(after: text, most: 7).count == 1)
    }

    /// Many prompts at a time give each what it gets alone, whatever its length and end.
    @Test(arguments: [0, 0.9]) func manyPromptsAtATime(temperature: Double) throws {
        let model = Self.randomModel()
        let generator = TextGenerator(model: model, tokenizer: .bytes)
        let settings = GenerationSettings(
            sampling: SamplingSettings(temperature: temperature), maximumTokens: 9, stop: ["e"], seed: 3)
        let prompts = try (1...21).map {
            try generator.encode(prompt: String(repeating: "ab\($0) ", count: 1 + $0 % 4))
        }
        let alone = try prompts.indices.map { try generator.complete(prompts[$0], settings, stream: $0) }
        var together: [Int: Completion] = [:]
        try generator.complete(prompts, settings) { together[$0] = $1 }
        #expect(prompts.indices.map { together[$0] } == alone.map { Optional($0) })
        #expect(Set(alone.map(\.tokens.count)).count > 1, "texts of one length prove little")
    }
}
