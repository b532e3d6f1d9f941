// An answer cut into words, numbers and marks, so that "York" is not found in "Yorkshire" nor 6 in 76.

/// One word, number or mark of an answer.
struct AnswerToken: Sendable {
    enum Kind: Sendable {
        case word
        case number(Double)
        case mark
    }

    let text: String
    let lowercased: String
    let kind: Kind
    /// Nothing is before it in its sentence.
    var startsSentence: Bool

    var isWord: Bool { if case .word = kind { true } else { false } }

    var isCapitalized: Bool { isWord && (text.first?.isUppercase ?? false) }

    var number: Double? { if case .number(let value) = kind { value } else { nil } }

    /// Whether it ends a statement: what is after it does not belong to what is before it.
    var endsStatement: Bool { [".", "!", "?", ";"].contains(text) }
}

/// The tokens of an answer. A possessive or short "is" ("Oslo's", "it's") is a separate token: "'s".
struct AnswerText: Sendable {
    private(set) var tokens: [AnswerToken] = []

    init(_ text: String) {
        let characters = Array(text.replacing("’", with: "'").replacing("\u{2212}", with: "-"))
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if character.isWhitespace {
                index += 1
            } else if let end = Self.endOfNumber(characters, from: index) {
                append(String(characters[index..<end]), isNumber: true)
                index = end
            } else if character.isLetter {
                let end = Self.endOfWord(characters, from: index)
                appendWord(String(characters[index..<end]))
                index = end
            } else {
                append(String(character))
                index += 1
            }
        }
    }

    /// Past the last digit of a number that starts at `start`: a minus sign counts where it joins no word, and a point
    /// where digits follow it.
    private static func endOfNumber(_ characters: [Character], from start: Int) -> Int? {
        var index = start
        if characters[index] == "-" {
            if start > 0, characters[start - 1].isLetter || characters[start - 1].isNumber { return nil }
            index += 1
        }
        guard index < characters.count, isDigit(characters[index]) else { return nil }
        while index < characters.count, isDigit(characters[index]) { index += 1 }
        if index + 1 < characters.count, [".", ","].contains(characters[index]), isDigit(characters[index + 1]) {
            index += 1
            while index < characters.count, isDigit(characters[index]) { index += 1 }
        }
        return index
    }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    /// Letters, and between letters apostrophes and hyphens: "T-shirt" and "don't" are words.
    private static func endOfWord(_ characters: [Character], from start: Int) -> Int {
        var index = start
        while index < characters.count {
            let joins = ["'", "-"].contains(characters[index])
            let continues = joins && index + 1 < characters.count && characters[index + 1].isLetter
            guard characters[index].isLetter || continues else { break }
            index += 1
        }
        return index
    }

    private mutating func appendWord(_ word: String) {
        if word.count > 2, word.lowercased().hasSuffix("'s") {
            append(String(word.dropLast(2)), isWord: true)
            append("'s", isWord: true)
        } else {
            append(word, isWord: true)
        }
    }

    private mutating func append(_ text: String, isWord: Bool = false, isNumber: Bool = false) {
        let kind: AnswerToken.Kind =
            if isNumber {
                .number(Double(text.replacing(",", with: "")) ?? .infinity)
            } else if isWord {
                .word
            } else {
                .mark
            }
        let starts = tokens.last.map { $0.endsStatement || $0.text == ":" } ?? true
        tokens.append(AnswerToken(text: text, lowercased: text.lowercased(), kind: kind, startsSentence: starts))
    }
}

extension AnswerText {
    /// Where a phrase occurs, by lower-case words or, with `exactly`, in its own letters.
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

    /// Whether a "not" is one or two words before a token.
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
