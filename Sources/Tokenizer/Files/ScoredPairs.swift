// The merges of a vocabulary that has scores instead of merges, as SentencePiece's BPE and GGUF's model `llama` do.

/// Two neighbours may be joined where the vocabulary has what they make; of all that may be, the pair whose result has
/// the highest score comes first, of equal ones the leftmost. (Kudo and Richardson, 2018, SentencePiece.)
///
/// So every way to cut a token in two is a merge, and its rank is the place of the token's score among all scores: equal
/// scores have equal ranks.
enum ScoredPairs {
    /// Fills in `merges` and `bareCharacters` from `model.scores`.
    static func makeMerges(_ parts: inout TokenizerParts, at place: FilePlace) throws(TokenizerError) {
        guard let written = parts.written, let scores = parts.model.scores else { return }
        guard scores.count == parts.vocabulary.count else {
            throw .wrongCount(place, name: "scores", count: scores.count, expected: parts.vocabulary.count)
        }
        guard scores.allSatisfy(\.isFinite) else { throw .badScore(place) }
        var outside = parts.outsideModel
        for id in 0..<written.count {
            let token = written.token(id)
            // Spaces are marked, and bytes are not made of characters.
            let isByte = parts.model.fallsBackToBytes && ByteToken.byte(of: token) != nil
            if isByte || token.contains(0x20) { outside.insert(id) }
        }
        let index = VocabularyIndex(parts.vocabulary, excluding: outside)
        let tokens = (0..<written.count).filter {
            !outside.contains($0) && index.id(of: parts.vocabulary.token($0)) == $0
        }
        parts.bareCharacters = bareCharacters(parts.vocabulary, tokens, index)
        parts.merges = merges(parts, tokens, index)
    }

    private static func bareCharacters(
        _ vocabulary: Vocabulary, _ tokens: [Int], _ index: VocabularyIndex
    ) -> [UInt32] {
        var bare = Set<UInt32>()
        for id in tokens {
            for scalar in String(decoding: vocabulary.token(id), as: UTF8.self).unicodeScalars {
                if bare.contains(scalar.value) || index.id(of: Array(String(scalar).utf8)[...]) != nil { continue }
                bare.insert(scalar.value)
            }
        }
        return bare.sorted()
    }

    private static func merges(_ parts: TokenizerParts, _ tokens: [Int], _ index: VocabularyIndex) -> [Merge] {
        let vocabulary = parts.vocabulary
        let scores = parts.model.scores ?? []
        let bareID = Dictionary(
            uniqueKeysWithValues: parts.bareCharacters.enumerated().map { ($1, vocabulary.count + $0) })
        func symbol(_ text: ArraySlice<UInt8>) -> Int? {
            if let id = index.id(of: text) { return id }
            guard text.count <= 4 else { return nil }
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            return scalars.count == 1 ? scalars.first.flatMap { bareID[$0.value] } : nil
        }
        var rank = -1
        var lastScore = Float.infinity
        var merges: [Merge] = []
        for id in tokens.sorted(by: { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }) {
            if rank < 0 || scores[id] != lastScore { rank += 1 }
            lastScore = scores[id]
            let token = vocabulary.token(id)
            // Long left halves first: the order in which Hugging Face lists the merges that it makes of scores.
            for cut in token.indices.dropFirst().reversed() where token[cut] & 0xC0 != 0x80 {
                guard let left = symbol(token[..<cut]), let right = symbol(token[cut...]) else { continue }
                merges.append(Merge(left: Int32(left), right: Int32(right), result: Int32(id), rank: rank))
            }
        }
        return merges
    }
}
