// The tokenizer and the chat template in a GGUF file.

import Tokenizer

extension GGUFModelFile {
    /// The tokenizer that the file's metadata describes.
    public func tokenizer() throws -> Tokenizer {
        let keys = try tokenizerKeys()
        var vocabulary = GGUFVocabulary(
            model: keys.model, pre: keys.preTokenizer, tokens: keys.tokens,
            endIDs: [keys.endOfText, keys.endOfTurn, keys.endOfMessage].compactMap { $0 })
        vocabulary.types = keys.kinds.map { kinds in kinds.map { Int32($0.rawValue) } }
        vocabulary.scores = keys.scores
        vocabulary.merges = keys.merges.map { merges in merges.map { $0.left + [UInt8(ascii: " ")] + $0.right } }
        vocabulary.beginID = keys.beginningOfText
        vocabulary.unknownID = keys.unknown
        vocabulary.addsBegin = keys.addsBeginningOfText
        vocabulary.addsSpacePrefix = keys.addsSpacePrefix
        return try Tokenizer(gguf: vocabulary, file: file.path)
    }

    /// The text of the chat template in Jinja; nil where the file has none.
    public func chatTemplate() throws(InterchangeError) -> String? { try tokenizerKeys().chatTemplate }

    /// The text of the token that begins a text; nil where the file names none.
    public func beginningOfText() throws(InterchangeError) -> String? {
        let keys = try tokenizerKeys()
        return keys.beginningOfText.map { String(decoding: keys.tokens[$0], as: UTF8.self) }
    }

    private func tokenizerKeys() throws(InterchangeError) -> GGUFTokenizerKeys {
        try file.describe { (metadata) throws(GGUFDefect) in try GGUFTokenizerKeys(metadata) }
    }
}
