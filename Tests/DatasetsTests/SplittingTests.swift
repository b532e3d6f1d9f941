// Training, validation and test from one text: fractions, boundaries, seed and order.

import Datasets
import Testing

@Suite struct SplittingTests {
    static func stream(_ text: String) -> Document {
        Document(path: "t.txt", line: 1, content: .stream(Array(text.utf8)))
    }

    static func bytes(_ document: Document) -> [UInt8] {
        switch document.content {
        case .stream(let bytes), .text(let bytes): bytes
        case .conversation: []
        }
    }

    static func lines(_ count: Int) -> [Document] {
        (0..<count).map { Document(path: "t.txt", line: $0 + 1, content: .text(Array("line \($0)".utf8))) }
    }

    @Test(
        arguments: [(0.1, 0, 90, 10, 0), (0.2, 0.1, 70, 20, 10), (0, 0.25, 75, 0, 25), (0, 0, 100, 0, 0)]
            as [(Double, Double, Int, Int, Int)])
    func aStreamIsCutInThree(validation: Double, test: Double, first: Int, second: Int, third: Int) throws {
        let text = String(repeating: "123456789\n", count: 10)
        let fractions = SplitFractions(validation: validation, test: test, seed: 1)
        let parts = try fractions.divide([Self.stream(text)])
        let counts = Split.allCases.map { parts[$0]?.reduce(0) { $0 + $1.byteCount } ?? 0 }
        #expect(counts == [first, second, third])
        let pieces = Split.allCases.flatMap { parts[$0] ?? [] }
        #expect(pieces.flatMap(Self.bytes) == Array(text.utf8))
        // Each piece knows the line where it starts.
        var before = 0
        for piece in pieces {
            #expect(piece.line == 1 + before / 10)
            before += piece.byteCount
        }
        // The seed has no effect.
        #expect(
            try SplitFractions(validation: validation, test: test, seed: 99).divide([Self.stream(text)])
                == parts)
    }

    /// Characters of one to four bytes, cut at every fraction: all pieces are valid UTF-8, nothing is lost.
    @Test func noCharacterIsCut() throws {
        let text = "aé€😀\nzß漢🚀"
        for share in stride(from: 0.01, to: 1, by: 0.01) {
            let fractions = SplitFractions(validation: share, test: share < 0.5 ? 0.4 : 0, seed: 1)
            let parts = try fractions.divide([Self.stream(text)])
            var joined: [UInt8] = []
            for split in Split.allCases {
                for piece in parts[split] ?? [] {
                    #expect(String(validating: Self.bytes(piece), as: UTF8.self) != nil, "\(split) at \(share)")
                    joined += Self.bytes(piece)
                }
            }
            #expect(joined == Array(text.utf8))
        }
    }

    @Test func everyStreamIsCutSeparately() throws {
        let streams = ["0123456789", "abcdefghij"].map { Self.stream($0) }
        let parts = try SplitFractions(validation: 0.5, test: 0, seed: 1).divide(streams)
        #expect(parts[.train]?.map(Self.bytes) == [Array("01234".utf8), Array("abcde".utf8)])
        #expect(parts[.validation]?.map(Self.bytes) == [Array("56789".utf8), Array("fghij".utf8)])
        #expect(parts[.test] == nil)
    }

    @Test(
        arguments: [
            (10, 0.1, 0.0, [9, 1, 0]), (10, 0.25, 0.25, [4, 3, 3]), (3, 0.01, 0.01, [1, 1, 1]),
            (2, 0.1, 0.1, [1, 1, 0]), (1, 0.5, 0.2, [1, 0, 0]), (0, 0.1, 0.1, [0, 0, 0]), (7, 0, 0, [7, 0, 0]),
            (4, 0.9, 0.05, [1, 3, 0]),
        ] as [(Int, Double, Double, [Int])])
    func documentsAreDrawn(count: Int, validation: Double, test: Double, expected: [Int]) throws {
        let documents = Self.lines(count)
        let parts = try SplitFractions(validation: validation, test: test, seed: 1).divide(documents)
        #expect(Split.allCases.map { parts[$0]?.count ?? 0 } == expected)
        // Every document is in exactly one part, in the original order.
        for part in parts.values { #expect(part.map(\.line) == part.map(\.line).sorted()) }
        #expect(parts.values.flatMap { $0 }.sorted { $0.line < $1.line } == documents)
    }

    @Test func theSeedChooses() throws {
        func held(_ seed: UInt64) throws -> [Int] {
            try SplitFractions(validation: 0.2, test: 0.2, seed: seed).divide(Self.lines(50))[
                .validation]?.map(\.line) ?? []
        }
        #expect(try held(1) == held(1))
        #expect(Set(try (1...5).map { try held($0) }).count == 5)
        // Sampled from the complete list, not from one end.
        let lines = try held(1)
        #expect((lines.first ?? 99) < 20 && (lines.last ?? 0) > 30)
    }

    @Test(arguments: [(0.5, 0.5), (1, 0), (0, 1.5), (-0.1, 0), (0, -0.1), (.nan, 0)] as [(Double, Double)])
    func sharesThatLeaveNothing(validation: Double, test: Double) {
        let fractions = SplitFractions(validation: validation, test: test, seed: 1)
        for documents in [Self.lines(4), [Self.stream("four")]] {
            let error = #expect(throws: DatasetError.self) { try fractions.divide(documents) }
            #expect(
                error?.description
                    == "data.validationFraction \(validation) and data.testFraction \(test) leave nothing to train on")
        }
    }
}
