// Finds added tokens in a text: the leftmost first, of those that begin at one place the longest.

/// A part of a text: an added token, or what stands between two of them.
struct TextSegment: Equatable {
    var range: Range<Int>
    /// -1 for text.
    var id: Int32
}

/// The two searches of a tokenizer; nil where there is nothing to find.
struct AddedTokenSearches: Sendable {
    /// Looks in the text as it is.
    let raw: AddedTokenSearch?
    /// Looks in the normalized text between what the other has found.
    let normalized: AddedTokenSearch?

    init(_ parts: TokenizerParts) {
        raw = AddedTokenSearch(parts.added.filter { !$0.isNormalized }, form: .plain)
        normalized = AddedTokenSearch(parts.added.filter(\.isNormalized), form: parts.form)
    }

    /// Whether a text may hold anything of interest.
    func find(special: Bool) -> Bool {
        raw?.finds(special: special) == true || normalized?.finds(special: special) == true
    }
}

/// A search for a fixed list of tokens, by a tree of their bytes.
///
/// What is found where is what Hugging Face's tokenizers find: also a token that is then passed over, because it is
/// special or no single word, hides others that begin inside it.
struct AddedTokenSearch: Sendable {
    private let tokens: [AddedToken]
    private let tree: ByteTree
    private let hasOrdinary: Bool
    /// Spaces stand for ▁, which is no white space.
    private let spacesAreMarks: Bool

    /// - Parameter form: what is done to the texts that are searched; the tokens are changed in the same way.
    init?(_ tokens: [AddedToken], form: TextForm) {
        guard !tokens.isEmpty else { return nil }
        self.tokens = tokens
        var tree = ByteTree()
        for (index, token) in tokens.enumerated() {
            tree.insert(form.normalized(token.content), value: Int32(index))
        }
        self.tree = tree
        hasOrdinary = tokens.contains { !$0.isSpecial }
        spacesAreMarks = form.marks?.isNormalizer == true
    }

    func finds(special: Bool) -> Bool { special || hasOrdinary }

    /// Cuts a text, which is not empty, into tokens and what stands between them.
    func segments(of text: UnsafeBufferPointer<UInt8>, special: Bool) -> [TextSegment] {
        guard finds(special: special) else { return [TextSegment(range: 0..<text.count, id: -1)] }
        var segments: [TextSegment] = []
        var textStart = 0
        var place = 0
        while let match = tree.firstMatch(in: text, from: place) {
            let token = tokens[Int(match.value)]
            place = match.range.upperBound
            guard special || !token.isSpecial, !token.isSingleWord || isWord(match.range, in: text) else { continue }
            var (start, end) = (match.range.lowerBound, match.range.upperBound)
            if token.stripsLeft { start = max(textStart, spaceStart(before: start, in: text)) }
            if token.stripsRight { end = spaceEnd(from: end, in: text) }
            if textStart < start { segments.append(TextSegment(range: textStart..<start, id: -1)) }
            segments.append(TextSegment(range: start..<end, id: Int32(token.id)))
            textStart = end
        }
        if textStart < text.count { segments.append(TextSegment(range: textStart..<text.count, id: -1)) }
        return segments
    }

    /// Whether no character of a word touches the range.
    private func isWord(_ range: Range<Int>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
        let before = UTF8Scalar.last(in: text, before: range.lowerBound)
        return !(before.map { Self.isOfWord($0.value) } ?? false)
            && !(scalar(at: range.upperBound, in: text).map { Self.isOfWord($0.value) } ?? false)
    }

    private func spaceStart(before end: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var start = end
        while let found = UTF8Scalar.last(in: text, before: start), isSpace(found.value) { start -= found.width }
        return start
    }

    private func spaceEnd(from start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var end = start
        while let found = scalar(at: end, in: text), isSpace(found.value) { end += found.width }
        return end
    }

    private func scalar(at offset: Int, in text: UnsafeBufferPointer<UInt8>) -> (value: UInt32, width: Int)? {
        guard let base = text.baseAddress, offset < text.count else { return nil }
        return UTF8Scalar.next(base + offset, available: text.count - offset)
    }

    private func isSpace(_ value: UInt32) -> Bool {
        if value == 0x20 { return !spacesAreMarks }
        return Unicode.Scalar(value)?.properties.isWhitespace ?? false
    }

    /// `\w` as Unicode's annex 18 defines it: letters and what counts as such, marks, decimal digits, connecting
    /// punctuation, and the two joiners.
    private static func isOfWord(_ value: UInt32) -> Bool {
        guard let properties = Unicode.Scalar(value)?.properties else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }
}
