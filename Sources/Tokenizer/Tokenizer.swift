// The tokenizer: a vocabulary, its merges, and the ways to make one.

/// BPE (Sennrich et al., 2016) over bytes, as in GPT-2 (Radford et al., 2019), or over characters, as in Llama 2.
///
/// A text is any sequence of bytes. Over bytes and without normalization, decoding what was encoded gives the same
/// bytes, also where they are not UTF-8. Special tokens are not found in a text unless the caller asks for it: the
/// characters `<|endoftext|>` are encoded as ordinary characters. A tokenizer never changes and may be used by any
/// number of threads at once.
package final class Tokenizer: Sendable {
    /// What GPT-2 calls the token that ends a text.
    package static let endOfText = "<|endoftext|>"

    /// The ids of all tokens that stand for no text, ascending; the tokens that end a text are among them.
    package let specialIDs: [Int]

    let parts: TokenizerParts
    let tables: EncodingTables
    let searches: AddedTokenSearches
    let workspaces: WorkspacePool

    package var split: Split { parts.split }
    /// The id of the token that ends a text, where the vocabulary has one: the first of `endIDs`.
    package var endOfTextID: Int? { parts.ends.first }
    /// The ids that end a text or an answer, the one that is written first.
    package var endIDs: [Int] { parts.ends }
    /// The id of the token that begins a text, where that is not the one that ends it.
    package var beginID: Int? { parts.begin }
    /// The id with which a text begins: `beginID`, or the one that ends the text before it.
    package var startID: Int? { beginID ?? endOfTextID }
    /// A text begins with `beginID`. Encoding does not put it there: texts are encoded in parts.
    package var addsBegin: Bool { parts.addsBegin }
    /// Tokens consist of characters, with ▁ for a space.
    package var marksSpaces: Bool { parts.form.marks != nil }
    /// A space is put only in front of a text's first character, not in front of each part between added tokens.
    package var prefixesOnlyStart: Bool { parts.form.marks?.prefix == .firstUnlessPresent }
    /// The tokens that are looked for in a text, special ones among them, by ascending id.
    package var addedTokens: [AddedToken] { parts.added }

    package var vocabularySize: Int { vocabulary.count }
    package var mergeCount: Int { parts.merges.count }

    var vocabulary: Vocabulary { parts.vocabulary }

    init(_ parts: TokenizerParts) {
        self.parts = parts
        specialIDs = parts.added.filter(\.isSpecial).map(\.id)
        tables = EncodingTables(parts)
        searches = AddedTokenSearches(parts)
        workspaces = WorkspacePool()
    }

    /// The same tokenizer with other tokens that begin and end a text.
    ///
    /// - Precondition: all ids are of the vocabulary.
    package convenience init(_ other: Tokenizer, endIDs: [Int], beginID: Int?, addsBegin: Bool) {
        precondition(endIDs.allSatisfy((0..<other.vocabularySize).contains), "ends \(endIDs) beyond the vocabulary")
        precondition(beginID.map { (0..<other.vocabularySize).contains($0) } ?? true, "no token \(beginID ?? -1)")
        var parts = other.parts
        parts.ends = endIDs
        parts.begin = beginID == endIDs.first && !addsBegin ? nil : beginID
        parts.addsBegin = addsBegin && beginID != nil
        self.init(parts, sharing: other)
    }

    /// - Parameter other: differs from `parts` in nothing that encoding reads.
    private init(_ parts: TokenizerParts, sharing other: Tokenizer) {
        self.parts = parts
        (specialIDs, tables) = (other.specialIDs, other.tables)
        (searches, workspaces) = (other.searches, other.workspaces)
    }

    /// A tokenizer that needs no file: ids 0 … 255 are the bytes, 256 ends a text, nothing is merged.
    package static let bytes = Tokenizer(learned: [], split: .none)

    /// The 256 bytes, then what the merges make in their order, then the end of a text, then further special tokens.
    convenience init(learned: [LearnedMerge], split: Split, specials: [String] = []) {
        var vocabulary = Vocabulary()
        for byte in UInt8.min...UInt8.max { vocabulary.append([byte]) }
        var merges: [Merge] = []
        for (rank, merge) in learned.enumerated() {
            vocabulary.append(vocabulary.token(Int(merge.left)) + vocabulary.token(Int(merge.right)))
            merges.append(Merge(left: merge.left, right: merge.right, result: Int32(256 + rank), rank: rank))
        }
        let (end, content) = (vocabulary.count, Array(Self.endOfText.utf8))
        vocabulary.append(content)
        var added = [AddedToken(id: end, content: content, isSpecial: true)]
        for special in specials {
            added.append(AddedToken(id: vocabulary.count, content: Array(special.utf8), isSpecial: true))
            vocabulary.append(Array(special.utf8))
        }
        self.init(TokenizerParts(vocabulary: vocabulary, merges: merges, split: split, added: added, ends: [end]))
    }

    /// The bytes that a token stands for; a special token's are its name's. None where the ids have a gap.
    ///
    /// - Precondition: `id` is one of 0 … vocabularySize - 1.
    package func bytes(of id: Int) -> [UInt8] {
        precondition((0..<vocabularySize).contains(id), "id \(id), but the vocabulary has \(vocabularySize) tokens")
        return Array(vocabulary.token(id))
    }

    /// The tokenizer without the tokens from `count` on, for a model whose embedding has so few rows; nil where one of
    /// them is not an added token, so that leaving it out would change how other text is encoded.
    package func limited(to count: Int) -> Tokenizer? {
        guard count < vocabularySize else { return self }
        let outside = parts.outsideModel
        guard (count..<vocabularySize).allSatisfy({ outside.contains($0) || vocabulary.length(of: $0) == 0 }),
            parts.model.unknownID ?? 0 < count
        else { return nil }
        var parts = parts
        parts.vocabulary = vocabulary.prefix(count)
        parts.written = parts.written?.prefix(count)
        parts.added.removeAll { $0.id >= count }
        parts.ends.removeAll { $0 >= count }
        if let begin = parts.begin, begin >= count { (parts.begin, parts.addsBegin) = (nil, false) }
        parts.model.scores = parts.model.scores.map { Array($0.prefix(count)) }
        return Tokenizer(parts)
    }
}

extension Tokenizer: Equatable {
    /// The same ids for every text and the same texts for all ids.
    package static func == (left: Tokenizer, right: Tokenizer) -> Bool { left === right || left.parts == right.parts }
}
