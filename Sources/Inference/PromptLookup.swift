// Guessing the next tokens from the text itself, so that several can be checked in one pass.

/// Answers often repeat what the prompt says. Where the last tokens occurred before, the tokens that followed them then
/// are a guess of what follows now (prompt lookup decoding, Saxena 2023; after Leviathan et al. 2023, "Fast Inference
/// from Transformers via Speculative Decoding").
package struct PromptLookup {
    package init() {}

    /// Tokens that must agree, tried from the longest.
    private static let keyLengths = [3, 2]
    /// How much is guessed: grows while guesses are right, since a wrong one costs the work of a token.
    private var length = 3

    /// A guess of what follows `history`, empty where nothing like its end occurred before.
    package func guess(after history: [Int32], most: Int) -> [Int32] {
        let count = min(length, most)
        guard count > 0 else { return [] }
        for keyLength in Self.keyLengths where history.count > keyLength {
            let key = history.suffix(keyLength)
            var start = history.count - keyLength - 1
            while start >= 0 {
                let follows = start + keyLength
                if history[start..<follows].elementsEqual(key) {
                    return Array(history[follows..<min(follows + count, history.count)])
                }
                start -= 1
            }
        }
        return []
    }

    /// Takes note of how a guess did.
    package mutating func learn(guessed: Int, right: Int) {
        guard guessed > 0 else { return }
        length = right == guessed ? length * 2 : max(1, right)
        length = min(length, 64)
    }
}
