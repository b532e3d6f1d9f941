// The normalizers, pre-tokenizers and post-processors of tokenizer.json: which are known, and how others are named.

import Foundation
import Testing
import Tokenizer

@Suite struct TokenizerFormTests {
    static func file(
        normalizer: String = "null", preTokenizer: String = "null", postProcessor: String = "null",
        model: String = "", vocabulary: String = "{\"a\":0,\"b\":1,\"▁\":2,\"▁a\":3,\"<s>\":4}",
        merges: String = "[[\"▁\",\"a\"]]"
    ) throws -> Tokenizer {
        let text = """
            {"normalizer":\(normalizer),
            "pre_tokenizer":\(preTokenizer),
            "post_processor":\(postProcessor),
            "model":{"type":"BPE",\(model)"vocab":\(vocabulary),"merges":\(merges)}}
            """
        return try Tokenizer(serialized: Array(text.utf8), name: "t")
    }

    static let replace = "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"▁\"}"
    static let prepend = "{\"type\":\"Prepend\",\"prepend\":\"▁\"}"
    static let byteLevel = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}"

    static func sequence(_ list: String, _ elements: String...) -> String {
        "{\"type\":\"Sequence\",\"\(list)\":[\(elements.joined(separator: ","))]}"
    }

    static func metaspace(_ rest: String) -> String { "{\"type\":\"Metaspace\",\"replacement\":\"▁\"\(rest)}" }

    @Test(
        arguments: [
            (sequence("normalizers", prepend, replace), "null", "a a", [3, 3]),
            (sequence("normalizers", replace, prepend), sequence("pretokenizers"), "a a", [3, 3]),
            (replace, "null", "a a", [0, 3]),
            (
                replace, "{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\"}",
                " a", [3]
            ),
            (sequence("normalizers", prepend, replace), "null", " a", [2, 3]),
            ("null", metaspace(""), " a a", [3, 3]), ("null", metaspace(""), "a  a", [3, 2, 3]),
            ("null", metaspace(",\"prepend_scheme\":\"first\",\"split\":false"), "a a", [3, 3]),
            ("null", metaspace(",\"prepend_scheme\":\"never\""), "a a", [0, 3]),
            ("null", metaspace(",\"add_prefix_space\":false,\"prepend_scheme\":\"never\""), "a a", [0, 3]),
            ("null", metaspace(",\"add_prefix_space\":true"), "a▁a", [3, 3]),
        ] as [(String, String, String, [Int32])])
    func spacesAreMarked(normalizer: String, preTokenizer: String, text: String, ids: [Int32]) throws {
        let tokenizer = try Self.file(normalizer: normalizer, preTokenizer: preTokenizer)
        #expect(try tokenizer.encode(text) == ids)
        #expect(tokenizer.bytes(of: 3) == Array(" a".utf8))
        let again = try Tokenizer(serialized: tokenizer.serialized())
        #expect(again == tokenizer)
        #expect(try again.encode(text) == ids)
    }

    @Test func aContinuationGetsNoPrefix() throws {
        let tokenizer = try Self.file(normalizer: Self.sequence("normalizers", Self.prepend, Self.replace))
        #expect(try tokenizer.encode("a") == [3])
        #expect(try tokenizer.encode("a", continues: true) == [0])
        #expect(try tokenizer.decode([3, 3]) == Array("a a".utf8))
        #expect(try tokenizer.decode([3, 3], continues: true) == Array(" a a".utf8))
        var decoder = tokenizer.makeStreamingDecoder(continues: true)
        #expect(decoder.append(3) == " a")
        decoder = tokenizer.makeStreamingDecoder()
        #expect([3, 2, 3].map { decoder.append($0) } == ["a", " ", " a"])
    }

    @Test(
        arguments: [
            ("null", nil), (byteLevel, nil), (sequence("processors"), nil),
            (sequence("processors", byteLevel, template("{\"Sequence\":{\"id\":\"A\"}}")), nil),
            (template("{\"SpecialToken\":{\"id\":\"<s>\"}},{\"Sequence\":{\"id\":\"A\"}}"), 4),
            (
                sequence(
                    "processors", byteLevel,
                    template("{\"SpecialToken\":{\"id\":\"<s>\"}},{\"Sequence\":{\"id\":\"A\"}}")), 4
            ),
        ] as [(String, Int?)])
    func aTemplateMayBeginAText(postProcessor: String, begin: Int?) throws {
        let tokenizer = try Self.file(normalizer: Self.replace, postProcessor: postProcessor)
        #expect(tokenizer.beginID == begin && tokenizer.addsBegin == (begin != nil))
        #expect(try tokenizer.encode("a") == [0])
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
    }

    static func template(_ single: String) -> String {
        "{\"type\":\"TemplateProcessing\",\"single\":[\(single)],"
            + "\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[4],\"tokens\":[\"<s>\"]}}}"
    }

    @Test(
        arguments: [
            ("{\"type\":\"Lowercase\"}", "null", "null", "normalizer is \"Lowercase\""),
            (sequence("normalizers", replace, "{\"type\":\"NFKC\"}"), "null", "null", "normalizer is \"NFKC\""),
            (sequence("normalizers", replace, "{\"type\":\"NFC\"}"), "null", "null", "normalizer is \"NFC\""),
            (prepend, "null", "null", "normalizer is \"Prepend\""),
            (replace.replacing("▁", with: "_"), "null", "null", "Replace.content is \"_\""),
            (
                "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"x\"},\"content\":\"▁\"}", "null", "null",
                "Replace.pattern is {\"Regex\":\"x\"}"
            ),
            (replace, byteLevel, "null", "normalizer is \"Replace\""),
            (replace, metaspace(""), "null", "pre_tokenizer is \"Metaspace\""),
            ("null", "{\"type\":\"Whitespace\"}", "null", "pre_tokenizer is \"Whitespace\""),
            ("null", sequence("pretokenizers", byteLevel, byteLevel), "null", "pre_tokenizer is \"ByteLevel\""),
            (
                "null", sequence("pretokenizers", "{\"type\":\"Punctuation\"}", byteLevel), "null",
                "pre_tokenizer is \"Punctuation\""
            ),
            (
                "null", sequence("pretokenizers", "{\"type\":\"Digits\",\"individual_digits\":false}", byteLevel),
                "null",
                "Digits.individual_digits is false"
            ),
            (
                "null", sequence("pretokenizers", "{\"type\":\"Digits\",\"individual_digits\":true}", byteLevel),
                "null",
                "pre_tokenizer is \"Sequence\""
            ),
            (
                "null",
                sequence(
                    "pretokenizers",
                    "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\d+\"},\"behavior\":\"Isolated\"}", byteLevel),
                "null", "Split.pattern is {\"Regex\":\"\\\\d+\"}"
            ),
            (
                "null",
                sequence(
                    "pretokenizers", "{\"type\":\"Digits\",\"individual_digits\":true}",
                    byteLevel.replacing("add_prefix_space\":false", with: "add_prefix_space\":true")), "null",
                "add_prefix_space is true"
            ),
            ("null", metaspace(",\"prepend_scheme\":\"often\""), "null", "Metaspace.prepend_scheme is \"often\""),
            (
                replace, "null", template("{\"Sequence\":{\"id\":\"A\"}},{\"SpecialToken\":{\"id\":\"<s>\"}}"),
                "TemplateProcessing.single is [{\"Sequence\":{\"id\":\"A\"}},{\"SpecialToken\":{\"id\":\"<s>\"}}]"
            ),
            (replace, "null", "{\"type\":\"RobertaProcessing\"}", "post_processor is \"RobertaProcessing\""),
        ] as [(String, String, String, String)])
    func othersAreRefusedByName(
        normalizer: String, preTokenizer: String, postProcessor: String, message: String
    ) throws {
        let error = try #require(throws: TokenizerError.self) {
            try Self.file(normalizer: normalizer, preTokenizer: preTokenizer, postProcessor: postProcessor)
        }
        #expect(error.description.hasSuffix(": " + message + ", which changes the ids and is not supported"))
    }

    @Test func modelsAreRefusedByName() throws {
        for (model, message) in [
            ("\"type\":\"Unigram\"", "model.type is \"Unigram\""),
            ("\"type\":\"WordPiece\"", "model.type is \"WordPiece\""),
        ] {
            let text = "{\"normalizer\":\(Self.replace),\"model\":{\(model),\"vocab\":{},\"merges\":[]}}"
            let error = try #require(throws: TokenizerError.self) { try Tokenizer(serialized: Array(text.utf8)) }
            #expect(error.description.contains(message))
        }
        let error = try #require(throws: TokenizerError.self) {
            try Self.file(normalizer: Self.replace, vocabulary: "{\"a\":0}", merges: "[]")
        }
        #expect(error.description == "t: spaces are written ▁, but the vocabulary has no such token")
    }

    @Test func scoresMustFitTheVocabulary() throws {
        for (scores, message) in [("[1,2]", "2 scores for 5 tokens"), ("[1,2,3,4,\"x\"]", "must be a number")] {
            let error = try #require(throws: TokenizerError.self) {
                try Self.file(normalizer: Self.replace, model: "\"scores\":\(scores),")
            }
            #expect(error.description.contains(message))
        }
        let tokenizer = try Self.file(normalizer: Self.replace, model: "\"scores\":[0,0,-1,-2,0],", merges: "[]")
        #expect(try tokenizer.encode(" a") == [3])
        #expect(tokenizer.mergeCount == 1)
    }

    @Test(arguments: ["Qwen2Tokenizer", "GPT2Tokenizer"]) func twoFilesAreWhoseTheSettingsSay(name: String) throws {
        let folder = try TestTexts.makeFolder([
            "vocab.json": "{\"a\":0,\"1\":1,\"11\":2}", "merges.txt": "1 1",
            "tokenizer_config.json": """
            {"tokenizer_class":"\(name)","added_tokens_decoder":{"3":{"content":"<x>","special":true}}}
            """,
        ])
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokenizer = try Tokenizer(path: folder.path)
        let isQwen = name == "Qwen2Tokenizer"
        #expect(tokenizer.split == (isQwen ? .qwen2 : .gpt2))
        #expect(try tokenizer.encode("11") == (isQwen ? [1, 1] : [2]))
        #expect(tokenizer.specialIDs == (isQwen ? [3] : []))
    }
}
