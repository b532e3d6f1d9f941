// Generation on token ids: reads a prompt, then draws one token after the other until something ends it.

import Kernels
import Model
import Tokenizer

/// Why a generation ended.
package enum FinishReason: String, Sendable {
    /// The model gave its end-of-text token, or a stop text appeared.
    case stop
    /// The limit of tokens, or the model's context, was reached.
    case length
}

/// What one generation may use.
package struct GenerationSettings: Sendable, Equatable {
    package var sampling: SamplingSettings
    /// The most tokens that are drawn.
    package var maximumTokens: Int
    /// Texts at which the generation ends; they are not part of it.
    package var stop: [String]
    /// Tokens that end the generation, in addition to the tokenizer's `endIDs`.
    package var endIDs: [Int] = []
    package var seed: UInt64

    package init(sampling: SamplingSettings, maximumTokens: Int = 64, stop: [String] = [], seed: UInt64 = 1) {
        self.sampling = sampling
        self.maximumTokens = maximumTokens
        self.stop = stop
        self.seed = seed
    }
}

/// One generation.
package struct Completion: Sendable, Equatable {
    package var text: String
    /// The tokens drawn, without an end-of-text token.
    package var tokens: [Int32]
    package var finishReason: FinishReason

    package init(text: String, tokens: [Int32], finishReason: FinishReason) {
        (self.text, self.tokens, self.finishReason) = (text, tokens, finishReason)
    }
}

/// What can go wrong before the first token.
package enum GenerationError: Error, Equatable, CustomStringConvertible {
    case emptyPrompt
    case promptTooLong(tokens: Int, context: Int)
    case unencodable(String)

    package var description: String {
        switch self {
        case .emptyPrompt: "the prompt is empty, and the tokenizer has no end-of-text token to start from"
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens; the model's context holds \(context)"
        case .unencodable(let reason): reason
        }
    }
}

/// A model and its tokenizer, ready to continue texts. A common beginning of prompts is read once.
package final class TextGenerator {
    package let tokenizer: Tokenizer
    package let contextLength: Int
    private let decoder: Decoder
    private let architecture: Architecture
    private let sequence: CachedSequence

    /// - Parameter format: of a copy of the weights that is made for drawing tokens; nil for none.
    package init(model: Transformer, tokenizer: Tokenizer, format: WeightFormat? = nil) {
        self.tokenizer = tokenizer
        architecture = model.architecture
        contextLength = model.architecture.contextLength
        decoder = Decoder(model, format: format)
        sequence = CachedSequence(model.architecture)
    }

    /// The tokens of a prompt, after the begin token where the tokenizer puts it in front of every text; an empty prompt
    /// is the begin token, or the end-of-text token where there is none.
    package func encode(prompt: String) throws(GenerationError) -> [Int32] {
        try tokenizer.promptTokens(prompt)
    }

    /// Continues `prompt`.
    ///
    /// Tokens that the text itself suggests are read together with the one that was drawn (`PromptLookup`); where the
    /// draws agree with them, several tokens are gained in the time of one. The result is the same either way.
    ///
    /// - Parameters:
    ///   - stream: 0, 1, 2 … for several continuations under one seed.
    ///   - onText: called with each piece of text as soon as it is certain to belong to the generation.
    package func complete(
        _ prompt: [Int32], _ settings: GenerationSettings, stream: Int = 0, onText: (String) -> Void = { _ in }
    ) throws(GenerationError) -> Completion {
        try check(prompt)
        var generation = Generation(prompt, settings, stream: stream, tokenizer)
        var lookup = PromptLookup()
        generation.draw(sequence.read(prompt, with: decoder), onText)
        while let token = generation.pending {
            let room = contextLength - sequence.cache.count
            guard room > 0 else { break }
            let guess = lookup.guess(
                after: generation.history, most: min(Decoder.mostTokens, room, generation.tokensLeft + 1) - 1)
            let start = sequence.cache.count
            sequence.cache.reserve(start + 1 + guess.count)
            let logits = decoder.advanceTogether([(sequence.cache, [token] + guess)])
            var row = 0
            generation.draw(logits.vector(row), onText)
            while row < guess.count, generation.pending == guess[row] {
                row += 1
                generation.draw(logits.vector(row), onText)
            }
            lookup.learn(guessed: guess.count, right: row)
            sequence.keep(token, guess[..<row], from: start)
        }
        return generation.finish(onText)
    }

    /// Continues many prompts, several at a time: the weights, whose reading takes most of the time, are read once for
    /// all of them. Gives the same texts as `complete`, in any grouping.
    ///
    /// - Parameters:
    ///   - settings: for all; the prompt's number is the stream.
    ///   - onCompletion: called as each one ends, with the prompt's number.
    package func complete(
        _ prompts: [[Int32]], _ settings: GenerationSettings, onCompletion: (Int, Completion) -> Void
    ) throws(GenerationError) {
        for prompt in prompts { try check(prompt) }
        var free = (0..<min(Decoder.mostTokens, prompts.count)).map { _ in CachedSequence(architecture) }
        var active: [(number: Int, sequence: CachedSequence, generation: Generation)] = []
        var next = 0
        while next < prompts.count || !active.isEmpty {
            while next < prompts.count, let sequence = free.popLast() {
                var generation = Generation(prompts[next], settings, stream: next, tokenizer)
                generation.draw(sequence.read(prompts[next], with: decoder)) { _ in }
                active.append((next, sequence, generation))
                next += 1
            }
            active.removeAll { entry in
                guard entry.generation.pending == nil || entry.sequence.cache.count >= contextLength else {
                    return false
                }
                var generation = entry.generation
                onCompletion(entry.number, generation.finish { _ in })
                free.append(entry.sequence)
                return true
            }
            guard !active.isEmpty else { continue }
            let tokens = active.map { $0.generation.pending ?? 0 }
            for entry in active { entry.sequence.cache.reserve(entry.sequence.cache.count + 1) }
            let logits = decoder.advanceTogether(zip(active, tokens).map { ($0.sequence.cache, [$1]) })
            for index in active.indices {
                active[index].sequence.keep(tokens[index], [], from: active[index].sequence.cache.count - 1)
                active[index].generation.draw(logits.vector(index)) { _ in }
            }
        }
    }

    private func check(_ prompt: [Int32]) throws(GenerationError) {
        guard !prompt.isEmpty else { throw .emptyPrompt }
        guard prompt.count <= contextLength else {
            throw .promptTooLong(tokens: prompt.count, context: contextLength)
        }
    }
}

/// A cache and the tokens whose positions it holds.
private final class CachedSequence {
    let cache: KeyValueCache
    private var tokens: [Int32] = []

    /// The cache grows with the text: the context of today's models would take hundreds of megabytes.
    init(_ architecture: Architecture) {
        cache = KeyValueCache(architecture, capacity: min(256, architecture.contextLength))
    }

    /// Makes the cache hold the prompt; what it shares with the last text is not computed again.
    ///
    /// - Returns: the logits after the prompt.
    func read(_ prompt: [Int32], with decoder: Decoder) -> Vector {
        let common = zip(prompt.dropLast(), tokens).prefix { $0 == $1 }.count
        cache.truncate(to: common)
        cache.reserve(prompt.count)
        tokens = prompt
        return decoder.advance(cache, by: Array(prompt[common...]))
    }

    /// Of the positions from `start` on, keeps that of `token` and those of the guesses that were right.
    func keep(_ token: Int32, _ right: ArraySlice<Int32>, from start: Int) {
        tokens.append(token)
        tokens += right
        cache.truncate(to: start + 1 + right.count)
    }
}
