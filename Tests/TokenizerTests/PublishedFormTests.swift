// Files of tokenizers as people have them: as Transformers 5 saves them, with gaps, of kinds that are not read.

import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite struct PublishedFormTests {
    /// A tokenizer.json of GPT-2's kind with the tokens a, b, Ġ, ab, Ġa.
    private static func text(
        added: String = "", normalizer: String = "null",
        preTokenizer: String = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true}",
        single: String? = nil, special: String = "{}", type: String = "BPE"
    ) -> String {
        let processor = single.map {
            "{\"type\":\"TemplateProcessing\",\"single\":[\($0)],\"pair\":[],\"special_tokens\":\(special)}"
        }
        return """
            {"version":"1.0","truncation":null,"padding":null,"added_tokens":[\(added)],"normalizer":\(normalizer),
            "pre_tokenizer":\(preTokenizer),"post_processor":\(processor ?? "null"),"decoder":null,
            "model":{"type":"\(type)","dropout":null,"unk_token":null,"continuing_subword_prefix":"",
            "end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
            "vocab":{"a":0,"b":1,"Ġ":2,"ab":3,"Ġa":4},"merges":[["a","b"],["Ġ","a"]]}}
            """
    }

    private static func read(_ text: String) throws -> Tokenizer {
        let tokenizer = try Tokenizer(serialized: Array(text.utf8), name: "t")
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
        return tokenizer
    }

    private static let sequence = "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}"
    private static let begin = "{\"SpecialToken\":{\"id\":\"<|endoftext|>\",\"type_id\":0}}"
    private static func added(_ id: Int, _ content: String, _ flags: String...) -> String {
        let known = ["single_word", "lstrip", "rstrip", "normalized", "special"]
        let members = known.map { "\"\($0)\":\(flags.contains($0))" }.joined(separator: ",")
        return "{\"id\":\(id),\"content\":\"\(content)\",\(members)}"
    }

    /// GPT-2 as Transformers 5 saves it: with a template that adds nothing, or the end of text in front.
    @Test func transformers5() throws {
        let end = Self.added(5, "<|endoftext|>", "special")
        var tokenizer = try Self.read(Self.text(added: end, single: Self.sequence))
        #expect(tokenizer.endOfTextID == 5 && tokenizer.beginID == nil && !tokenizer.addsBegin)
        #expect(try tokenizer.encode("ab a") == [3, 4])
        let special =
            "{\"<|endoftext|>\":{\"id\":\"<|endoftext|>\",\"ids\":[5],\"tokens\":[\"<|endoftext|>\"]}}"
        tokenizer = try Self.read(Self.text(added: end, single: Self.begin + "," + Self.sequence, special: special))
        #expect(tokenizer.endOfTextID == 5 && tokenizer.beginID == 5 && tokenizer.addsBegin)
        #expect(try tokenizer.encode("ab a") == [3, 4])
    }

    @Test func addedTokensInATextAndGaps() throws {
        let list = [
            Self.added(5, "<|endoftext|>", "special"), Self.added(9, "<l>", "lstrip"), Self.added(8, "<r>", "rstrip"),
            Self.added(12, "bb", "single_word"), Self.added(7, " b", "normalized"),
        ]
        let tokenizer = try Self.read(Self.text(added: list.joined(separator: ",")))
        #expect(tokenizer.vocabularySize == 13 && tokenizer.specialIDs == [5])
        #expect(try tokenizer.encode("a  <l>b") == [0, 9, 1])
        #expect(try tokenizer.encode("a<r>  b") == [0, 8, 1])
        #expect(try tokenizer.encode("abb bb") == [3, 1, 2, 12])
        #expect(try tokenizer.encode("a b") == [0, 7])
        // Ids of which no token has one.
        #expect([6, 10, 11].allSatisfy { tokenizer.bytes(of: $0).isEmpty })
        #expect(try tokenizer.decode([0, 6, 7]) == Array("a b".utf8))
        #expect(try tokenizer.encode("<|endoftext|>".prefix(0) + "a") == [0])
        #expect(try tokenizer.encode("a<|endoftext|>", findsSpecialTokens: true) == [0, 5])
    }

    private static let byteLevel = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}"

    @Test(
        arguments: [
            ("null", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\"}]}", "gpt2"),
            ("{\"type\":\"Sequence\",\"normalizers\":[]}", "{\"type\":\"ByteLevel\"}", "gpt2"),
            (
                "{\"type\":\"NFC\"}",
                "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\",\"individual_digits\":true},"
                    + "{\"type\":\"ByteLevel\"}]}", "smollm"
            ),
            (
                "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"}]}",
                "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\",\"individual_digits\":true},"
                    + "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"'s|'t|'re|'ve|'m|'ll|'d| ?\\\\p{L}+| ?\\\\p{N}+|"
                    + " ?[^\\\\s\\\\p{L}\\\\p{N}]+|\\\\s+(?!\\\\S)|\\\\s+\"},\"behavior\":\"Isolated\",\"invert\":false},"
                    + byteLevel + "]}", "smollm"
            ),
            ("null", byteLevel, "none"),
        ] as [(String, String, String)])
    func sequences(normalizer: String, preTokenizer: String, split: String) throws {
        let tokenizer = try Self.read(Self.text(normalizer: normalizer, preTokenizer: preTokenizer))
        #expect(tokenizer.split.rawValue == split)
        #expect(try tokenizer.encode("ab a") == [3, 4])
    }

    @Test func aSpaceInFront() throws {
        let step = "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":true}"
        let tokenizer = try Self.read(Self.text(preTokenizer: step, single: Self.sequence))
        #expect(try tokenizer.encode("a") == [4])
        #expect(try tokenizer.encode("a", continues: true) == [0])
    }

    /// Ids that no token has can neither end nor begin a text.
    @Test(arguments: ["\"end_ids\":[6],", "\"begin_id\":6,", "\"end_ids\":[12],", "\"end_ids\":[-1],"])
    func rolesNeedTokens(member: String) {
        let text = Self.text(added: Self.added(7, "<x>")).replacing("\"vocab\"", with: member + "\"vocab\"")
        #expect(throws: TokenizerError.self) { try Self.read(text) }
    }

    @Test(arguments: ["Unigram", "WordPiece", "WordLevel"]) func otherModelsAreNamed(type: String) {
        let error = #expect(throws: TokenizerError.self) { try Self.read(Self.text(type: type)) }
        #expect(
            error?.description.hasSuffix("model.type is \"\(type)\", which changes the ids and is not supported")
                == true)
    }

    @Test func filesOfOtherKindsAreNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write("[PAD]\n[UNK]\n", as: "vocab.txt")
        try folder.write([1], as: "tokenizer.model")
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(path: folder.path) }
        #expect(error?.description.hasSuffix("; tokenizer.model, vocab.txt cannot be read") == true)
        #expect(error?.hint?.contains("AutoTokenizer") == true)
    }

    @Test(arguments: ["tokenizer.json", "vocab.json", "merges.txt"]) func pointersAreNamed(name: String) throws {
        let digest = String(repeating: "b1", count: 32)
        let folder = try TemporaryFolder()
        try Tokenizer.bytes.write(to: folder.path)
        if name != "tokenizer.json" { try FileManager.default.removeItem(atPath: folder.path + "/tokenizer.json") }
        try folder.write(
            "version https://git-lfs.github.com/spec/v1\noid sha256:\(digest)\nsize 456318\n", as: name)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(path: folder.path) }
        #expect(
            error?.description
                == "\(folder.path)/\(name) is a Git LFS pointer, a text of 131 bytes in the place of a file of 456318 bytes"
        )
        #expect(error?.hint?.contains("git lfs pull") == true)
    }
}
