// A tokenizer from the metadata of a GGUF file.

/// The values under `tokenizer.ggml.` in a GGUF file, as they stand there; nil where a key is missing.
package struct GGUFVocabulary: Sendable {
    /// `model`: `gpt2` for BPE over bytes, `llama` for SentencePiece's BPE.
    package var model: String
    /// `pre`: the name of the split, with the model `gpt2`.
    package var pre: String?
    /// `tokens`, in UTF-8.
    package var tokens: [[UInt8]]
    /// `token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
    package var types: [Int32]?
    /// `scores`, with the model `llama`.
    package var scores: [Float]?
    /// `merges`: two tokens with one space between, with the model `gpt2`.
    package var merges: [[UInt8]]?
    package var beginID: Int?
    /// `eos_token_id`, then the ids that end a turn or a message: `eot_token_id`, `eom_token_id`.
    package var endIDs: [Int]
    package var unknownID: Int?
    package var addsBegin: Bool?
    package var addsSpacePrefix: Bool?

    package init(model: String, pre: String? = nil, tokens: [[UInt8]], endIDs: [Int] = []) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.endIDs = endIDs
    }
}

extension Tokenizer {
    /// Makes the tokenizer of a GGUF file.
    ///
    /// A GGUF file does not name everything: that Qwen's and NeoX's tokenizers compose characters, and that Llama 3's
    /// takes pieces that are tokens as they stand, follows from the split's name. Flags of added tokens are lost.
    ///
    /// - Parameter file: what messages call the file.
    package convenience init(gguf vocabulary: GGUFVocabulary, file: String = "GGUF") throws(TokenizerError) {
        self.init(try GGUFReader(vocabulary: vocabulary, file: file).readParts())
    }
}

/// What llama.cpp calls the splits, and what goes with each.
private struct GGUFSplit {
    let split: Tokenizer.Split
    var composes = false
    var leavesTokensUnmerged = false
    var addsBegin = false

    init?(_ name: String) {
        switch name {
        case "gpt-2", "phi-2": split = .gpt2
        case "olmo", "mpt": (split, composes) = (.gpt2, true)
        case "smollm", "starcoder": split = .smollm
        case "llama-bpe", "llama3", "llama-v3": (split, leavesTokensUnmerged, addsBegin) = (.llama3, true, true)
        case "qwen2": (split, composes) = (.qwen2, true)
        default: return nil
        }
    }
}

private struct GGUFReader {
    let vocabulary: GGUFVocabulary
    let file: String

    private enum Kind: Int32 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    func readParts() throws(TokenizerError) -> TokenizerParts {
        guard vocabulary.tokens.count <= Vocabulary.mostTokens else {
            throw .tooManyTokens(place("tokens"), count: vocabulary.tokens.count, limit: Vocabulary.mostTokens)
        }
        let kinds = try readKinds()
        switch vocabulary.model {
        case "gpt2": return try readBytePairs(kinds)
        case "llama": return try readScored(kinds)
        default: throw .unsupported(place("model"), name: "the model", value: "\"\(vocabulary.model)\"")
        }
    }

    /// BPE over bytes, with merges.
    private func readBytePairs(_ kinds: [Kind]) throws(TokenizerError) -> TokenizerParts {
        guard let name = vocabulary.pre else { throw .missingMember(place("pre"), name: "tokenizer.ggml.pre") }
        guard let known = GGUFSplit(name) else {
            throw .unsupported(place("pre"), name: "the split", value: "\"\(name)\"")
        }
        guard let lines = vocabulary.merges else { throw .missingMember(place("merges"), name: "merges") }
        let special = Set(kinds.indices.filter { kinds[$0] == .control || kinds[$0] == .unknown })
        let written = try spelled { bytes, _ in bytes }
        var builder = MergeListBuilder(written: written, outside: special)
        for (number, line) in lines.enumerated() {
            try builder.add(line[...], at: place("merges", number))
        }
        let merged = Set(builder.merges.map { Int($0.result) })
        let tokens = try spelled { bytes, id in
            switch kinds[id] {
            case .control, .unknown: return bytes
            case .userDefined: return merged.contains(id) ? ByteAlphabet.bytes(of: bytes) ?? bytes : bytes
            // A row of the embedding that no token has.
            case .unused: return []
            case .normal, .byte: return ByteAlphabet.bytes(of: bytes)
            }
        }
        let added = kinds.indices.filter { special.contains($0) || kinds[$0] == .userDefined }.map { id in
            AddedToken(
                id: id, content: vocabulary.tokens[id], isSpecial: special.contains(id),
                isInModel: merged.contains(id))
        }
        var form = TextForm.plain
        form.composes = known.composes
        form.prefixesSpace = vocabulary.addsSpacePrefix ?? false
        var parts = TokenizerParts(
            vocabulary: tokens, merges: builder.merges, split: known.split, form: form, added: added, ends: [])
        parts.model.leavesTokensUnmerged = known.leavesTokensUnmerged
        try setRoles(&parts, addsBegin: known.addsBegin)
        return parts
    }

    /// SentencePiece's BPE: characters with ▁ for spaces, merged by score.
    private func readScored(_ kinds: [Kind]) throws(TokenizerError) -> TokenizerParts {
        guard let scores = vocabulary.scores else { throw .missingMember(place("scores"), name: "scores") }
        let written = try spelled { bytes, _ in bytes }
        let tokens = try spelled { bytes, id in
            if kinds[id] == .byte, let byte = ByteToken.byte(of: bytes) { return [byte] }
            return bytes.withUnsafeBufferPointer { SpaceMarks.replacingMarks(in: $0) } ?? bytes
        }
        let added = kinds.indices.filter { kinds[$0] != .normal && kinds[$0] != .byte && kinds[$0] != .unused }.map {
            AddedToken(
                id: $0, content: vocabulary.tokens[$0], isSpecial: kinds[$0] != .userDefined,
                isInModel: kinds[$0] == .userDefined)
        }
        var form = TextForm.plain
        form.marks = SpaceMarks(
            prefix: vocabulary.addsSpacePrefix ?? true ? .always : .never, isNormalizer: true, cuts: false)
        var parts = TokenizerParts(
            vocabulary: tokens, written: written, merges: [], split: .none, form: form, added: added, ends: [])
        parts.model.fallsBackToBytes = kinds.contains(.byte)
        parts.model.unknownID = vocabulary.unknownID ?? kinds.firstIndex(of: .unknown)
        parts.model.fusesUnknown = parts.model.unknownID != nil
        parts.model.scores = scores
        try setRoles(&parts, addsBegin: true)
        guard parts.hasSpaceMark else { throw .noSpaceMark(file: file) }
        try ScoredPairs.makeMerges(&parts, at: place("scores"))
        return parts
    }

    /// Sets what begins and ends a text. Some files name one end only; the others are known by their texts.
    private func setRoles(_ parts: inout TokenizerParts, addsBegin: Bool) throws(TokenizerError) {
        let special = parts.added.filter(\.isSpecial)
        var ends: [Int] = []
        let usual = special.filter { Self.usualEnds.contains(String(decoding: $0.content, as: UTF8.self)) }.map(\.id)
        for id in vocabulary.endIDs + usual where !ends.contains(id) { ends.append(id) }
        for id in ends + [vocabulary.beginID, parts.model.unknownID].compactMap({ $0 })
        where !parts.vocabulary.hasToken(id) {
            throw .unknownID(id, vocabularySize: vocabulary.tokens.count)
        }
        parts.ends = ends
        for id in ends where !special.contains(where: { $0.id == id }) {
            parts.added.removeAll { $0.id == id }
            parts.added.append(
                AddedToken(id: id, content: vocabulary.tokens[id], isSpecial: true))
        }
        parts.added.removeAll { $0.content.isEmpty }
        parts.added.sort { $0.id < $1.id }
        parts.addsBegin = (vocabulary.addsBegin ?? addsBegin) && vocabulary.beginID != nil
        let isSame = vocabulary.beginID == ends.first && !parts.addsBegin
        parts.begin = isSame ? nil : vocabulary.beginID
    }

    private static let usualEnds: Set<String> = [
        "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>",
    ]

    private func readKinds() throws(TokenizerError) -> [Kind] {
        guard let types = vocabulary.types else { return vocabulary.tokens.map { _ in .normal } }
        guard types.count == vocabulary.tokens.count else {
            throw .wrongCount(
                place("token_type"), name: "types", count: types.count, expected: vocabulary.tokens.count)
        }
        var kinds: [Kind] = []
        for (id, type) in types.enumerated() {
            guard let kind = Kind(rawValue: type) else {
                throw .unsupported(place("token_type", id), name: "the type", value: "\(type)")
            }
            kinds.append(kind)
        }
        return kinds
    }

    /// What `spell` makes of each token; nil is refused.
    private func spelled(_ spell: ([UInt8], Int) -> [UInt8]?) throws(TokenizerError) -> Vocabulary {
        var result = Vocabulary()
        for (id, token) in vocabulary.tokens.enumerated() {
            guard token.count <= Vocabulary.longestToken else {
                throw .tokenTooLong(place("tokens", id), bytes: token.count, limit: Vocabulary.longestToken)
            }
            guard let spelled = spell(token, id) else {
                let text = String(decoding: token, as: UTF8.self)
                let character = text.unicodeScalars.first { ByteAlphabet.bytes(of: Array(String($0).utf8)) == nil }
                throw .foreignCharacter(place("tokens", id), token: text, character: character ?? "\u{FFFD}")
            }
            result.append(spelled)
        }
        return result
    }

    private func place(_ key: String, _ index: Int? = nil) -> FilePlace {
        FilePlace(file: "\(file), tokenizer.ggml.\(key)" + (index.map { "[\($0)]" } ?? ""))
    }
}
