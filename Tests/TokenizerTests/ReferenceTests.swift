// Tokenizers of every kind give the ids that Hugging Face's tokenizers give.

import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizer

/// What Tests/Fixtures/make_tokenizers.py has written.
struct ReferenceTokenizer {
    static let names = [
        "gpt2-prefix", "gpt2-added", "smollm", "smollm-unknown", "llama3", "qwen2", "neox", "tinyllama", "gemma",
        "metaspace-first", "metaspace-always", "metaspace-unknown", "marked-some-bytes",
    ]

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: TestData.fixture("tokenizers/" + name))))
    }

    static func texts() throws -> [String] {
        try JSONText.parse(bytes("texts.json")).array?.compactMap(\.string) ?? []
    }

    static func ids(_ node: JSONNode?) -> [Int32] {
        var ids: [Int32] = []
        for element in node?.array ?? [] { ids.append(Int32(element.integer ?? -1)) }
        return ids
    }

    let tokenizer: Tokenizer
    private let expected: JSONObject

    init(_ name: String) throws {
        tokenizer = try Tokenizer(serialized: Self.bytes(name + ".json"), name: name)
        expected = try #require(JSONText.parse(Self.bytes(name + ".ids.json")).object)
    }

    func ids(_ text: Int) -> [Int32] { Self.ids(expected["ids"]?.array?[text]) }

    func idsWithSpecialTokens(_ text: Int) -> [Int32] {
        expected["special"]?.object?["\(text)"].map { Self.ids($0) } ?? ids(text)
    }

    func decoded(_ text: Int) -> String? { expected["decoded"]?.object?["\(text)"]?.string }
}

@Suite struct ReferenceTests {
    @Test(arguments: ReferenceTokenizer.names) func givesTheSameIDs(name: String) throws {
        let reference = try ReferenceTokenizer(name)
        let texts = try ReferenceTokenizer.texts()
        #expect(texts.count == 220)
        for (number, text) in texts.enumerated() {
            let shown = Comment(rawValue: text.debugDescription)
            #expect(try reference.tokenizer.encode(text) == reference.ids(number), shown)
            let found = try reference.tokenizer.encode(text, findsSpecialTokens: true)
            #expect(found == reference.idsWithSpecialTokens(number), shown)
        }
    }

    @Test(arguments: ReferenceTokenizer.names) func decodesAsTheirs(name: String) throws {
        let reference = try ReferenceTokenizer(name)
        for (number, text) in try ReferenceTokenizer.texts().enumerated() {
            let expected = reference.decoded(number) ?? text
            // Bytes that are no text are repaired here and there in different ways.
            if expected.contains("\u{FFFD}") { continue }
            let ids = reference.ids(number)
            let decoded = String(decoding: try reference.tokenizer.decode(ids), as: UTF8.self)
            #expect(decoded.utf8.elementsEqual(expected.utf8), "\(text.debugDescription)")
            var stream = reference.tokenizer.makeStreamingDecoder()
            let streamed = ids.map { stream.append(Int($0)) }.joined() + stream.finish()
            #expect(streamed.utf8.elementsEqual(decoded.utf8))
        }
    }

    @Test(arguments: ReferenceTokenizer.names) func whatIsWrittenIsReadBack(name: String) throws {
        let reference = try ReferenceTokenizer(name)
        let bytes = reference.tokenizer.serialized()
        let again = try Tokenizer(serialized: bytes)
        #expect(again == reference.tokenizer)
        #expect(again.serialized() == bytes)
        for (number, text) in try ReferenceTokenizer.texts().enumerated() {
            #expect(try again.encode(text) == reference.ids(number))
        }
    }

    /// A long text meets the cache, cuts at the ends of blocks and long pieces.
    @Test(arguments: ReferenceTokenizer.names.filter { $0 != "gpt2-prefix" })
    func aLongTextIsTheSumOfItsLines(name: String) throws {
        let reference = try ReferenceTokenizer(name)
        let lines = try ReferenceTokenizer.texts().filter { $0.contains(" ") && !$0.contains("\0") }
        var generator = SeededGenerator(state: 5)
        var pieces: [String] = []
        var expected: [Int32] = []
        for _ in 0..<2000 {
            // A special token on either side keeps the lines apart.
            let special = try #require(reference.tokenizer.specialIDs.first)
            let line = try #require(lines.randomElement(using: &generator))
            let continues = name == "metaspace-first" && !pieces.isEmpty
            expected += try reference.tokenizer.encode(line, findsSpecialTokens: true, continues: continues)
            expected.append(Int32(special))
            pieces += [line, String(decoding: reference.tokenizer.bytes(of: special), as: UTF8.self)]
        }
        #expect(try reference.tokenizer.encode(pieces.joined(), findsSpecialTokens: true) == expected)
    }
}

@Suite struct ScoredTokenizerTests {
    static func vocabulary() throws -> (GGUFVocabulary, JSONObject) {
        let scored = try #require(try JSONText.parse(ReferenceTokenizer.bytes("scored.json")).object)
        var tokens: [[UInt8]] = []
        for token in try #require(scored["tokens"]?.array) { tokens.append(Array((token.string ?? "").utf8)) }
        var scores: [Float] = []
        for score in try #require(scored["scores"]?.array) { scores.append(Float(score.number ?? .nan)) }
        var vocabulary = GGUFVocabulary(model: "llama", tokens: tokens, endIDs: [2])
        vocabulary.types = ReferenceTokenizer.ids(scored["types"])
        vocabulary.scores = scores
        vocabulary.beginID = 1
        return (vocabulary, scored)
    }

    @Test func givesTheIDsOfSentencePiece() throws {
        let (vocabulary, scored) = try Self.vocabulary()
        let tokenizer = try Tokenizer(gguf: vocabulary)
        let texts = try ReferenceTokenizer.texts()
        let asked = ReferenceTokenizer.ids(scored["asked"])
        #expect(asked.count == 194)
        for (place, number) in asked.enumerated() {
            let expected = ReferenceTokenizer.ids(scored["ids"]?.array?[place])
            #expect(try tokenizer.encode(texts[Int(number)]) == expected, "\(texts[Int(number)].debugDescription)")
        }
        #expect(tokenizer.endIDs == [2] && tokenizer.beginID == 1 && tokenizer.addsBegin)
        #expect(tokenizer.specialIDs == [0, 1, 2])
        let again = try Tokenizer(serialized: tokenizer.serialized())
        #expect(again == tokenizer)
        #expect(again.serialized() == tokenizer.serialized())
    }
}
