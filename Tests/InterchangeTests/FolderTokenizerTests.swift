// What the other files of a tokenizer's folder say of the tokens that begin and end a text.

import Foundation
import Interchange
import TestSupport
import Testing
import Tokenizer

@Suite struct FolderTokenizerTests {
    /// A folder with a tokenizer of the 256 bytes and four special tokens: 256 `<|endoftext|>`, 257 `<s>`, 258 `<end>`,
    /// 259 `<turn>`; and of one token that stands for text, 260 `<x>`.
    static func folder(_ files: [String: String] = [:], begins: Bool = false) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try Tokenizer.bytes.write(to: folder.path)
        var text = try String(contentsOfFile: folder.path + "/tokenizer.json", encoding: .utf8)
        let names = ["<s>", "<end>", "<turn>", "<x>"]
        let tokens = names.enumerated().map { place, name in
            "{\"id\":\(257 + place),\"content\":\"\(name)\",\"special\":\(place < 3)}"
        }
        text = text.replacing("\"added_tokens\":[", with: "\"added_tokens\":[" + tokens.joined(separator: ",") + ",")
        if begins {
            let template =
                "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},"
                + "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"special_tokens\":{\"<s>\":{\"ids\":[257]}}}"
            text = text.replacing("\"post_processor\":null", with: "\"post_processor\":" + template)
        }
        try folder.write(text, as: "tokenizer.json")
        for (name, text) in files { try folder.write(text, as: name) }
        return folder
    }

    @Test func aFolderWithoutMoreIsAsItsTokenizerSays() throws {
        let folder = try Self.folder()
        let read = try FolderTokenizer(path: folder.path, endIDs: [])
        #expect(read.tokenizer == (try Tokenizer(path: folder.path)))
        #expect(read.endOfText == "<|endoftext|>" && read.notes.isEmpty && read.template == nil)
        #expect(read.tokenizer.beginID == nil && !read.tokenizer.addsBegin)
    }

    @Test(
        arguments: [
            // The config names one, and that wins.
            ("258", nil, nil, 258, [258]), ("258", "<turn>", nil, 258, [258]), ("null", "<turn>", nil, nil, [259]),
            // Of several the tokenizer's own comes first; generation may know more.
            ("[258,259]", "<turn>", nil, 258, [259, 258]), ("[258,259]", nil, nil, 258, [258, 259]),
            ("258", nil, "[258,259,7,256]", 258, [258, 259, 256]), ("258", nil, "259", 258, [258, 259]),
            // A token that stands for text ends one where the config says so.
            ("260", nil, nil, 260, [260]),
        ] as [(String, String?, String?, Int?, [Int])])
    func severalTokensEndAText(
        config: String, named: String?, generation: String?, given: Int?, ends: [Int]
    ) throws {
        var files = ["config.json": "{\"eos_token_id\":\(config)}"]
        files["tokenizer_config.json"] = named.map { "{\"eos_token\":\"\($0)\"}" }
        files["generation_config.json"] = generation.map { "{\"eos_token_id\":\($0)}" }
        let folder = try Self.folder(files)
        let ids = config.split { !$0.isNumber }.compactMap { Int($0) }
        #expect(ids.first == given)
        let read = try FolderTokenizer(path: folder.path, endIDs: ids)
        #expect(read.tokenizer.endIDs == ends)
        #expect(read.notes.isEmpty)
    }

    @Test(
        arguments: [
            ("{}", false, nil, false), ("{}", true, 257, true), ("{\"bos_token\":\"<s>\"}", false, 257, false),
            ("{\"bos_token\":{\"content\":\"<s>\"},\"add_bos_token\":true}", false, 257, true),
            ("{\"bos_token\":\"<s>\",\"add_bos_token\":false}", true, 257, false),
            ("{\"add_bos_token\":false,\"tokenizer_class\":\"PreTrainedTokenizerFast\"}", true, 257, true),
            // GPT-2's way: one token does both.
            ("{\"bos_token\":\"<|endoftext|>\"}", false, nil, false), ("{\"add_bos_token\":true}", false, nil, false),
        ] as [(String, Bool, Int?, Bool)])
    func aTokenBeginsAText(settings: String, begins: Bool, id: Int?, adds: Bool) throws {
        let folder = try Self.folder(["tokenizer_config.json": settings], begins: begins)
        let read = try FolderTokenizer(path: folder.path, endIDs: [])
        #expect(read.tokenizer.beginID == id)
        #expect(read.tokenizer.addsBegin == adds)
        #expect(try Tokenizer(serialized: read.tokenizer.serialized()) == read.tokenizer)
    }

    @Test func addedTokensWithoutARowAreDropped() throws {
        let folder = try Self.folder(["config.json": "{\"vocab_size\":259}"])
        let read = try FolderTokenizer(path: folder.path, endIDs: [258])
        #expect(read.tokenizer.vocabularySize == 259 && read.tokenizer.endIDs == [258])
        #expect(read.notes == ["2 added tokens from id 259 on have no row in the embedding and are not used"])
        // Not where one of them is needed.
        let needed = try FolderTokenizer(path: folder.path, endIDs: [259])
        #expect(needed.tokenizer.vocabularySize == 261 && needed.notes.isEmpty)
    }
}
