// The tokenizer of a GGUF file as plain values: what `tokenizer.ggml.*` and `tokenizer.chat_template` hold.

/// A vocabulary with the settings beside it, checked for what can be seen without building a tokenizer of it.
package struct GGUFTokenizerKeys: Sendable, Equatable {
    /// What a token is for (`llama_token_type`).
    package enum Kind: Int, Sendable {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// Two texts that become one.
    package struct Merge: Sendable, Equatable {
        package let left: [UInt8]
        package let right: [UInt8]
        package init(left: [UInt8], right: [UInt8]) { (self.left, self.right) = (left, right) }
    }

    /// `gpt2` for byte-level BPE with merges, `llama` for pieces with scores, and others.
    package let model: String
    /// The name of the rule that cuts texts into words, such as `smollm`.
    package let preTokenizer: String?
    /// The bytes of each token as the file writes them, which in `gpt2` stand for other bytes; at least one.
    package let tokens: [[UInt8]]
    /// One for each token.
    package let kinds: [Kind]?
    /// One for each token.
    package let scores: [Float]?
    package let merges: [Merge]?

    /// Numbers of tokens with a meaning, each below `tokens.count`.
    package let beginningOfText: Int?
    package let endOfText: Int?
    package let endOfTurn: Int?
    package let endOfMessage: Int?
    package let unknown: Int?
    package let padding: Int?
    package let separator: Int?
    package let mask: Int?

    package let addsBeginningOfText: Bool?
    package let addsEndOfText: Bool?
    package let addsSpacePrefix: Bool?
    /// A Jinja template.
    package let chatTemplate: String?

    /// Throws where a key has another kind of value, or where lists and numbers do not fit one another.
    package init(_ metadata: GGUFMetadata) throws(GGUFDefect) {
        let prefix = "tokenizer.ggml."
        model = try metadata.text(prefix + "model")
        preTokenizer = try metadata.textIfPresent(prefix + "pre")
        let tokens = try metadata.texts(prefix + "tokens")
        guard !tokens.isEmpty else {
            throw .outOfRange(key: prefix + "tokens", value: "empty", range: "a token or more")
        }
        self.tokens = tokens
        kinds = try GGUFTokenizerKeys.kinds(metadata, prefix + "token_type", count: tokens.count)
        scores = try metadata.numbersIfPresent(prefix + "scores")?.map { Float($0) }
        if let scores, scores.count != tokens.count {
            throw .wrongCount(key: prefix + "scores", count: scores.count, expected: tokens.count)
        }
        merges = try GGUFTokenizerKeys.merges(metadata, prefix + "merges")
        func id(_ name: String) throws(GGUFDefect) -> Int? {
            try metadata.integerIfPresent("\(prefix)\(name)_token_id", in: 0...(tokens.count - 1))
        }
        beginningOfText = try id("bos")
        endOfText = try id("eos")
        endOfTurn = try id("eot")
        endOfMessage = try id("eom")
        unknown = try id("unknown")
        padding = try id("padding")
        // The format's own spelling.
        separator = try id("seperator")
        mask = try id("mask")
        addsBeginningOfText = try metadata.flagIfPresent(prefix + "add_bos_token")
        addsEndOfText = try metadata.flagIfPresent(prefix + "add_eos_token")
        addsSpacePrefix = try metadata.flagIfPresent(prefix + "add_space_prefix")
        chatTemplate = try metadata.textIfPresent("tokenizer.chat_template")
    }

    private static func kinds(
        _ metadata: GGUFMetadata, _ key: String, count: Int
    ) throws(GGUFDefect) -> [Kind]? {
        guard let numbers = try metadata.integersIfPresent(key, in: 1...6) else { return nil }
        guard numbers.count == count else { throw .wrongCount(key: key, count: numbers.count, expected: count) }
        return numbers.compactMap { Kind(rawValue: $0) }
    }

    /// A merge is written with one space between its texts. Either may begin with a space of its own in vocabularies that
    /// do not write spaces otherwise, so the first space that is not the first byte counts, as in llama.cpp.
    private static func merges(_ metadata: GGUFMetadata, _ key: String) throws(GGUFDefect) -> [Merge]? {
        guard let texts = try metadata.textsIfPresent(key) else { return nil }
        var merges: [Merge] = []
        merges.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")), space + 1 < text.count else {
                throw .merge(index: index, text: String(decoding: text, as: UTF8.self))
            }
            merges.append(Merge(left: Array(text[..<space]), right: Array(text[(space + 1)...])))
        }
        return merges
    }
}
