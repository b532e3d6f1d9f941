// How an answer says that it does not have something, and what small talk sounds like.

/// The phrases of a decline.
enum Declining {
    private static let phrases = [
        "don't have", "do not have", "doesn't have", "does not have", "have no", "has no", "doesn't mention",
        "does not mention", "doesn't include", "does not include", "doesn't say", "does not say", "can't tell",
        "cannot tell", "can't say", "cannot say", "don't know", "do not know", "only have", "no information",
        "no report",
        "leaves it out", "not in the documents", "isn't in my report", "not in my report", "not included", "unable to",
    ]

    static func isDecline(_ answer: AnswerText) -> Bool { answer.containsAny(phrases) }
}

extension WeatherExpectation.SmallTalk {
    /// Of these an answer needs one.
    var phrases: [String] {
        switch self {
        case .greeting: ["hello", "hi", "hey", "good morning", "good evening", "good afternoon"]
        case .wellbeing: ["fine", "well", "good", "great"]
        case .identity: ["bot"]
        case .thanks: ["welcome", "pleasure", "happy to help", "glad", "no problem", "anytime"]
        case .farewell: ["bye", "goodbye", "see you", "take care", "good night"]
        }
    }
}
