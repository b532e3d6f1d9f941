// Generation on token ids: reads a prompt, then draws one token after the other until something ends it.

import Kernels
import Model
import Tokenizer

/// Why a continuation ended.
public enum FinishReason: String, Sendable {
    /// The model gave its end-of-text token, or a stop text appeared.
    case stop
    /// The limit of tokens, or the model's context, was reached.
    case length
}

/// What one continuation may use.
public struct GenerationSettings: Sendable, Equatable {
    public var sampling: SamplingSettings
    /// The most tokens that are drawn.
    public var maximumTokens: Int
    /// Texts at which the continuation ends; they are not part of it.
    public var stop: [String]
    /// Tokens that end the continuation, besides the tokenizer's end of text.
    public var endIDs: [Int] = []
    public var seed: UInt64

    public init(sampling: SamplingSettings, maximumTokens: Int = 64, stop: [String] = [], seed: UInt64 = 1) {
        self.sampling = sampling
        self.maximumTokens = maximumTokens
        self.stop = stop
        self.seed = seed
    }
}

/// One continuation.
public struct Completion: Sendable, Equatable {
    public var text: String
    /// The tokens drawn, an end-of-text token left out.
    public var tokens: [Int32]
    public var finishReason: FinishReason
}

/// What can go wrong before the first token.
public enum GenerationError: Error, Equatable, CustomStringConvertible {
    case emptyPrompt
    case promptTooLong(tokens: Int, context: Int)
    case unencodable(String)

    public var description: String {
        switch self {
        case .emptyPrompt: "the prompt is empty, and the tokenizer has no end-of-text token to start from"
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens; the model's context holds \(context)"
        case .unencodable(let reason): reason
        }
    }
}

/// A model and its tokenizer, ready to continue texts. Prompts that begin alike are read once.
public final class TextGenerator {
    public let tokenizer: Tokenizer
    public let contextLength: Int
    private let decoder: Decoder
    private let config: ModelConfig
    private let sequence: CachedSequence

    /// - Parameter format: of a copy of the weights that is made for drawing tokens; nil for none.
    public init(model: Transformer, tokenizer: Tokenizer, format: WeightFormat? = nil) {
        self.tokenizer = tokenizer
        config = model.config
        contextLength = model.config.contextLength
        decoder = Decoder(model, format: format)
        sequence = CachedSequence(model.config)
    }

    /// The tokens of a prompt; an empty prompt is the end-of-text token, behind which a text begins.
    public func encode(prompt: String) throws(GenerationError) -> [Int32] {
        var tokens: [Int32]
        do { tokens = try tokenizer.encode(prompt) } catch { throw .unencodable("\(error)") }
        if tokens.isEmpty {
            guard let start = tokenizer.endOfTextID else { throw .emptyPrompt }
            tokens = [Int32(start)]
        }
        return tokens
    }

    /// Continues `prompt`.
    ///
    /// Tokens that the text itself suggests are read together with the one that was drawn (`PromptLookup`); where the
    /// draws agree with them, several tokens are gained in the time of one. The result is the same either way.
    ///
    /// - Parameters:
    ///   - stream: 0, 1, 2 … for several continuations under one seed.
    ///   - onText: called with each piece of text as soon as it is certain to belong to the continuation.
    public func complete(
        _ prompt: [Int32], _ settings: GenerationSettings, stream: Int = 0, onText: (String) -> Void = { _ in }
    ) throws(GenerationError) -> Completion {
        try check(prompt)
        var continuation = Continuation(prompt, settings, stream: stream, tokenizer)
        var lookup = PromptLookup()
        continuation.draw(sequence.read(prompt, with: decoder), onText)
        while let token = continuation.pending {
            let room = contextLength - sequence.cache.count
            guard room > 0 else { break }
            let guess = lookup.guess(
                after: continuation.history, most: min(Decoder.mostTokens, room, continuation.tokensLeft + 1) - 1)
            let start = sequence.cache.count
            let logits = decoder.advanceTogether([(sequence.cache, [token] + guess)])
            var row = 0
            continuation.draw(logits.vector(row), onText)
            while row < guess.count, continuation.pending == guess[row] {
                row += 1
                continuation.draw(logits.vector(row), onText)
            }
            lookup.learn(guessed: guess.count, right: row)
            sequence.keep(token, guess[..<row], from: start)
        }
        return continuation.finish(onText)
    }

    /// Continues many prompts, several at a time: the weights, whose reading takes most of the time, are read once for
    /// all of them. Gives the same texts as `complete`, in any grouping.
    ///
    /// - Parameters:
    ///   - settings: for all; the prompt's number is the stream.
    ///   - onCompletion: called as each one ends, with the prompt's number.
    public func complete(
        _ prompts: [[Int32]], _ settings: GenerationSettings, onCompletion: (Int, Completion) -> Void
    ) throws(GenerationError) {
        for prompt in prompts { try check(prompt) }
        var free = (0..<min(Decoder.mostTokens, prompts.count)).map { _ in CachedSequence(config) }
        var active: [(number: Int, sequence: CachedSequence, continuation: Continuation)] = []
        var next = 0
        while next < prompts.count || !active.isEmpty {
            while next < prompts.count, let sequence = free.popLast() {
                var continuation = Continuation(prompts[next], settings, stream: next, tokenizer)
                continuation.draw(sequence.read(prompts[next], with: decoder)) { _ in }
                active.append((next, sequence, continuation))
                next += 1
            }
            active.removeAll { entry in
                guard entry.continuation.pending == nil || entry.sequence.cache.count >= contextLength else {
                    return false
                }
                var continuation = entry.continuation
                onCompletion(entry.number, continuation.finish { _ in })
                free.append(entry.sequence)
                return true
            }
            guard !active.isEmpty else { continue }
            let tokens = active.map { $0.continuation.pending ?? 0 }
            let logits = decoder.advanceTogether(zip(active, tokens).map { ($0.sequence.cache, [$1]) })
            for index in active.indices {
                active[index].sequence.keep(tokens[index], [], from: active[index].sequence.cache.count - 1)
                active[index].continuation.draw(logits.vector(index)) { _ in }
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

    init(_ config: ModelConfig) { cache = KeyValueCache(config) }

    /// Makes the cache hold the prompt; what it shares with the last text is not computed again.
    ///
    /// - Returns: the logits behind the prompt.
    func read(_ prompt: [Int32], with decoder: Decoder) -> Vector {
        let common = zip(prompt.dropLast(), tokens).prefix { $0 == $1 }.count
        cache.truncate(to: common)
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
