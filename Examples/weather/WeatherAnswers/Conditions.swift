// The words for the state of the sky and for where the wind comes from.

/// The conditions that reports know, and where an answer states them.
enum Conditions {
    static let names = [
        "sunny", "clear", "partly cloudy", "cloudy", "overcast", "windy", "hazy", "foggy", "drizzly", "rainy", "stormy",
        "snowy",
    ]

    /// Other words for the same.
    private static let aliases = ["raining": "rainy", "snowing": "snowy", "drizzling": "drizzly"]

    struct Claim: Sendable {
        let condition: String
        let isNegated: Bool
    }

    /// The conditions of an answer in order; "partly cloudy" is not "cloudy".
    static func claims(in answer: AnswerText) -> [Claim] {
        var found: [(range: Range<Int>, condition: String)] = []
        let byLength = names.sorted { $0.count > $1.count }.map { ($0, $0) } + aliases.map { ($0.key, $0.value) }
        for (word, condition) in byLength {
            for range in answer.ranges(of: word) where !found.contains(where: { $0.range.overlaps(range) }) {
                found.append((range, condition))
            }
        }
        return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
            .map { Claim(condition: $0.condition, isNegated: answer.isNegated(at: $0.range.lowerBound)) }
    }

    /// Whether a word of an answer belongs to a condition: "Sunny" at the start of a sentence is not a name.
    static func holds(word: String) -> Bool {
        names.contains { $0.split(separator: " ").contains(Substring(word)) } || aliases[word] != nil
    }
}

/// The eight directions of the wind.
enum WindDirections {
    static let names = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]

    static func found(in answer: AnswerText) -> [String] {
        answer.tokens.map { $0.lowercased.replacing("-", with: "") }.filter { names.contains($0) }
    }
}
