// One generation in the making: draws tokens from logits until something ends it.

import Kernels
import Tokenizer

/// What has been drawn so far, and the text that it makes.
struct Generation {
    /// The prompt and everything drawn.
    private(set) var history: [Int32]
    /// The last token drawn, which will be read next; nil when the generation has ended.
    private(set) var pending: Int32?

    private let settings: GenerationSettings
    /// The tokens that end it.
    private let ends: Set<Int>
    private let promptCount: Int
    private var generator: SplitMix64
    private(set) var text: StoppingText
    private var reason = FinishReason.length

    init(_ prompt: [Int32], _ settings: GenerationSettings, stream: Int, _ tokenizer: Tokenizer) {
        history = prompt
        promptCount = prompt.count
        self.settings = settings
        ends = Set(tokenizer.endIDs + settings.endIDs)
        generator = SplitMix64(seed: settings.seed, stream: UInt64(stream))
        text = StoppingText(stops: settings.stop, decoder: tokenizer.makeStreamingDecoder())
    }

    /// How many tokens may still be drawn.
    var tokensLeft: Int { max(0, settings.maximumTokens - (history.count - promptCount)) }

    /// Draws the next token; passes on the text that became certain.
    ///
    /// - Returns: the token, which is now the last of `history`; nil if none was drawn, or one that ends the text.
    @discardableResult
    mutating func draw(_ logits: Vector, _ onText: (String) -> Void) -> Int32? {
        pending = nil
        guard tokensLeft > 0 else { return nil }
        let token = Sampler.next(
            logits, settings.sampling, previous: history, drawn: history[promptCount...], using: &generator)
        if ends.contains(Int(token)) {
            reason = .stop
            return nil
        }
        history.append(token)
        onText(text.append(Int(token)))
        if text.isStopped {
            reason = .stop
        } else if tokensLeft > 0 {
            pending = token
        }
        return token
    }

    /// Ends the text, whether or not the model did.
    mutating func finish(_ onText: (String) -> Void) -> Completion {
        if !text.isStopped { onText(text.finish()) }
        return Completion(text: text.text, tokens: Array(history[promptCount...]), finishReason: reason)
    }
}
