// Documents as tokens, and the windows over them.

import Datasets
import Foundation
import TestSupport
import Testing
import Tokenizer

@Suite struct TokenizedTextTests {
    static func documents(_ texts: String...) -> [Document] {
        texts.enumerated().map {
            Document(path: "t.txt", line: 10 * $0.offset + 1, content: .text(Array($0.element.utf8)))
        }
    }

    /// The tokens of each document as text, the end-of-text token as |.
    static func shown(_ text: TokenizedText) -> [String] {
        text.sources.map { source in
            text.tokens[source.tokens].map { $0 == 256 ? "|" : String(UnicodeScalar(UInt8($0))) }.joined()
        }
    }

    @Test(
        arguments: [
            (false, false, ["ab", "cde"], [11, 21]),
            (true, false, ["|ab", "|x", "|cde"], [21]),
            (false, true, ["ab|", "x|", "cde|"], [21]),
            (true, true, ["|ab|", "|x|", "||", "|cde|"], []),
        ] as [(Bool, Bool, [String], [Int])])
    func startAndEndTokens(start: Bool, end: Bool, kept: [String], dropped: [Int]) throws {
        var options = EncodingOptions()
        (options.startToken, options.endsTexts) = (start, end)
        let text = try TokenizedText(Self.documents("ab", "x", "", "cde"), tokenizer: .bytes, options)
        #expect(Self.shown(text) == kept)
        #expect(text.dropped.map(\.line) == dropped)
        #expect(text.dropped.allSatisfy { $0.reason == "fewer than two tokens: nothing to predict" })
        #expect(text.tokens.count == kept.reduce(0) { $0 + $1.count })
        #expect(text.predictionCount == text.tokens.count - kept.count)
        #expect(text.sources.allSatisfy { $0.path == "t.txt" })
        #expect(text.sources.last?.line == 31)
        // Concatenated without gaps.
        #expect(text.sources.first?.tokens.lowerBound == 0)
        #expect(zip(text.sources, text.sources.dropFirst()).allSatisfy { $0.tokens.upperBound == $1.tokens.lowerBound })
    }

    /// A byte without a token: the error names the document's position.
    @Test func aByteThatTheVocabularyLacks() throws {
        try withTemporaryFolder { folder in
            _ = try folder.write(#"{"<|endoftext|>": 0, "a": 1, "b": 2}"#, as: "vocab.json")
            _ = try folder.write("#version: 0.2\n", as: "merges.txt")
            let tokenizer = try Tokenizer(path: folder.path)
            let error = #expect(throws: DatasetError.self) {
                try TokenizedText(Self.documents("ab", "abZ"), tokenizer: tokenizer, EncodingOptions())
            }
            #expect(
                error?.description
                    == "t.txt, line 11: the vocabulary has no token for the byte 0x5A ('Z') at offset 2 of the text")
        }
    }

    @Test func tokensThatAreKnownAlready() {
        let text = TokenizedText(tokens: [5, 6, 7], path: "ids")
        #expect(text.sources.map(\.tokens) == [0..<3] && text.predictionCount == 2)
        #expect(TokenizedText(tokens: [5], path: "ids").sources.isEmpty)
    }

    @Test func linesAreCounted() throws {
        var options = EncodingOptions()
        options.startToken = true
        let streams = ["a\nb\n\nc", "x\ny"].enumerated().map {
            Document(path: "t.txt", line: 10 * $0.offset + 1, content: .stream(Array($0.element.utf8)))
        }
        let text = try TokenizedText(streams, tokenizer: .bytes, options)
        func line(_ position: Int, _ source: Int) -> Int { text.line(of: position, source: source, tokenizer: .bytes) }
        // The tokens are |a↩b↩↩c|x↩y.
        #expect((0..<7).map { line($0, 0) } == [1, 1, 1, 2, 2, 3, 4])
        #expect((7..<11).map { line($0, 1) } == [11, 11, 11, 12])
    }
}

@Suite struct WindowTests {
    /// Documents with these numbers of tokens.
    static func text(_ counts: [Int]) throws -> TokenizedText {
        let documents = counts.map {
            Document(path: "t", line: 1, content: .stream([UInt8](repeating: 0x61, count: $0)))
        }
        return try TokenizedText(documents, tokenizer: .bytes, EncodingOptions())
    }

    /// `start+count`, with `(skipped)` where there are any, and the source.
    static func shown(_ windows: [Window]) -> String {
        windows.map { window in
            "\(window.source):\(window.start)+\(window.count)" + (window.skipped > 0 ? "(\(window.skipped))" : "")
        }.joined(separator: " ")
    }

    @Test(
        arguments: [
            ([2], 4, 0, "0:0+1"),
            ([5], 4, 0, "0:0+4"),
            ([6], 4, 0, "0:0+4 0:4+1"),
            ([9], 4, 0, "0:0+4 0:4+4"),
            // A phase shortens the first window, of documents longer than one only.
            ([9], 4, 1, "0:0+1 0:1+4 0:5+3"),
            ([9], 4, 3, "0:0+3 0:3+4 0:7+1"),
            ([5], 4, 3, "0:0+4"),
            ([3, 10, 2], 4, 2, "0:0+2 1:3+2 1:5+4 1:9+3 2:13+1"),
            ([4], 1, 0, "0:0+1 0:1+1 0:2+1"),
        ] as [([Int], Int, Int, String)])
    func trainingWindows(counts: [Int], length: Int, phase: Int, expected: String) throws {
        #expect(Self.shown(try Self.text(counts).windows(length: length, phase: phase)) == expected)
    }

    @Test(
        arguments: [
            ([2], 4, 4, "0:0+1"),
            ([5], 4, 2, "0:0+4"),
            ([6], 4, 4, "0:0+4 0:4+1"),
            ([6], 4, 2, "0:0+4 0:2+3(2)"),
            ([10], 4, 3, "0:0+4 0:3+4(1) 0:6+3(1)"),
            ([10], 4, 1, "0:0+4 0:1+4(3) 0:2+4(3) 0:3+4(3) 0:4+4(3) 0:5+4(3)"),
            ([3, 7], 4, 2, "0:0+2 1:3+4 1:5+4(2)"),
            ([3], 1, 1, "0:0+1 0:1+1"),
        ] as [([Int], Int, Int, String)])
    func evaluationWindows(counts: [Int], length: Int, stride: Int, expected: String) throws {
        #expect(Self.shown(try Self.text(counts).evaluationWindows(length: length, stride: stride)) == expected)
    }

    /// Whatever the sizes, every token except each document's first is predicted once, and no window is longer than
    /// allowed.
    @Test func everyPredictionOnce() throws {
        for count in 2...20 {
            let text = try Self.text([count, 3])
            for length in 1...8 {
                for stride in 1...length {
                    let windows = text.evaluationWindows(length: length, stride: stride)
                    #expect(Self.predicted(windows) == Array(1..<count) + [count + 1, count + 2])
                    #expect(windows.allSatisfy { $0.count <= length && $0.skipped < $0.count })
                    let cut = text.windows(length: length, phase: stride - 1)
                    #expect(Self.predicted(cut) == Array(1..<count) + [count + 1, count + 2])
                    #expect(cut.allSatisfy { $0.count <= length && $0.skipped == 0 })
                }
            }
        }
    }

    private static func predicted(_ windows: [Window]) -> [Int] {
        windows.flatMap { Array(($0.start + $0.skipped + 1)..<($0.start + $0.count + 1)) }
    }
}
