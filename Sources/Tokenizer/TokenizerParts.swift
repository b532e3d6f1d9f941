// What a tokenizer consists of, before tables are made of it.

/// Everything that fixes the ids of every text and the texts of all ids.
///
/// The makers check it: merges name tokens of the vocabulary and no pair comes twice, added tokens have ids of the
/// vocabulary and no two the same content, and so on.
struct TokenizerParts: Sendable, Equatable {
    /// What each token stands for. A token without bytes is a gap in the ids.
    var vocabulary: Vocabulary
    /// The tokens as the file writes them, where that cannot be told from what they stand for: with `form.marks`.
    var written: Vocabulary?
    var merges: [Merge]
    /// Characters that have no token but stand in longer ones; merges name them by ids that follow the vocabulary's.
    var bareCharacters: [UInt32] = []
    var split: Tokenizer.Split
    var form = TextForm.plain
    var model = MergeModel()
    /// By ascending id. Every special token is one of them.
    var added: [AddedToken]
    var ends: [Int]
    var begin: Int?
    var addsBegin = false

    /// The tokens that the model does not make: special ones, and those that only added tokens name.
    var outsideModel: Set<Int> { Set(added.lazy.filter { $0.isSpecial || !$0.isInModel }.map(\.id)) }

    /// Where a text holds a byte that the vocabulary lacks, GPT-2's kinds refuse the text, as they always did. A
    /// published tokenizer of another kind leaves the byte out, as Hugging Face's does.
    var refusesMissingBytes: Bool { form == .plain && (split == .gpt2 || split == .none) }
}

/// What of a BPE model is not in its vocabulary and merges.
struct MergeModel: Sendable, Equatable {
    /// A piece that is a token as it stands is not merged (`ignore_merges`).
    var leavesTokensUnmerged = false
    /// A character that the vocabulary lacks becomes the tokens of its bytes (`byte_fallback`).
    var fallsBackToBytes = false
    /// The token for what is not in the vocabulary.
    var unknownID: Int?
    /// Unknown characters in a row become one token (`fuse_unk`).
    var fusesUnknown = false
    /// The score of each token, where the merges were made of scores (GGUF's model `llama`).
    var scores: [Float]?
}

extension TokenizerParts {
    /// The tokens of one byte each, of those that the model makes, are all 256.
    var hasAllBytes: Bool {
        let outside = outsideModel
        var found = Set<UInt8>()
        for id in 0..<vocabulary.count where vocabulary.length(of: id) == 1 && !outside.contains(id) {
            found.formUnion(vocabulary.token(id))
        }
        return found.count == 256
    }

    /// One of the tokens is ▁ alone.
    var hasSpaceMark: Bool {
        guard let written else { return false }
        let outside = outsideModel
        return (0..<written.count).contains {
            written.token($0).elementsEqual(SpaceMarks.bytes) && !outside.contains($0)
        }
    }
}
