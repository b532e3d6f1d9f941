// Finding phrases in an answer, whole words only.

extension AnswerText {
    /// Where a phrase stands, by lower-case words or, with `exactly`, in its own letters.
    func ranges(of phrase: String, exactly: Bool = false) -> [Range<Int>] {
        let wanted = AnswerText(phrase).tokens.map { exactly ? $0.text : $0.lowercased }
        guard !wanted.isEmpty, wanted.count <= tokens.count else { return [] }
        return (0...(tokens.count - wanted.count)).compactMap { start in
            let range = start..<(start + wanted.count)
            let words = tokens[range].map { exactly ? $0.text : $0.lowercased }
            return words == wanted ? range : nil
        }
    }

    func contains(_ phrase: String) -> Bool { !ranges(of: phrase).isEmpty }

    func containsAny(_ phrases: [String]) -> Bool { phrases.contains { contains($0) } }

    /// The first of the phrases that the answer holds.
    func first(of phrases: [String]) -> String? { phrases.first { contains($0) } }

    /// Whether a "not" stands one or two words before a token.
    func isNegated(at index: Int) -> Bool {
        var place = index - 1
        while place >= 0, place >= index - 2, tokens[place].isWord {
            let word = tokens[place].lowercased
            if ["not", "never", "hardly", "without"].contains(word) || word.hasSuffix("n't") { return true }
            place -= 1
        }
        return false
    }
}
