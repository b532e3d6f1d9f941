// What is asked of the engine, and what it tells of it.

/// One prompt, and how it will be continued.
package struct EngineRequest: Sendable {
    package var prompt: [Int32]
    package var settings: GenerationSettings
    /// How many texts are generated; the prompt is read once for all. Less than 1 counts as 1.
    package var continuations = 1
    /// Continuation i draws from stream `stream + i` under the settings' seed.
    package var stream = 0
    /// How many of the most probable tokens are told with each token, in addition to its own probability; nil for no
    /// probabilities at all.
    package var alternatives: Int?
    /// Whether the probabilities of the prompt's tokens are told. All of the prompt is read then, also what could be
    /// reused.
    package var scoresPrompt = false

    package init(prompt: [Int32], settings: GenerationSettings) {
        self.prompt = prompt
        self.settings = settings
    }

    /// The caches that it takes: the first draw of each continuation needs only the prompt's.
    var cacheCount: Int { settings.maximumTokens > 1 ? max(1, continuations) : 1 }

    /// Positions of each cache: the last token that is drawn is not read any more.
    func positionCount(contextLength: Int) -> Int {
        prompt.count + min(contextLength - prompt.count, max(1, settings.maximumTokens) - 1)
    }
}

/// A token that was drawn, or one of the prompt.
package struct DrawnToken: Sendable, Equatable {
    package var id: Int32
    /// What the token stands for; half characters too.
    package var bytes: [UInt8]
    /// The natural logarithm of its probability in the model's own distribution, before temperature, penalties and bias;
    /// nil where probabilities were not asked for, and for a prompt's first token.
    package var logProbability: Double?
    /// The most probable tokens at its place, most probable first.
    package var alternatives: [TokenProbability] = []
}

/// How a prompt was read.
package struct PromptReading: Sendable, Equatable {
    /// Tokens whose keys and values were computed.
    package var tokensRead: Int
    /// Tokens whose keys and values were there already.
    package var tokensReused: Int
    /// One for each token of the prompt, the first without probability; empty unless they were asked for.
    package var scores: [DrawnToken] = []
}

/// What happens to a request. The last event is either `failed`, or the last of as many `finished` as it has
/// continuations.
package enum EngineEvent: Sendable {
    /// The prompt has been read: always the first event, unless the request fails before.
    case prompt(PromptReading)
    /// Text that is certain, in complete characters, and the tokens that begin in it: together with the events before
    /// exactly those. Tokens at a stop text or after it never come.
    case tokens(continuation: Int, [DrawnToken], text: String)
    case finished(continuation: Int, Completion)
    case failed(EngineError)
}

/// Bounds of an engine.
package struct EngineSettings: Sendable {
    /// Of all keys and values together, those that are kept for later prompts included.
    package var cacheBytes: Int
    /// Requests that may wait.
    package var waitingLimit = 64
    /// Continuations of one model that are worked on at a time. Up to `Decoder.mostTokens` share a pass, more take turns.
    package var activeLimit = 32

    package init(cacheBytes: Int) { self.cacheBytes = cacheBytes }
}

/// What an engine has done, and does now.
package struct EngineStatistics: Sendable, Equatable {
    /// Requests that have not begun.
    package var waiting = 0
    /// Prompts that are being read or will be next.
    package var reading = 0
    /// Continuations that draw tokens.
    package var drawing = 0
    /// Bytes reserved for the caches of requests that have begun.
    package var cacheBytes = 0
    /// Bytes of prompts kept for later ones.
    package var keptBytes = 0
    package var promptTokensRead = 0
    /// Passes in which prompts were read.
    package var promptPasses = 0
    package var promptTokensReused = 0
    package var tokensDrawn = 0
    /// Passes in which tokens were drawn, and their rows; guessed tokens are rows too.
    package var passes = 0
    package var rows = 0
    /// Requests that have ended.
    package var finished = 0
    package var failed = 0
    package var cancelled = 0
}
