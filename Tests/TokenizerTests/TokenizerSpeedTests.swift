// Bounds on time: no text makes encoding quadratic, and ordinary work stays fast.

import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite(.serialized) struct TokenizerSpeedTests {
    static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let duration = try ContinuousClock().measure(work)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    @Test(arguments: ["a", " ", "\n", "0", ".", "😀", "👨‍👩‍👧", "あ", "e\u{301}", "ab", " a", "'s", "\u{FFFD}"])
    func halfAMegabyteOfOneThing(unit: String) throws {
        let tokenizers = try [
            TestTexts.makeTokenizer(), TestTexts.makeTokenizer(split: .none),
            TestData.isAvailable ? Tokenizer(path: TestData.path("gpt2-tokenizer")) : TestTexts.makeTokenizer(),
        ]
        let text = Array(String(repeating: unit, count: (512 << 10) / unit.utf8.count).utf8)
        for tokenizer in tokenizers {
            var ids: [Int32] = []
            #expect(try Self.seconds { ids = try tokenizer.encode(text) } < 1)
            #expect(try tokenizer.decode(ids) == text)
        }
    }

    @Test(arguments: ReferenceTokenizer.names)
    func halfAMegabyteOfOneThingInEveryKind(name: String) throws {
        let tokenizer = try ReferenceTokenizer(name).tokenizer
        for unit in ["a", " ", "\n", "0", "\u{301}", "e\u{301}", " a", "<mask>", "▁", "\u{1100}\u{1161}", "😀", " <"] {
            let text = Array(String(repeating: unit, count: (512 << 10) / unit.utf8.count).utf8)
            var ids: [Int32] = []
            #expect(try Self.seconds { ids = try tokenizer.encode(text, findsSpecialTokens: true) } < 2, "\(unit)")
            #expect(!ids.isEmpty)
        }
    }

    @Test func halfAMegabyteOfInvalidBytes() throws {
        let tokenizer = try TestTexts.makeTokenizer()
        for byte in [0x80, 0xC3, 0xFF, 0x00] as [UInt8] {
            let text = [UInt8](repeating: byte, count: 512 << 10)
            var ids: [Int32] = []
            #expect(try Self.seconds { ids = try tokenizer.encode(text) } < 1)
            #expect(try tokenizer.decode(ids) == text)
        }
    }

    @Test func manyShortTextsIntoOneArray() throws {
        let tokenizer = try TestTexts.makeTokenizer()
        let line = Array("the rain".utf8)
        var ids: [Int32] = []
        let seconds = try Self.seconds {
            for _ in 0..<200_000 { try line.withUnsafeBufferPointer { try tokenizer.encode($0, into: &ids) } }
        }
        #expect(seconds < 1)
    }

    @Test(.enabled(if: TestData.isAvailable, "\(TestData.absence)"))
    func aNovelInGPT2sVocabulary() throws {
        let text = try TestTexts.contents("corpus-100-english-novels/Dickens_Bleak_1853.txt")
        let tokenizer = try Tokenizer(path: TestData.path("gpt2-tokenizer"))
        var best = Double.infinity
        for _ in 0..<5 { best = min(best, try Self.seconds { _ = try tokenizer.encode(text) }) }
        // A fifth of what an idle core does, so that a busy machine passes.
        #expect(Double(text.count) / best > 30e6)
    }

    @Test(.enabled(if: TestData.isAvailable, "\(TestData.absence)"))
    func eightThousandTokensFromFifteenMegabytes() throws {
        let folder = TestData.path("corpus-100-english-novels")
        var texts: [[UInt8]] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        where name.hasSuffix(".txt") && texts.reduce(0, { $0 + $1.count }) < 15_000_000 {
            texts.append(try TestTexts.contents("corpus-100-english-novels/" + name))
        }
        var size = 0
        let seconds = try Self.seconds {
            size = try Tokenizer.train(on: texts, vocabularySize: 8192, threads: 2).vocabularySize
        }
        #expect(size == 8192)
        #expect(seconds < 1.8)
    }
}
