// The metadata of a GGUF file from a tokenizer: the opposite of reading it.

extension GGUFVocabulary {
    /// What a GGUF file holds of `tokenizer`; nil where llama.cpp has no name for how it cuts, changes or merges texts.
    ///
    /// Flags of added tokens have no place in the format.
    package init?(_ tokenizer: Tokenizer) {
        let parts = tokenizer.parts
        if let marks = parts.form.marks {
            // llama.cpp merges by scores. Merges that were learned as a list have none.
            guard parts.model.scores != nil, marks.isNormalizer, !marks.cuts,
                marks.prefix == .always || marks.prefix == .never
            else { return nil }
            self.init(model: "llama", tokens: tokenizer.writtenTokens.map { Array($0.utf8) }, endIDs: parts.ends)
            scores = parts.model.scores
            addsSpacePrefix = marks.prefix == .always
        } else {
            guard let name = GGUFVocabulary.split(of: parts) else { return nil }
            self.init(
                model: "gpt2", pre: name, tokens: tokenizer.writtenTokens.map { Array($0.utf8) }, endIDs: parts.ends)
            merges = tokenizer.writtenMerges.map { Array($0.utf8) }
        }
        types = GGUFVocabulary.types(parts, tokens)
        beginID = tokenizer.startID
        unknownID = parts.model.unknownID
        // Read as true where it is missing, with these kinds.
        let isUsual = pre == "llama-bpe" || model == "llama"
        if parts.addsBegin || isUsual { addsBegin = parts.addsBegin }
    }

    /// llama.cpp's name for a split and what goes with it. Without merges no split makes a difference.
    private static func split(of parts: TokenizerParts) -> String? {
        guard !parts.form.prefixesSpace else { return nil }
        if parts.merges.isEmpty, parts.split == .none, !parts.form.composes { return "gpt-2" }
        switch (parts.split, parts.form.composes, parts.model.leavesTokensUnmerged) {
        case (.gpt2, false, false): return "gpt-2"
        case (.gpt2, true, false): return "olmo"
        case (.smollm, false, false): return "smollm"
        case (.llama3, false, true): return "llama-bpe"
        case (.qwen2, true, false): return "qwen2"
        default: return nil
        }
    }

    private static func types(_ parts: TokenizerParts, _ tokens: [[UInt8]]) -> [Int32] {
        var types = tokens.map { Int32($0.isEmpty ? 5 : 1) }
        for id in tokens.indices where parts.model.fallsBackToBytes && ByteToken.byte(of: tokens[id]) != nil {
            types[id] = 6
        }
        for token in parts.added { types[token.id] = token.isSpecial ? 3 : 4 }
        if let id = parts.model.unknownID, parts.form.marks != nil { types[id] = 2 }
        return types
    }
}
