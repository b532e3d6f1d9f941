// Encoding against slow and obvious implementations, on any bytes and of any length.

import Testing
import Tokenizer

@Suite struct EncodingTests {
    /// Merges the lowest-ranked pair, of equals the leftmost, until none is left.
    static func obviousMerge(_ piece: ArraySlice<UInt8>, learned: [LearnedMerge]) -> [Int32] {
        var ids = piece.map { Int32($0) }
        for merge in learned {
            var place = 0
            while place + 1 < ids.count {
                if ids[place] == merge.left, ids[place + 1] == merge.right {
                    ids.replaceSubrange(place...place + 1, with: [merge.id])
                }
                place += 1
            }
        }
        return ids
    }

    @Test(
        arguments: [
            ("", []), ("a", [1]), (" ", [1]), ("   ", [3]), ("a b", [1, 3]), ("a  b", [1, 2, 4]), ("a   b", [1, 3, 5]),
            ("a\n\nb", [1, 2, 3, 4]), ("a \nb", [1, 2, 3, 4]), ("a\n b", [1, 2, 4]), ("it's", [2, 4]),
            ("'sassy", [2, 6]),
            ("we'll've", [2, 5, 8]), ("'S", [1, 2]), ("'l", [1, 2]), (" 's", [2, 3]), ("a1.b", [1, 2, 3, 4]),
            ("ab12 34..!", [2, 4, 7, 10]), ("x \u{3000}y", [1, 2, 5, 6]), ("é\u{301}a", [2, 4, 5]),
            ("abcdefgh ijklmnopqrstuvwxyz", [8, 27]), ("trailing  ", [8, 10]), ("don\u{2019}t", [3, 6, 7]),
        ] as [(String, [Int])])
    func cutsAsThePatternDoes(text: String, ends: [Int]) {
        #expect(Tokenizer.pieceEnds(of: Array(text.utf8)) == ends)
        #expect(ObviousSplit.pieceEnds(of: text) == ends)
    }

    @Test(
        arguments: [
            ("1234567", [3, 6, 7]), (" 12", [1, 3]), ("it'S", [2, 4]), ("'LLa", [3, 4]), ("'ſa", [3, 4]), ("'L", [2]),
            ("a!\n\nb", [1, 4, 5]), ("!\r\n ", [3, 4]), (" !a", [2, 3]), ("\tab", [3]), ("(ab", [3]), ("((ab", [2, 4]),
            ("  \n  a", [3, 4, 6]), ("\na", [1, 2]), ("a \n\n  ", [1, 4, 6]), ("\u{A0}a", [3]), ("½²³Ⅷ", [6, 9]),
            ("\u{301}a", [3]), ("  1", [1, 2, 3]), (" \t!", [1, 2, 3]), ("\t !", [1, 3]),
        ] as [(String, [Int])])
    func cutsAsLlama3sPatternDoes(text: String, ends: [Int]) {
        #expect(Tokenizer.pieceEnds(of: Array(text.utf8), split: .llama3) == ends)
        #expect(ObviousSplit.pieceEnds(of: text, split: .llama3) == ends)
    }

    @Test(
        arguments: [
            ("123", [1, 2, 3]), (" 12", [1, 2, 3]), ("a  1", [1, 3, 4]), ("  a", [1, 3]), ("½a²", [2, 3, 5]),
            ("1 \n 2", [1, 4, 5]), ("a1!", [1, 2, 3]), ("\u{11DE1}\u{11DE2}", [4, 8]),
        ] as [(String, [Int])])
    func isolatesDigits(text: String, ends: [Int]) {
        #expect(Tokenizer.pieceEnds(of: Array(text.utf8), split: .smollm) == ends)
        #expect(ObviousSplit.pieceEnds(of: text, split: .smollm) == ends)
    }

    @Test(arguments: Tokenizer.Split.allCases) func aSplitHasOneName(split: Tokenizer.Split) {
        #expect(Tokenizer.Split(rawValue: split.rawValue) == split)
        #expect(Tokenizer.Split(rawValue: split.rawValue + "x") == nil)
    }

    @Test(arguments: Tokenizer.Split.allCases) func cutsRandomTextsAsThePatternDoes(split: Tokenizer.Split) {
        var generator = SeededGenerator(state: 1)
        for _ in 0..<3000 {
            let text = TestTexts.randomText(&generator, count: Int.random(in: 0...120, using: &generator))
            let ends = Tokenizer.pieceEnds(of: Array(text.utf8), split: split)
            #expect(ends == ObviousSplit.pieceEnds(of: text, split: split), "\(text.debugDescription)")
        }
    }

    @Test(arguments: Tokenizer.Split.allCases) func cutsEveryCharacterAsThePatternDoes(split: Tokenizer.Split) {
        for value in UInt32(0)...0x10FFFF {
            // Nothing is assigned between these planes.
            if (0x40000..<0xE0000).contains(value) { continue }
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = "a" + String(scalar) + "1" + String(scalar)
            let ends = Tokenizer.pieceEnds(of: Array(text.utf8), split: split)
            guard ends == ObviousSplit.pieceEnds(of: text, split: split) else {
                Issue.record("U+\(String(value, radix: 16))")
                return
            }
        }
    }

    @Test func invalidBytesAreNeitherLettersNorNumbersNorSpaces() {
        // A truncated é, an overlong slash, half a surrogate pair, a byte that never occurs: each joins the full stop.
        for invalid in [[0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF], [0xF4, 0x90, 0x80, 0x80]] as [[UInt8]] {
            let text = Array("ab".utf8) + invalid + Array(". c".utf8)
            #expect(Tokenizer.pieceEnds(of: text) == [2, 3 + invalid.count, 5 + invalid.count])
        }
    }

    @Test(arguments: Tokenizer.Split.allCases)
    func mergesAsTheRanksSay(split: Tokenizer.Split) throws {
        let text = Array(TestTexts.rhyme.utf8)
        let learned = try Tokenizer.learnMerges(from: [text], vocabularySize: 400, split: split, threads: 1)
        let tokenizer = try Tokenizer.train(on: [text], vocabularySize: 400, split: split)
        var generator = SeededGenerator(state: 2)
        for round in 0..<400 {
            // Words of the rhyme glued together make pieces beyond the bounds of the cache and of the plain search.
            let words = TestTexts.rhyme.split(whereSeparator: { $0 == " " || $0 == "\n" })
            let count = Int.random(in: 0...60, using: &generator)
            let separator = round % 2 == 0 ? "" : " "
            let chosen = (0..<count).compactMap { _ in words.randomElement(using: &generator) }
            let text = Array(chosen.joined(separator: separator).utf8)
            let ends = Tokenizer.pieceEnds(of: text, split: split)
            var expected: [Int32] = []
            var start = 0
            for end in ends {
                expected += Self.obviousMerge(text[start..<end], learned: learned)
                start = end
            }
            #expect(try tokenizer.encode(text) == expected)
        }
    }

    /// In a run of one letter every pair is equal: the leftmost is merged first, in short pieces and in long ones.
    @Test(arguments: [2, 3, 5, 99, 1001, 40_001])
    func runsMergeFromTheLeft(count: Int) throws {
        let tokenizer = try Tokenizer.train(on: [Array("aa aa".utf8)], vocabularySize: 258, split: .none)
        try #require(tokenizer.bytes(of: 256) == Array("aa".utf8))
        let ids = try tokenizer.encode([UInt8](repeating: 0x61, count: count))
        let expected = [Int32](repeating: 256, count: count / 2) + (count % 2 == 1 ? [0x61] : [])
        #expect(ids.elementsEqual(expected))
    }

    @Test(arguments: Tokenizer.Split.allCases)
    func anyBytesComeBack(split: Tokenizer.Split) throws {
        let tokenizer = try TestTexts.makeTokenizer(split: split)
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let ids = try tokenizer.encode([first, second])
                guard try tokenizer.decode(ids) == [first, second] else {
                    Issue.record("\(first) \(second)")
                    return
                }
            }
        }
        var generator = SeededGenerator(state: 3)
        for _ in 0..<2000 {
            let bytes = TestTexts.randomBytes(&generator, count: Int.random(in: 0...300, using: &generator))
            #expect(try tokenizer.decode(tokenizer.encode(bytes)) == bytes)
        }
    }

    @Test func theBytesAloneAreATokenizer() throws {
        let tokenizer = Tokenizer.bytes
        #expect(tokenizer.vocabularySize == 257)
        #expect(tokenizer.endOfTextID == 256)
        let all = Array(UInt8.min...UInt8.max)
        #expect(try tokenizer.encode(all) == (0..<256).map { Int32($0) })
        #expect(try tokenizer.decode(tokenizer.encode(all + all)) == all + all)
        #expect(try tokenizer.encode("") == [])
    }

    @Test func specialTextIsOrdinaryText() throws {
        let tokenizer = try TestTexts.makeTokenizer()
        let end = try #require(tokenizer.endOfTextID).self
        let ids = try tokenizer.encode("a<|endoftext|>b")
        #expect(!ids.contains(Int32(end)))
        #expect(try tokenizer.decode(ids) == Array("a<|endoftext|>b".utf8))
        #expect(try tokenizer.decode([Int32(end)]) == Array("<|endoftext|>".utf8))
    }

    @Test func encodingAppends() throws {
        let tokenizer = try TestTexts.makeTokenizer()
        var ids: [Int32] = [7]
        try Array("the rain".utf8).withUnsafeBufferPointer { try tokenizer.encode($0, into: &ids) }
        #expect(try ids == [7] + tokenizer.encode("the rain"))
        try [UInt8]().withUnsafeBufferPointer { try tokenizer.encode($0, into: &ids) }
        #expect(try ids == [7] + tokenizer.encode("the rain"))
    }

    @Test func theOrderOfTextsAndTheCacheChangeNothing() async throws {
        // A vocabulary of few merges keeps long sequences in the cache; 100,000 words overflow it many times.
        let tokenizer = try TestTexts.makeTokenizer(vocabularySize: 280)
        let words = (0..<100_000).map { " word\($0 &* 2_654_435_761 % 1_000_003)" }
        let expected = try words.map { try tokenizer.encode($0) }
        let again = try TestTexts.makeTokenizer(vocabularySize: 280)
        #expect(try again.encode(words.joined()) == expected.flatMap { $0 })
        try await withThrowingTaskGroup(of: [Int32].self) { group in
            for _ in 0..<4 { group.addTask { try tokenizer.encode(words.joined()) } }
            for try await ids in group { #expect(ids == expected.flatMap { $0 }) }
        }
    }

    @Test func unknownIDsAreRefused() throws {
        let tokenizer = Tokenizer.bytes
        for id in [-1, 257, Int.max, Int.min] {
            let error = try #require(throws: TokenizerError.self) { try tokenizer.decode([id]) }
            let shown = Int(Int32(clamping: id))
            #expect(error.description == "\(shown) is not the id of a token; the vocabulary has ids from 0 to 256")
        }
    }
}
