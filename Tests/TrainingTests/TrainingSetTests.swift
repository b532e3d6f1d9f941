// The order of the training text: all of it once an epoch, another order each time, the same for the same seed.

import Datasets
import TestSupport
import Testing
import Training

@Suite struct TrainingSetTests {
    /// Documents shorter than a window, as long as one, and longer.
    static func set(shuffles: Bool = true, seed: UInt64 = 1, contextLength: Int = 8) throws -> TrainingSet {
        let text = try TinyTraining.text("ab\n123456789\n1234567890\n" + TinyText.lines(6))
        return TrainingSet(text, contextLength: contextLength, shuffles: shuffles, seed: seed)
    }

    @Test(arguments: [true, false], [1, 2, 8, 500])
    func everyPredictionOnceAnEpoch(shuffles: Bool, contextLength: Int) throws {
        let set = try Self.set(shuffles: shuffles, contextLength: contextLength)
        let expected = set.text.sources.flatMap { Array($0.tokens.dropFirst()) }
        #expect(expected.count == set.text.predictionCount)
        for epoch in 0..<6 {
            let windows = set.windows(epoch: epoch)
            #expect(windows.count == set.windowCount(epoch: epoch))
            #expect(windows.allSatisfy { $0.count >= 1 && $0.count <= contextLength && $0.skipped == 0 })
            #expect(windows.flatMap { Array(($0.start + 1)...($0.start + $0.count)) }.sorted() == expected)
        }
    }

    /// What memory is reckoned by: the longest rows, not the context, unless a stream fills it.
    @Test func theLongestWindowsBoundABatch() throws {
        let set = try Self.set()
        for count in [1, 3, 1000] {
            let longest = (0..<4).map { epoch in
                set.windows(epoch: epoch).map(\.count).sorted(by: >).prefix(count).reduce(0, +)
            }
            #expect(longest.allSatisfy { $0 == set.mostTokens(inWindows: count) }, "\(count): \(longest)")
        }
        let rows = TrainingSet(
            try TinyTraining.text("one\nseven more\nx y\n"), contextLength: 64, shuffles: true, seed: 1)
        #expect(rows.mostTokens(inWindows: 2) < 20)
        let stream = try TinyTraining.text(String(repeating: "a stream ", count: 9), format: .text)
        let streamed = TrainingSet(stream, contextLength: 8, shuffles: true, seed: 1)
        #expect(streamed.mostTokens(inWindows: 2) == 16 && streamed.mostTokens(inWindows: 100) == stream.tokens.count)
    }

    @Test func theOrderIsAFunctionOfSeedAndEpoch() throws {
        let set = try Self.set()
        let epochs = (0..<5).map { set.windows(epoch: $0) }
        for first in 0..<5 {
            for second in 0..<first { #expect(epochs[first] != epochs[second], "epochs \(second) and \(first)") }
        }
        // In a stream the cuts move as well, not only the order; documents are cut the same way each time.
        #expect(Set(epochs.map { Set($0.map(\.start)) }).count == 1)
        let stream = try TinyTraining.text(String(repeating: "a stream ", count: 9), format: .text)
        let streamed = TrainingSet(stream, contextLength: 8, shuffles: true, seed: 1)
        #expect(Set((0..<5).map { Set(streamed.windows(epoch: $0).map(\.start)) }).count > 1)
        // Asked again, in another order, and of another set.
        let again = try Self.set()
        #expect((0..<5).reversed().map { again.windows(epoch: $0) } == epochs.reversed())
        #expect(try Self.set(seed: 2).windows(epoch: 0) != epochs[0])

        let plain = try Self.set(shuffles: false)
        #expect(plain.windows(epoch: 0) == plain.windows(epoch: 3))
        #expect(plain.windows(epoch: 0).map(\.start) == plain.windows(epoch: 0).map(\.start).sorted())
    }

    @Test(arguments: [true, false], [1, 3, 7, 1000])
    func stepCountIsWhatTheEpochsTake(shuffles: Bool, examples: Int) throws {
        // With and without documents that are longer than a window.
        for contextLength in [8, 500] {
            let set = try Self.set(shuffles: shuffles, contextLength: contextLength)
            for epochs in [1, 2, 5] {
                let counted = (0..<epochs).reduce(0) { sum, epoch in
                    let count = set.windows(epoch: epoch).count
                    return sum + count / examples + (count % examples > 0 ? 1 : 0)
                }
                #expect(set.stepCount(epochs: epochs, examplesPerStep: examples) == counted)
            }
        }
    }

    @Test func batchesAndTheirOrigins() throws {
        let set = try Self.set(shuffles: false)
        let windows = set.windows(epoch: 0)
        let batch = set.batch(windows[1..<4], first: 5)
        #expect(batch.sequences.map(\.count) == windows[1..<4].map(\.count))
        #expect(batch.tokens.prefix(8).map { UInt8($0) } == Array("12345678".utf8))
        #expect(batch.targets.prefix(8).map { UInt8($0) } == Array("23456789".utf8))
        #expect(batch.weights.allSatisfy { $0 == 1 })
        // Dropout is keyed by the place in the global batch, however that is cut.
        let full = set.batch(windows[0..<4], first: 4)
        #expect(Array(full.identities.suffix(batch.rowCount)) == batch.identities)
        #expect(
            set.origins(windows[0..<4], tokenizer: TinyTraining.tokenizer)
                == ["t.txt:1", "t.txt:2", "t.txt:3", "t.txt:3"])
    }

    /// In a stream, the line is found by counting the newlines before the window.
    @Test func originsInsideAStream() throws {
        let text = try TinyTraining.text("one\ntwo\n\nfour and more\n", format: .text)
        let set = TrainingSet(text, contextLength: 8, shuffles: false, seed: 1)
        let windows = set.windows(epoch: 0)
        #expect(windows.map(\.start) == [0, 8, 16])
        #expect(set.origins(windows[...], tokenizer: TinyTraining.tokenizer) == ["t.txt:1", "t.txt:3", "t.txt:4"])
    }
}
