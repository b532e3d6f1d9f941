// Training against the published log, and against recounting everything at every step.

import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct TrainingTests {
    /// Counts all pairs anew for each merge; of the most frequent ones the first in the texts.
    static func obviousMerges(_ pieces: [ArraySlice<UInt8>], limit: Int) -> [LearnedMerge] {
        var sequences = pieces.map { $0.map { Int32($0) } }
        var learned: [LearnedMerge] = []
        while learned.count < limit {
            var counts: [[Int32]: Int] = [:]
            var order: [[Int32]] = []
            for sequence in sequences where sequence.count > 1 {
                for place in 0..<sequence.count - 1 {
                    let pair = [sequence[place], sequence[place + 1]]
                    if counts[pair, default: 0] == 0 { order.append(pair) }
                    counts[pair, default: 0] += 1
                }
            }
            let most = counts.values.max() ?? 0
            guard most >= 2, let pair = order.first(where: { counts[$0] == most }) else { break }
            let merge = LearnedMerge(left: pair[0], right: pair[1], id: Int32(256 + learned.count), count: most)
            learned.append(merge)
            for index in sequences.indices {
                var merged: [Int32] = []
                for id in sequences[index] { merged.append(id) }
                var place = 0
                while place + 1 < merged.count {
                    if merged[place] == merge.left, merged[place + 1] == merge.right {
                        merged.replaceSubrange(place...place + 1, with: [merge.id])
                    }
                    place += 1
                }
                sequences[index] = merged
            }
        }
        return learned
    }

    @Test(.enabled(if: TestData.isAvailable, "\(TestData.absence)"))
    func givesThePublishedMerges() throws {
        let text = try TestTexts.contents("bpe-training-reference/taylorswift.txt")
        let learned = try Tokenizer.learnMerges(from: [text], vocabularySize: 513, split: .none, threads: 2)
        let log = String(
            decoding: try TestTexts.contents("bpe-training-reference/merges_basic_256.jsonl"), as: UTF8.self)
        let published = try log.split(separator: "\n").map { line -> LearnedMerge in
            let step = try #require(try JSONText.parse(String(line)).object)
            let pair = try #require(step["pair"]?.array).compactMap(\.integer)
            return LearnedMerge(
                left: Int32(pair[0]), right: Int32(pair[1]), id: Int32(try #require(step["id"]?.integer)),
                count: try #require(step["count"]?.integer))
        }
        #expect(published.count == 256)
        #expect(learned == published)
    }

    @Test(arguments: Tokenizer.Split.allCases)
    func countsAsRecountingDoes(split: Tokenizer.Split) throws {
        var generator = SeededGenerator(state: 5)
        for round in 0..<120 {
            // Few different characters make many overlaps and ties.
            let alphabet = Array(["ab", "ab ", "aab c\n", "xyz'sé "][round % 4].utf8)
            let texts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                (0..<Int.random(in: 0...150, using: &generator)).compactMap { _ in
                    alphabet.randomElement(using: &generator)
                }
            }
            var pieces: [ArraySlice<UInt8>] = []
            for text in texts {
                var start = 0
                for end in Tokenizer.pieceEnds(of: text, split: split) {
                    pieces.append(text[start..<end])
                    start = end
                }
            }
            let expected = Self.obviousMerges(pieces, limit: 40)
            let learned = try Tokenizer.learnMerges(from: texts, vocabularySize: 297, split: split, threads: 1)
            #expect(learned == expected, "\(texts.map { String(decoding: $0, as: UTF8.self).debugDescription })")
        }
    }

    @Test func theNumberOfThreadsChangesNothing() throws {
        var generator = SeededGenerator(state: 6)
        var texts = (0..<3).map { _ in Array(TestTexts.randomText(&generator, count: 150_000).utf8) }
        texts.append([])
        texts.append(Array(String(repeating: "a", count: 100_000).utf8))
        let one = try Tokenizer.train(on: texts, vocabularySize: 600, threads: 1)
        for threads in [2, 3, 8, 0] {
            #expect(try Tokenizer.train(on: texts, vocabularySize: 600, threads: threads) == one)
        }
        #expect(one.vocabularySize == 600)
    }

    @Test func idsAreBytesThenMergesThenTheEnd() throws {
        let tokenizer = try Tokenizer.train(on: [Array("aaabdaaabac".utf8)], vocabularySize: 260, split: .none)
        #expect((0..<256).map { tokenizer.bytes(of: $0) } == (UInt8.min...UInt8.max).map { [$0] })
        #expect(
            (256..<260).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) } == [
                "aa", "aaa", "aaab", "<|endoftext|>",
            ])
        #expect(tokenizer.endOfTextID == 259)
        #expect(tokenizer.specialIDs == [259])
        #expect(try tokenizer.encode("aaabdaaabac") == [258, 100, 258, 97, 99])
    }

    @Test func stopsWhereNothingRepeats() throws {
        let tokenizer = try Tokenizer.train(on: [Array("abcabc".utf8)], vocabularySize: 1000, split: .none)
        #expect(tokenizer.vocabularySize == 259)
        #expect(try Tokenizer.train(on: [], vocabularySize: 1000).vocabularySize == 257)
        #expect(try Tokenizer.train(on: [[]], vocabularySize: 1000, split: .none).vocabularySize == 257)
        #expect(try Tokenizer.train(on: [[65]], vocabularySize: 1000).vocabularySize == 257)
    }

    @Test func noTokenGrowsBeyondTheBound() throws {
        let text = [UInt8](repeating: 97, count: 1 << 20)
        let tokenizer = try Tokenizer.train(on: [text], vocabularySize: 2000, split: .none)
        let longest = (0..<tokenizer.vocabularySize).map { tokenizer.bytes(of: $0).count }.max()
        #expect(longest == 1024)
        #expect(try Tokenizer(serialized: tokenizer.serialized()) == tokenizer)
    }

    @Test(arguments: [0, 256, 1_048_577, -1, Int.max])
    func refusesImpossibleSizes(size: Int) throws {
        let error = try #require(throws: TokenizerError.self) { try Tokenizer.train(on: [], vocabularySize: size) }
        #expect(
            error.description
                == "a vocabulary of \(size) tokens cannot be trained; the size must be from 257 to 1048576")
    }
}
