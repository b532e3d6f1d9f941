// The places that an answer names, those it may name and those it may not.

/// The names in an answer.
struct PlaceMentions: Sendable {
    struct Mention: Sendable {
        let place: String
        let index: Int
        let isNegated: Bool
    }

    /// Where the answer names one of the known places, in order.
    private(set) var known: [Mention] = []
    /// Other names, as written; also those of which a known place is only a part.
    private(set) var others: [String] = []

    /// Words that start a sentence and may come right before a name without being part of it.
    private static let openers: Set<String> = [
        "the", "my", "in", "at", "for", "around", "across", "from", "over", "near", "and", "but", "so", "yes", "no",
        "is",
        "tomorrow",
        "today", "tonight", "currently", "both", "of", "with", "while", "since", "because", "as", "to", "between",
    ]
    /// Words that start a sentence as its subject and are not names.
    private static let subjects: Set<String> = [
        "it", "that", "this", "there", "here", "what", "he", "she", "all", "everything", "tomorrow", "today", "tonight",
        "now", "wind", "humidity", "rain", "snow", "temperature", "weather", "air", "sky", "which", "where", "how",
        "who",
    ]
    private static let verbs: Set<String> = ["is", "'s", "has", "will", "looks", "stays", "was"]
    /// Capitalized words that are not names.
    private static let ordinary: Set<String> = [
        "i", "i'm", "i'd", "i'll", "i've", "t-shirt", "t-shirts", "uv", "fahrenheit", "celsius", "f", "c", "ok",
    ]
    private static let connectors: Set<String> = ["de", "da", "do", "del", "di", "du", "of", "upon", "am", "im", "sur"]

    /// - Parameter allowed: the places that may be named; longer names are looked for first.
    init(in answer: AnswerText, allowed: [String]) {
        let tokens = answer.tokens
        var covered = [Bool](repeating: false, count: tokens.count)
        for place in allowed.sorted(by: { $0.count > $1.count }) {
            for range in answer.ranges(of: place, exactly: true) where !covered[range].contains(true) {
                let full = Self.extended(range, in: tokens)
                for index in full { covered[index] = true }
                if full == range {
                    let isNegated = answer.isNegated(at: range.lowerBound)
                    known.append(Mention(place: place, index: range.lowerBound, isNegated: isNegated))
                } else {
                    others.append(tokens[full].map(\.text).joined(separator: " "))
                }
            }
        }
        known.sort { $0.index < $1.index }
        for index in tokens.indices where !covered[index] && Self.isName(at: index, in: tokens) {
            others.append(tokens[index].text)
        }
    }

    /// The full name of which the words in `range` are a part: "York" in "New York", "Rio" in "Rio de Janeiro".
    private static func extended(_ range: Range<Int>, in tokens: [AnswerToken]) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower > 0, isPartOfName(tokens[lower - 1]) { lower -= 1 }
        while upper < tokens.count {
            if isPartOfName(tokens[upper]), !tokens[upper].startsSentence {
                upper += 1
            } else if upper + 1 < tokens.count, connectors.contains(tokens[upper].text), isPartOfName(tokens[upper + 1])
            {
                upper += 2
            } else {
                break
            }
        }
        return lower..<upper
    }

    private static func isPartOfName(_ token: AnswerToken) -> Bool {
        guard token.isCapitalized, !ordinary.contains(token.lowercased) else { return false }
        return
            !(token.startsSentence && (openers.contains(token.lowercased) || Conditions.holds(word: token.lowercased)))
    }

    /// A capitalized word inside a sentence, or at its start with a verb after it.
    private static func isName(at index: Int, in tokens: [AnswerToken]) -> Bool {
        let token = tokens[index]
        guard token.isCapitalized, !ordinary.contains(token.lowercased) else { return false }
        guard token.startsSentence else { return true }
        guard index + 1 < tokens.count, verbs.contains(tokens[index + 1].lowercased) else { return false }
        return !subjects.contains(token.lowercased) && !openers.contains(token.lowercased)
    }
}
