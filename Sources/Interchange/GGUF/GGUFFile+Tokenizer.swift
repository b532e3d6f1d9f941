// The tokenizer in a GGUF file, whatever model the file holds.

import Tokenizer

extension GGUFFile {
    /// The tokenizer that the metadata describes.
    package func tokenizer() throws -> Tokenizer {
        try Tokenizer(gguf: GGUFVocabulary(try tokenizerKeys()), file: path)
    }

    /// What the metadata says of the tokenizer, in one line; nil where it has none.
    package func tokenizerSummary() throws(InterchangeError) -> String? {
        guard self["tokenizer.ggml.model"] != nil else { return nil }
        let keys = try tokenizerKeys()
        let kind =
            switch keys.model {
            case "gpt2": "byte-level BPE (gpt2), split \(keys.preTokenizer ?? "not named")"
            case "llama": "SentencePiece BPE (llama)"
            case "bert": "WordPiece (bert)"
            case "t5": "Unigram (t5)"
            default: keys.model
            }
        let merges = keys.merges.map { ", \($0.count) merges" } ?? ""
        return "\(kind), \(keys.tokens.count) tokens\(merges)"
    }

    func tokenizerKeys() throws(InterchangeError) -> GGUFTokenizerKeys {
        try describe { (metadata) throws(GGUFDefect) in try GGUFTokenizerKeys(metadata) }
    }
}

extension GGUFVocabulary {
    /// The values as the reader of tokenizers takes them.
    package init(_ keys: GGUFTokenizerKeys) {
        self.init(
            model: keys.model, pre: keys.preTokenizer, tokens: keys.tokens,
            endIDs: [keys.endOfText, keys.endOfTurn, keys.endOfMessage].compactMap { $0 })
        types = keys.kinds.map { kinds in kinds.map { Int32($0.rawValue) } }
        scores = keys.scores
        merges = keys.merges.map { merges in merges.map { $0.left + [UInt8(ascii: " ")] + $0.right } }
        beginID = keys.beginningOfText
        unknownID = keys.unknown
        addsBegin = keys.addsBeginningOfText
        addsSpacePrefix = keys.addsSpacePrefix
    }
}
