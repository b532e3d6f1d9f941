// The tokenizer: a vocabulary, its merges, and the ways to make one.

/// Byte-level BPE as in GPT-2 (Radford et al., 2019; Sennrich et al., 2016): bytes to ids and back.
///
/// A text is any sequence of bytes; decoding what was encoded gives the same bytes, also where they are not UTF-8.
/// Special tokens are never found in a text: the characters `<|endoftext|>` are encoded as ordinary characters, and
/// only code that writes `endOfTextID` itself ends a text. A tokenizer never changes and may be used by any number of
/// threads at once.
public final class Tokenizer: Sendable {
    /// How a text is cut before merging; no token reaches over a cut.
    public enum Split: String, Sendable, CaseIterable {
        /// GPT-2's pattern: words, numbers and punctuation with the space before them.
        case gpt2
        /// Not at all: the whole text is one piece.
        case none
    }

    /// What GPT-2 calls the token that ends a text.
    public static let endOfText = "<|endoftext|>"

    public let split: Split
    /// The id of the token that ends a text, where the vocabulary has one.
    public let endOfTextID: Int?
    /// The ids of all tokens that stand for no text, ascending; `endOfTextID` is one of them.
    public let specialIDs: [Int]

    let vocabulary: Vocabulary
    let merges: [Merge]
    let tables: EncodingTables
    let workspaces = WorkspacePool()

    public var vocabularySize: Int { vocabulary.count }
    public var mergeCount: Int { merges.count }

    /// - Parameters: all checked by the caller: the ids of `merges` are in the vocabulary, no pair comes twice.
    init(vocabulary: Vocabulary, merges: [Merge], split: Split, endOfTextID: Int?, specialIDs: [Int]) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.split = split
        self.endOfTextID = endOfTextID
        self.specialIDs = specialIDs
        var tokenOfByte = [Int32](repeating: -1, count: 256)
        let special = Set(specialIDs)
        for id in 0..<vocabulary.count where vocabulary.length(of: id) == 1 && !special.contains(id) {
            tokenOfByte[Int(vocabulary.bytes[vocabulary.range(of: id).lowerBound])] = Int32(id)
        }
        tables = EncodingTables(tokenOfByte: tokenOfByte, merges: merges)
    }

    /// A tokenizer that needs no file: ids 0 … 255 are the bytes, 256 ends a text, nothing is merged.
    public static let bytes = Tokenizer(learned: [], split: .none)

    /// The 256 bytes, then what the merges make in their order, then the end of a text.
    convenience init(learned: [LearnedMerge], split: Split) {
        var vocabulary = Vocabulary()
        for byte in UInt8.min...UInt8.max { vocabulary.append([byte]) }
        var merges: [Merge] = []
        for (rank, merge) in learned.enumerated() {
            vocabulary.append(vocabulary.token(Int(merge.left)) + vocabulary.token(Int(merge.right)))
            merges.append(Merge(left: merge.left, right: merge.right, result: Int32(256 + rank)))
        }
        vocabulary.append(Array(Self.endOfText.utf8))
        let end = vocabulary.count - 1
        self.init(vocabulary: vocabulary, merges: merges, split: split, endOfTextID: end, specialIDs: [end])
    }

    /// The bytes that a token stands for; a special token's are its name's.
    ///
    /// - Precondition: `id` is one of 0 … vocabularySize - 1.
    public func bytes(of id: Int) -> [UInt8] {
        precondition((0..<vocabularySize).contains(id), "id \(id), but the vocabulary has \(vocabularySize) tokens")
        return Array(vocabulary.token(id))
    }
}

extension Tokenizer: Equatable {
    /// The same ids for every text and the same texts for all ids.
    public static func == (left: Tokenizer, right: Tokenizer) -> Bool {
        left === right
            || (left.split == right.split && left.endOfTextID == right.endOfTextID
                && left.specialIDs == right.specialIDs && left.vocabulary == right.vocabulary
                && left.merges == right.merges)
    }
}
