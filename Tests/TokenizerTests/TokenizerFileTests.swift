// Tokenizers as files: what is read and written, and what is refused with which words.

import Foundation
import Testing
import Tokenizer

@Suite struct TokenizerFileTests {
    /// A tokenizer.json with three letters and one merge, parts of it replaced.
    static func tokenizerFile(
        added: String = "", normalizer: String = "null",
        preTokenizer: String = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true}",
        postProcessor: String = "null", settings: String = "\"type\":\"BPE\",",
        vocabulary: String = "{\"a\":0,\"b\":1,\"ab\":2,\"Ġ\":3}", merges: String = "[\"a b\"]"
    ) -> String {
        """
        {"added_tokens":[\(added)],
        "normalizer":\(normalizer),
        "pre_tokenizer":\(preTokenizer),
        "post_processor":\(postProcessor),
        "model":{\(settings)
        "vocab":\(vocabulary),
        "merges":\(merges)}}
        """
    }

    static let end = "{\"id\":4,\"content\":\"<|endoftext|>\",\"special\":true}"

    @Test func readsATokenizerFile() throws {
        let text = Self.tokenizerFile(added: Self.end, merges: "[[\"a\",\"b\"]]")
        let tokenizer = try Tokenizer(serialized: Array(text.utf8))
        #expect(tokenizer.vocabularySize == 5)
        #expect(tokenizer.endOfTextID == 4)
        #expect(tokenizer.split == .gpt2)
        #expect(try tokenizer.encode("ab ba") == [2, 3, 1, 0])
        #expect(tokenizer.bytes(of: 3) == [0x20])
    }

    @Test func theCallerNamesTheEndOfText() throws {
        let text = Self.tokenizerFile(added: "{\"id\":4,\"content\":\"a b\",\"special\":true}")
        let tokenizer = try Tokenizer(serialized: Array(text.utf8), endOfText: "a b")
        #expect(tokenizer.endOfTextID == 4)
        #expect(tokenizer.bytes(of: 4) == Array("a b".utf8))
        #expect(try Tokenizer(serialized: Array(text.utf8)).endOfTextID == nil)
        #expect(try Tokenizer(serialized: tokenizer.serialized(), endOfText: "a b") == tokenizer)
        let error = try #require(throws: TokenizerError.self) {
            try Tokenizer(serialized: Array(text.utf8), endOfText: "</s>")
        }
        #expect(error.description == "tokenizer.json: the vocabulary has no token \"</s>\" to end a text with")
    }

    @Test(arguments: Tokenizer.Split.allCases)
    func whatIsWrittenIsReadBack(split: Tokenizer.Split) throws {
        let tokenizer = try TestTexts.makeTokenizer(split: split)
        let bytes = tokenizer.serialized()
        let again = try Tokenizer(serialized: bytes)
        #expect(again == tokenizer)
        #expect(again.serialized() == bytes)
        #expect(again.split == split)
        let folder = try TestTexts.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let inner = folder.appendingPathComponent("new/folder")
        try tokenizer.write(to: inner.path)
        #expect(try Tokenizer(path: inner.path) == tokenizer)
        #expect(try Tokenizer(path: inner.appendingPathComponent("tokenizer.json").path) == tokenizer)
        #expect([UInt8](try Data(contentsOf: inner.appendingPathComponent("tokenizer.json"))) == bytes)
        try FileManager.default.removeItem(at: inner.appendingPathComponent("tokenizer.json"))
        let pair = try Tokenizer(path: inner.path)
        #expect((pair == tokenizer) == (split == .gpt2))
        #expect(try pair.decode(pair.encode(TestTexts.rhyme)) == Array(TestTexts.rhyme.utf8))
    }

    @Test func tokenizersDifferWhereIdsDo() throws {
        let tokenizer = try TestTexts.makeTokenizer(vocabularySize: 270)
        #expect(try tokenizer == TestTexts.makeTokenizer(vocabularySize: 270))
        #expect(try tokenizer != TestTexts.makeTokenizer(vocabularySize: 271))
        #expect(try tokenizer != TestTexts.makeTokenizer(vocabularySize: 270, split: .none))
    }

    static let refused: [(text: String, message: String)] = [
        ("[]", "line 1, column 1: \"the tokenizer\" must be an object, but is an array"),
        ("{\"a\":1,}", "line 1, column 7: nothing follows this comma; remove it"),
        (
            tokenizerFile(normalizer: "{\"type\":\"NFKC\"}"),
            "line 2, column 14: normalizer is \"NFKC\", which changes the ids and is not supported"
        ),
        (
            tokenizerFile(preTokenizer: "{\"type\":\"Whitespace\"}"),
            "line 3, column 17: pre_tokenizer is \"Whitespace\", which changes the ids and is not supported"
        ),
        (
            tokenizerFile(preTokenizer: "null"),
            "line 3, column 17: pre_tokenizer is null, which changes the ids and is not supported"
        ),
        (
            tokenizerFile(preTokenizer: "{\"type\":\"ByteLevel\",\"use_regex\":1}"),
            "line 3, column 49: \"use_regex\" must be true or false, but is a number"
        ),
        (
            tokenizerFile(postProcessor: "{\"type\":\"BertProcessing\"}"),
            "line 4, column 18: post_processor is \"BertProcessing\", which changes the ids and is not supported"
        ),
        (
            tokenizerFile(settings: "\"type\":\"WordPiece\","),
            "line 5, column 17: model.type is \"WordPiece\", which changes the ids and is not supported"
        ),
        (
            tokenizerFile(settings: "\"dropout\":0.1,"),
            "line 5, column 20: model.dropout is 0.1, which changes the ids and is not supported"
        ),
        (
            tokenizerFile(settings: "\"byte_fallback\":true,"),
            "line 5, column 26: model.byte_fallback is true, which changes the ids and is not supported"
        ),
        (
            tokenizerFile(settings: "\"end_of_word_suffix\":\"</w>\","),
            "line 5, column 31: model.end_of_word_suffix is \"</w>\", which changes the ids and is not supported"
        ),
        (
            tokenizerFile(added: "{\"id\":4,\"special\":true}"), "line 1, column 18: \"content\" is missing"
        ),
        (
            tokenizerFile(added: "{\"id\":3,\"content\":\"ab\",\"special\":true}"),
            "line 1, column 24: the added token \"ab\" has id 3, but 2 in the vocabulary"
        ),
        (
            tokenizerFile(added: "{\"id\":2,\"content\":\"x\",\"special\":true}"),
            "line 1, column 24: \"x\" has id 2, which \"ab\" has already"
        ),
        (
            tokenizerFile(vocabulary: "{\"a\":0,\"b\":-1}"),
            "line 6, column 16: the id of \"b\" must be a whole number from 0 on"
        ),
        (
            tokenizerFile(vocabulary: "{\"a\":0,\"b\":1.0}"),
            "line 6, column 16: the id of \"b\" must be a whole number from 0 on"
        ),
        (
            tokenizerFile(vocabulary: "{\"a\":0,\"b\":9223372036854775807}"),
            "line 6, column 16: the id of \"b\" must be a whole number from 0 on"
        ),
        (tokenizerFile(vocabulary: "{\"a\":0,\"b\":0}"), "line 6, column 16: \"b\" has id 0, which \"a\" has already"),
        (
            tokenizerFile(vocabulary: "{\"a\":0,\"a\":1}"),
            "line 6, column 16: the key \"a\" is already given at line 6, column 10"
        ),
        (
            tokenizerFile(vocabulary: "{\"a\":0,\"b c\":1}"),
            "line 6, column 16: \"b c\" contains   (U+20), which stands for no byte in GPT-2's byte alphabet"
        ),
        (
            tokenizerFile(vocabulary: "{\"a\":0,\"b東\":1}"),
            "line 6, column 16: \"b東\" contains 東 (U+6771), which stands for no byte in GPT-2's byte alphabet"
        ),
        (tokenizerFile(vocabulary: "{\"\":0}"), "line 6, column 10: a token without bytes"),
        (
            tokenizerFile(vocabulary: "{\"\(String(repeating: "a", count: 1025))\":0}"),
            "line 6, column 10: a token of 1025 bytes, more than the limit of 1024"
        ),
        (tokenizerFile(vocabulary: "[]"), "line 6, column 9: \"vocab\" must be an object, but is an array"),
        (
            tokenizerFile(merges: "[\"ab\"]"),
            "line 7, column 11: \"ab\" is not a merge; it must be two tokens with one space between"
        ),
        (
            tokenizerFile(merges: "[\"a b \"]"),
            "line 7, column 11: \"a b \" is not a merge; it must be two tokens with one space between"
        ),
        (
            tokenizerFile(merges: "[[\"a\"]]"),
            "line 7, column 11: \"[\"a\"]\" is not a merge; it must be two tokens with one space between"
        ),
        (
            tokenizerFile(merges: "[\"a c\"]"),
            "line 7, column 11: the merge \"a c\" uses \"c\", which is not in the vocabulary"
        ),
        (
            tokenizerFile(merges: "[\"b a\"]"),
            "line 7, column 11: the merge \"b a\" makes \"ba\", which is not in the vocabulary"
        ),
        (
            tokenizerFile(merges: "[\"a b\",\n\"a b\"]"),
            "line 8, column 1: the merge \"a b\" is already given at tokenizer.json, line 7, column 11"
        ),
        ("{\"pre_tokenizer\":{\"type\":\"ByteLevel\"}}", "line 1, column 1: \"model\" is missing"),
    ]

    @Test(arguments: refused) func refuses(text: String, message: String) throws {
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(serialized: Array(text.utf8)) }
        let place = message.hasPrefix("line") ? "tokenizer.json, " : "tokenizer.json: "
        #expect(error.description == place + message)
    }

    @Test(
        arguments: [
            ("#version: 0.2\na b\n\n", nil), ("a b", nil), ("a b\r\n", nil), ("#version: 0.2\n", nil), ("", nil),
            ("#version: 0.2\na  b\n", "line 2: \"a  b\" is not a merge; it must be two tokens with one space between"),
            ("a b\n\nb a\n", "line 2: \"\" is not a merge; it must be two tokens with one space between"),
            ("a b\na\n", "line 2: \"a\" is not a merge; it must be two tokens with one space between"),
            ("a b\nx a\n", "line 2: the merge \"x a\" uses \"x\", which is not in the vocabulary"),
            ("a b\na 東\n", "line 2: the merge \"a 東\" uses \"東\", which is not in the vocabulary"),
            ("a b\nb b\n", "line 2: the merge \"b b\" makes \"bb\", which is not in the vocabulary"),
        ] as [(String, String?)])
    func readsMerges(merges: String, message: String?) throws {
        let folder = try TestTexts.makeFolder(["vocab.json": "{\"a\":0,\"b\":1,\"ab\":2}", "merges.txt": merges])
        defer { try? FileManager.default.removeItem(at: folder) }
        guard let message else {
            #expect(try Tokenizer(path: folder.path).mergeCount == (merges.contains("a b") ? 1 : 0))
            return
        }
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(path: folder.path) }
        #expect(error.description == folder.appendingPathComponent("merges.txt").path + ", " + message)
    }

    @Test func aRepeatedMergeNamesBothLines() throws {
        let folder = try TestTexts.makeFolder([
            "encoder.json": "{\"a\":0,\"b\":1,\"ab\":2}", "vocab.bpe": "#version: 0.2\na b\na b\n",
        ])
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("vocab.bpe").path
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(path: folder.path) }
        #expect(error.description == "\(file), line 3: the merge \"a b\" is already given at \(file), line 2")
    }

    @Test func missingFilesAreNamed() throws {
        let folder = try TestTexts.makeFolder(["vocab.json": "{}"])
        defer { try? FileManager.default.removeItem(at: folder) }
        let noTokenizer = try #require(throws: TokenizerError.self) { try Tokenizer(path: folder.path) }
        #expect(noTokenizer == .noTokenizerInFolder(path: folder.path))
        let absent = folder.path + "/absent"
        let nothing = try #require(throws: TokenizerError.self) { try Tokenizer(path: absent) }
        #expect(nothing.description == "\(absent): there is no such file or folder")
        let device = try #require(throws: TokenizerError.self) { try Tokenizer(path: "/dev/null") }
        #expect(device.description == "/dev/null: cannot be read: it is not a regular file")
        let below = folder.path + "/vocab.json/below"
        #expect(throws: TokenizerError.self) { try Tokenizer.bytes.write(to: below) }
    }

    @Test func hugeFilesAreNotRead() throws {
        let folder = try TestTexts.makeFolder(["tokenizer.json": ""])
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("tokenizer.json")
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 64 << 20 + 1)
        try handle.close()
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(path: folder.path) }
        #expect(error == .fileTooLarge(path: file.path, bytes: 64 << 20 + 1, limit: 64 << 20))
    }

    @Test func everyChangedByteIsReadOrRefused() throws {
        let text = Array(
            Self.tokenizerFile(
                added: Self.end, vocabulary: "{\"a\":0,\"b\":1,\"ab\":2,\"Ġ\":3,\"Ġa\":5}",
                merges: "[\"a b\",\n\"Ġ a\"]"
            ).utf8)
        var refused = 0
        for place in text.indices {
            for byte in [0x00, 0x20, 0x22, 0x2C, 0x2D, 0x30, 0x34, 0x39, 0x5B, 0x61, 0x62, 0x7D, 0xC4, 0xFF] as [UInt8]
            {
                var changed = text
                changed[place] = byte
                do {
                    let tokenizer = try Tokenizer(serialized: changed)
                    #expect(
                        try Tokenizer(serialized: tokenizer.serialized()).vocabularySize == tokenizer.vocabularySize)
                    #expect(try tokenizer.decode(0..<tokenizer.vocabularySize).count > 4)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > text.count * 7)
    }
}
