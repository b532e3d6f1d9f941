// What a caller says about generation, and what comes back.

internal import Inference

/// How a text is generated. What is nil is taken from the settings that are stored with the model.
public struct GenerationOptions: Sendable, Equatable {
    /// The most tokens to draw; at least 1.
    public var maximumTokens: Int?
    /// From 0, which always takes the most likely token, to 100.
    public var temperature: Double?
    /// Draws from the k most likely tokens only; 0 for all.
    public var topK: Int?
    /// Draws from the most likely tokens that together reach this probability; above 0, at most 1.
    public var topP: Double?
    /// Makes tokens that occurred already less likely; from 1, which changes nothing, to 100.
    public var repetitionPenalty: Double?
    /// Texts in front of which the generated text ends, in addition to those of the model.
    public var stop: [String]
    /// Seed of the random draws: equal seeds give equal texts.
    public var seed: UInt64

    /// Options, all of which may be omitted.
    public init(
        maximumTokens: Int? = nil, temperature: Double? = nil, topK: Int? = nil, topP: Double? = nil,
        repetitionPenalty: Double? = nil, stop: [String] = [], seed: UInt64 = 1
    ) {
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.repetitionPenalty = repetitionPenalty
        self.stop = stop
        self.seed = seed
    }

    /// Always the most likely token.
    public static let greedy = GenerationOptions(temperature: 0)

    /// Puts the options on top of a model's settings. Throws where one is out of its range.
    func applied(to stored: GenerationSettings) throws(LuthierError) -> GenerationSettings {
        var settings = stored
        settings.seed = seed
        settings.maximumTokens = maximumTokens ?? settings.maximumTokens
        settings.sampling.temperature = temperature ?? settings.sampling.temperature
        settings.sampling.topK = topK ?? settings.sampling.topK
        settings.sampling.topP = topP ?? settings.sampling.topP
        settings.sampling.repetitionPenalty = repetitionPenalty ?? settings.sampling.repetitionPenalty
        settings.stop += stop
        let sampling = settings.sampling
        try check(settings.maximumTokens >= 1, "maximumTokens", "must be at least 1")
        try check((0...100).contains(sampling.temperature), "temperature", "must be between 0 and 100")
        try check(sampling.topK >= 0, "topK", "must be 0 or more")
        try check(sampling.topP > 0 && sampling.topP <= 1, "topP", "must be above 0 and at most 1")
        try check((1...100).contains(sampling.repetitionPenalty), "repetitionPenalty", "must be between 1 and 100")
        return settings
    }

    private func check(_ isValid: Bool, _ name: String, _ rule: String) throws(LuthierError) {
        if !isValid { throw LuthierError("\(name) \(rule)") }
    }
}

/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// Who speaks.
    public enum Role: String, Sendable, CaseIterable {
        /// Who sets the scene, in front of the conversation.
        case system
        /// Who asks.
        case user
        /// The model.
        case assistant
    }

    /// Who speaks.
    public var role: Role
    /// What is said.
    public var text: String

    /// A turn of `role` that says `text`.
    public init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// A generated text.
public struct Completion: Sendable, Equatable {
    /// Why a text ended.
    public enum FinishReason: String, Sendable {
        /// The model ended it, or a stop text appeared.
        case stop
        /// The most tokens were drawn, or the model's context was full.
        case length
    }

    /// The text alone, without the prompt and without a stop text.
    public let text: String
    /// How many tokens were drawn.
    public let tokenCount: Int
    /// Why it ended.
    public let finishReason: FinishReason

    init(_ completion: Inference.Completion) {
        text = completion.text
        tokenCount = completion.tokens.count
        finishReason = completion.finishReason == .stop ? .stop : .length
    }
}
