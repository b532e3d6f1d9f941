// GPT-2's vocabulary gives the published ids, whichever form its files have.

import Foundation
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite(.enabled(if: TestData.isAvailable, "\(TestData.absence)"))
struct PublishedVectorTests {
    @Test(arguments: [["tokenizer.json"], ["vocab.json", "merges.txt"], ["encoder.json", "vocab.bpe"]])
    func everyFormGivesThePublishedIDs(files: [String]) throws {
        let folder = try TestTexts.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for file in files {
            try FileManager.default.copyItem(
                atPath: TestData.path("gpt2-tokenizer/" + file), toPath: folder.appendingPathComponent(file).path)
        }
        let tokenizer = try Tokenizer(path: folder.path)
        #expect(tokenizer.vocabularySize == 50257)
        #expect(tokenizer.endOfTextID == 50256)
        #expect(tokenizer.mergeCount == 50000)
        #expect(tokenizer.bytes(of: 35496).count == 128)
        let vectors = try Self.publishedVectors()
        #expect(vectors.count == 157)
        for vector in vectors {
            #expect(try tokenizer.encode(vector.text) == vector.ids, "\(vector.text)")
            #expect(try tokenizer.decode(vector.ids) == Array(vector.text.utf8))
        }
    }

    static func publishedVectors() throws -> [(text: String, ids: [Int32])] {
        let bytes = try TestTexts.contents("gpt2-tokenizer-vectors/gpt2_vectors.jsonl")
        return try bytes.split(separator: 0x0A).map { line in
            let vector = try JSONText.parse(Array(line)).object
            let ids = vector?["ids"]?.array?.compactMap(\.integer).map { Int32($0) }
            return (vector?["text"]?.string ?? "", ids ?? [])
        }
    }

    @Test func allFormsAreEqualAndSurviveSerialization() throws {
        let fromJSON = try Tokenizer(path: TestData.path("gpt2-tokenizer/tokenizer.json"))
        let again = try Tokenizer(serialized: fromJSON.serialized())
        #expect(again == fromJSON)
        #expect(again.serialized() == fromJSON.serialized())
        let folder = try TestTexts.makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try fromJSON.write(to: folder.path)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("tokenizer.json"))
        #expect(try Tokenizer(path: folder.path) == fromJSON)
    }

    @Test func tinyShakespeareHasThePublishedNumberOfTokens() throws {
        let folder = URL(fileURLWithPath: TestData.path("corpus-tinyshakespeare"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let name = try #require(names.first { $0.hasSuffix(".txt") })
        let text = try TestTexts.contents("corpus-tinyshakespeare/" + name)
        let cut = String(decoding: text, as: UTF8.self).utf8.count * 9 / 10
        let tokenizer = try Tokenizer(path: TestData.path("gpt2-tokenizer"))
        #expect(try tokenizer.encode(Array(text[..<cut])).count == 301_966)
        #expect(try tokenizer.encode(Array(text[cut...])).count == 36_059)
    }

    @Test(arguments: ["corpus-stress", "corpus-nltk/udhr2"])
    func everyFileComesBackByteForByte(folder: String) throws {
        let gpt2 = try Tokenizer(path: TestData.path("gpt2-tokenizer"))
        let small = try TestTexts.makeTokenizer()
        let names = try FileManager.default.contentsOfDirectory(atPath: TestData.path(folder))
        for name in names {
            let text = try TestTexts.contents(folder + "/" + name)
            let ids = try gpt2.encode(text)
            #expect(try gpt2.decode(ids) == text, "\(name)")
            #expect(try small.decode(small.encode(text)) == text, "\(name)")
            var decoder = gpt2.makeStreamingDecoder()
            var streamed = ids.map { decoder.append(Int($0)) }.joined()
            streamed += decoder.finish()
            #expect(Array(streamed.utf8) == Array(String(decoding: text, as: UTF8.self).utf8), "\(name)")
        }
        #expect(names.count > (folder == "corpus-stress" ? 3 : 387))
    }

    @Test(arguments: ["lmj9", "vkerem0-turkish-names"])
    func aVocabularyOfLettersLacksTheOtherBytes(name: String) throws {
        let tokenizer = try Tokenizer(path: TestData.path("weights-makemore/\(name)/hf"))
        let end = try #require(tokenizer.endOfTextID)
        #expect(tokenizer.bytes(of: end) == Array("<|endoftext|>".utf8))
        #expect(tokenizer.vocabularySize == 27)
        let ids = try tokenizer.encode("emma")
        #expect(ids.count == 4)
        #expect(try tokenizer.decode(ids) == Array("emma".utf8))
        let error = try #require(throws: TokenizerError.self) { try tokenizer.encode("emma Q") }
        #expect(error.description == "the vocabulary has no token for the byte 0x20 at offset 4 of the text")
    }
}
