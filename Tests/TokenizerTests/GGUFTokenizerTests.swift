// Tokenizers from the metadata of GGUF files.

import StrictJSON
import Testing
import Tokenizer

@Suite struct GGUFTokenizerTests {
    /// A fixture's tokens, types and merges as a converter writes them.
    static func vocabulary(_ name: String, pre: String) throws -> GGUFVocabulary {
        let file = try #require(try JSONText.parse(ReferenceTokenizer.bytes(name + ".json")).object)
        let model = try #require(file["model"]?.object)
        var tokens: [[UInt8]] = []
        var types: [Int32] = []
        func put(_ token: String, _ id: Int, _ type: Int32) {
            while tokens.count <= id {
                tokens.append(Array("[PAD\(tokens.count)]".utf8))
                types.append(5)
            }
            tokens[id] = Array(token.utf8)
            types[id] = type
        }
        for member in try #require(model["vocab"]?.object).members { put(member.key, member.value.integer ?? 0, 1) }
        for token in file["added_tokens"]?.array ?? [] {
            let object = try #require(token.object)
            put(object["content"]?.string ?? "", object["id"]?.integer ?? 0, object["special"]?.bool == true ? 3 : 4)
        }
        var vocabulary = GGUFVocabulary(model: "gpt2", pre: pre, tokens: tokens)
        vocabulary.types = types
        var merges: [[UInt8]] = []
        for merge in model["merges"]?.array ?? [] {
            let parts = merge.array ?? []
            let pair = parts.count == 2 ? (parts[0].string ?? "") + " " + (parts[1].string ?? "") : merge.string ?? ""
            merges.append(Array(pair.utf8))
        }
        vocabulary.merges = merges
        return vocabulary
    }

    @Test(arguments: [("smollm", "smollm"), ("llama3", "llama-bpe"), ("qwen2", "qwen2"), ("neox", "olmo")])
    func givesTheIDsOfTheTokenizerFile(name: String, pre: String) throws {
        let reference = try ReferenceTokenizer(name)
        let tokenizer = try Tokenizer(gguf: Self.vocabulary(name, pre: pre))
        for (number, text) in try ReferenceTokenizer.texts().enumerated() {
            // GGUF does not say that a token is looked for in composed text.
            if name == "qwen2", text.contains("té") || text.contains("café") { continue }
            #expect(try tokenizer.encode(text) == reference.ids(number), "\(text.debugDescription)")
            let found = try tokenizer.encode(text, findsSpecialTokens: true)
            #expect(found == reference.idsWithSpecialTokens(number), "\(text.debugDescription)")
        }
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
    }

    @Test func rolesComeFromIDsAndFromTexts() throws {
        var vocabulary = try Self.vocabulary("llama3", pre: "llama-bpe")
        let size = vocabulary.tokens.count
        vocabulary.tokens.append(Array("[PAD]".utf8))
        vocabulary.types?.append(5)
        vocabulary.beginID = size - 4
        vocabulary.endIDs = [size - 1]
        let tokenizer = try Tokenizer(gguf: vocabulary)
        // <|pad|> was named; <|im_end|> is known.
        #expect(tokenizer.endIDs == [size - 1, size - 2])
        #expect(tokenizer.beginID == size - 4 && tokenizer.addsBegin)
        #expect(tokenizer.bytes(of: size) == [])
        vocabulary.addsBegin = false
        #expect(try !Tokenizer(gguf: vocabulary).addsBegin)
        vocabulary.beginID = nil
        vocabulary.addsBegin = true
        #expect(try !Tokenizer(gguf: vocabulary).addsBegin)
        #expect(try Tokenizer(gguf: Self.vocabulary("smollm", pre: "smollm")).addsBegin == false)
    }

    @Test func spacesOfTheScoredModel() throws {
        var (vocabulary, _) = try ScoredTokenizerTests.vocabulary()
        let prefixed = try Tokenizer(gguf: vocabulary)
        vocabulary.addsSpacePrefix = false
        let plain = try Tokenizer(gguf: vocabulary)
        #expect(try plain.encode(" rain") == prefixed.encode("rain"))
        #expect(try String(decoding: prefixed.decode(prefixed.encode("the rain")), as: UTF8.self) == "the rain")
        #expect(try plain.decode(plain.encode("  a\u{FF} \0")) == Array("  a\u{FF} \0".utf8))
        // Bytes that are no text have tokens too.
        #expect(try plain.decode(plain.encode([0x20, 0xFF, 0xC3, 0x41])) == [0x20, 0xFF, 0xC3, 0x41])
        #expect(try plain.encode("<tool>", findsSpecialTokens: false).count == 1)
    }

    /// The pair with the highest score is joined first, the leftmost of equals; a character that is no token may be part
    /// of one.
    @Test func scoresDecide() throws {
        let tokens = ["<unk>", "▁", "a", "b", "ab", "ba", "aba", "qx", "<0x71>", "<0x78>", "aa", "bb"]
        var vocabulary = GGUFVocabulary(model: "llama", tokens: tokens.map { Array($0.utf8) })
        vocabulary.types = [2, 1, 1, 1, 1, 1, 1, 1, 6, 6, 1, 1]
        vocabulary.scores = [0, -1, -1, -1, -3, -2, -4, -5, 0, 0, -6, -2]
        vocabulary.addsSpacePrefix = false
        let tokenizer = try Tokenizer(gguf: vocabulary)
        #expect(try tokenizer.encode("ab") == [4])
        #expect(try tokenizer.encode("bab") == [5, 3])
        #expect(try tokenizer.encode("abab") == [6, 3])
        #expect(try tokenizer.encode("aaa") == [10, 2])
        // As high as ba, and further left.
        #expect(try tokenizer.encode("bba") == [11, 2])
        #expect(try tokenizer.encode("qxq") == [7, 8])
        #expect(try tokenizer.encode("xqx") == [9, 7])
        #expect(try tokenizer.encode("?!a") == [0, 2])
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
    }

    @Test func whatCannotBeReadIsNamed() throws {
        func message(_ change: (inout GGUFVocabulary) -> Void) throws -> String {
            var vocabulary = GGUFVocabulary(model: "gpt2", pre: "gpt-2", tokens: [[0x61], [0x62], [0x61, 0x62]])
            vocabulary.types = [1, 1, 1]
            vocabulary.merges = [Array("a b".utf8)]
            #expect(try Tokenizer(gguf: vocabulary).encode("ab") == [2])
            change(&vocabulary)
            return try #require(throws: TokenizerError.self) { try Tokenizer(gguf: vocabulary, file: "f") }.description
        }
        let key = "f, tokenizer.ggml."
        #expect(
            try message { $0.model = "bert" }
                == "\(key)model: the model is \"bert\", which changes the ids and is not supported")
        #expect(
            try message { $0.pre = "tekken" }
                == "\(key)pre: the split is \"tekken\", which changes the ids and is not supported")
        #expect(try message { $0.pre = nil } == "\(key)pre: \"tokenizer.ggml.pre\" is missing")
        #expect(try message { $0.merges = nil } == "\(key)merges: \"merges\" is missing")
        #expect(try message { $0.types = [1] } == "\(key)token_type: 1 types for 3 tokens")
        #expect(
            try message { $0.types = [1, 7, 1] }
                == "\(key)token_type[1]: the type is 7, which changes the ids and is not supported")
        #expect(
            try message { $0.merges = [Array("a c".utf8)] }
                == "\(key)merges[0]: the merge \"a c\" uses \"c\", which is not in the vocabulary")
        #expect(
            try message { $0.tokens[1] = Array("b c".utf8) }.hasPrefix("\(key)merges[0]: the merge \"a b\" uses \"b\""))
        #expect(try message { $0.endIDs = [3] }.hasPrefix("3 is not the id of a token"))
        #expect(
            try message { $0.tokens[2] = [UInt8](repeating: 0x61, count: 1025) }
                == "\(key)tokens[2]: a token of 1025 bytes, more than the limit of 1024")
        #expect(
            try message {
                $0.tokens.append(Array("x y".utf8))
                $0.types = [1, 1, 1, 1]
            }.hasPrefix("\(key)tokens[3]: \"x y\" contains  "))
        #expect(try message { $0.model = "llama" } == "\(key)scores: \"scores\" is missing")
        #expect(
            try message {
                $0.model = "llama"
                $0.scores = [0, 0, 0]
            } == "f: spaces are written ▁, but the vocabulary has no such token")
        #expect(
            try message {
                $0.model = "llama"
                $0.tokens[0] = Array("▁".utf8)
                $0.scores = [0, .nan, 0]
            } == "\(key)scores: a score is not a finite number")
    }
}
