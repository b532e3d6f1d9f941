// Rows longer than the context under each policy, and rows without loss tokens: every dropped row is reported.

import Datasets
import Testing
import Tokenizer

@Suite struct OverlongTests {
    /// Three rows of 5, 9 and 12 tokens with a context of 7, in which 8 tokens fit.
    private static func encode(_ policy: OverlongPolicy) throws -> TokenizedText {
        let rows = [("ab", "cd"), ("abcdef", "gh"), ("ab", "cdefghijk")]
        let text = rows.map { "{\"prompt\": \"\($0.0)\", \"completion\": \"\($0.1)\"}" }.joined(separator: "\n")
        let documents = try Document.documents(of: TextFile(path: "rows.jsonl", bytes: Array(text.utf8)))
        var options = EncodingOptions()
        options.contextLength = 7
        options.overlong = policy
        return try TokenizedText(documents, tokenizer: .bytes, options)
    }

    private static func view(_ policy: OverlongPolicy) throws -> String {
        RowView.render(try encode(policy), tokenizer: .bytes)
    }

    @Test func errorListsTheRows() throws {
        let error = try #require(throws: DatasetError.self) { try Self.encode(.error) }
        #expect(
            "\(error)"
                == "2 rows are longer than the 8 tokens that fit the context: rows.jsonl, line 2: 9; rows.jsonl, line 3: 12"
        )
        #expect(error.hint?.contains("data.overlong") == true)
    }

    @Test func errorListsTenRowsAtMost() throws {
        let text = (0..<14).map { _ in #"{"text": "123456789"}"# }.joined(separator: "\n")
        let documents = try Document.documents(of: TextFile(path: "r.jsonl", bytes: Array(text.utf8)))
        var options = EncodingOptions()
        options.contextLength = 4
        let error = try #require(throws: DatasetError.self) {
            try TokenizedText(documents, tokenizer: .bytes, options)
        }
        #expect("\(error)".hasPrefix("14 rows are longer than the 5 tokens"))
        #expect("\(error)".hasSuffix("r.jsonl, line 10: 9; …"))
    }

    @Test func dropRemovesThem() throws {
        let text = try Self.encode(.drop)
        #expect(text.sources.map(\.line) == [1])
        #expect(text.dropped.map(\.line) == [2, 3])
        #expect(text.dropped[0].reason == "9 tokens, more than 8")
    }

    @Test func truncatePromptKeepsTheAnswer() throws {
        let shown = try Self.view(.truncatePrompt)
        // The second row loses its first byte; the third loses one byte of its prompt and then its end.
        #expect(
            shown == "a·b·[c][d][<|endoftext|>]b·c·d·e·f·[g][h][<|endoftext|>]b·[c][d][e][f][g][h][i]\n")
        let text = try Self.encode(.truncatePrompt)
        #expect(text.cut.map(\.line) == [2, 3])
        #expect(text.cut[1].reason == "4 of 12 tokens cut off, 1 at the start")
    }

    @Test func truncateAnswerKeepsTheBeginning() throws {
        #expect(
            try Self.view(.truncateAnswer)
                == "a·b·[c][d][<|endoftext|>]a·b·c·d·e·f·[g][h]a·b·[c][d][e][f][g][h]\n")
    }

    @Test func splitMakesWindowsOfThem() throws {
        let text = try Self.encode(.split)
        let windows = text.windows(length: 7)
        #expect(windows.map(\.count) == [4, 7, 1, 7, 4])
        #expect(windows.map { Int(text.weightSum($0)) } == [3, 2, 1, 6, 4])
        #expect(text.cut.isEmpty && text.dropped.isEmpty)
    }

    @Test func rowsWithoutLossStopOrGo() throws {
        let rows = #"""
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}]}
            """#
        let documents = try Document.documents(of: TextFile(path: "rows.jsonl", bytes: Array(rows.utf8)))
        var options = EncodingOptions()
        options.template = .chat
        let error = try #require(throws: DatasetError.self) {
            try TokenizedText(documents, tokenizer: .bytes, options)
        }
        #expect(
            "\(error)"
                == "rows.jsonl, line 2, column 1: no token of this row counts in the loss, so nothing is learned from it"
        )
        options.dropsRowsWithoutLoss = true
        let text = try TokenizedText(documents, tokenizer: .bytes, options)
        #expect(text.sources.count == 1)
        #expect(text.dropped == [.init(path: "rows.jsonl", line: 2, reason: "no token counts in the loss")])
    }
}
