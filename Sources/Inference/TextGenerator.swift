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
    private let cache: KeyValueCache
    /// What the cache holds.
    private var cached: [Int32] = []

    public init(model: Transformer, tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        contextLength = model.config.contextLength
        decoder = Decoder(model)
        cache = KeyValueCache(model.config)
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
    /// - Parameters:
    ///   - stream: 0, 1, 2 … for several continuations under one seed.
    ///   - onText: called with each piece of text as soon as it is certain to belong to the continuation.
    public func complete(
        _ prompt: [Int32], _ settings: GenerationSettings, stream: Int = 0, onText: (String) -> Void = { _ in }
    ) throws(GenerationError) -> Completion {
        guard !prompt.isEmpty else { throw .emptyPrompt }
        guard prompt.count < contextLength + 1 else {
            throw .promptTooLong(tokens: prompt.count, context: contextLength)
        }
        var generator = SplitMix64(seed: settings.seed, stream: UInt64(stream))
        var text = StoppingText(stops: settings.stop, decoder: tokenizer.makeStreamingDecoder())
        var tokens: [Int32] = []
        var logits = read(prompt)
        while tokens.count < settings.maximumTokens {
            let token = Sampler.next(logits, settings.sampling, previous: cached, using: &generator)
            if Int(token) == tokenizer.endOfTextID {
                onText(text.finish())
                return Completion(text: text.text, tokens: tokens, finishReason: .stop)
            }
            tokens.append(token)
            onText(text.append(Int(token)))
            if text.isStopped { return Completion(text: text.text, tokens: tokens, finishReason: .stop) }
            guard cache.count < contextLength, tokens.count < settings.maximumTokens else { break }
            logits = decoder.advance(cache, by: [token])
            cached.append(token)
        }
        onText(text.finish())
        return Completion(text: text.text, tokens: tokens, finishReason: .length)
    }

    /// Makes the cache hold the prompt; what it shares with the last text is not computed again.
    private func read(_ prompt: [Int32]) -> Vector {
        let common = zip(prompt.dropLast(), cached).prefix { $0 == $1 }.count
        cache.truncate(to: common)
        cached = prompt
        return decoder.advance(cache, by: Array(prompt[common...]))
    }
}
