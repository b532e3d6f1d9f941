// Rows that say which answers people prefer.

import Conversations
import Datasets
import Testing
import Tokenizer

@Suite struct ComparisonRowTests {
    private static func documents(_ rows: String) throws -> [Document] {
        try Document.reading(
            of: TextFile(path: "a.jsonl", bytes: Array(rows.utf8)), format: .auto, readsJudgements: true
        ).documents
    }

    private static func texts(_ messages: [Message]) -> [String] {
        messages.map { "\($0.role.rawValue): \(String(decoding: $0.content, as: UTF8.self))" }
    }

    static let shapes = [
        #"{"prompt": "q", "chosen": "a", "rejected": "b"}"#,
        #"{"prompt": [{"role": "user", "content": "q"}], "chosen": [{"role": "assistant", "content": "a"}], "#
            + #""rejected": [{"role": "assistant", "content": "b"}]}"#,
        #"{"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "#
            + #""rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}"#,
        #"{"input": {"messages": [{"role": "user", "content": "q"}]}, "#
            + #""preferred_output": [{"role": "assistant", "content": "a"}], "#
            + #""non_preferred_output": [{"role": "assistant", "content": "b"}]}"#,
    ]

    @Test(arguments: shapes)
    func pairs(row: String) throws {
        let document = try #require(try Self.documents(row).first)
        guard case .conversation(let messages) = document.content else {
            Issue.record("\(document.content)")
            return
        }
        #expect(Self.texts(messages) == ["user: q", "assistant: a"])
        #expect(Self.texts(try #require(document.rejected)) == ["user: q", "assistant: b"])
    }

    @Test func labels() throws {
        let rows = """
            {"prompt": "q", "completion": "a", "label": true}
            {"prompt": "q", "completion": "b", "label": false}
            """
        let documents = try Self.documents(rows)
        #expect(documents.map(\.isGood) == [true, false])
        #expect(documents.allSatisfy { $0.rejected == nil })
    }

    /// Without an objective that compares answers, such rows are an error.
    @Test(arguments: shapes)
    func pairsAreNotLearned(row: String) throws {
        #expect(throws: DatasetError.self) {
            try Document.documents(of: TextFile(path: "a.jsonl", bytes: Array(row.utf8)))
        }
    }

    @Test func bothAnswersFollowThePrompt() throws {
        let text = try TokenizedText(
            Self.documents(Self.shapes[0]), tokenizer: .bytes, EncodingOptions())
        #expect(text.sources.map(\.judgement) == [.chosen, .rejected] && text.documentCount == 1)
        for (source, answer) in zip(text.sources, ["a", "b"]) {
            #expect(text.tokens[source.answer.lowerBound] == Int32(answer.utf8.first!))
            #expect(source.answerStart == source.tokens.lowerBound + 1)
        }
    }

    @Test func aPairIsDroppedTogether() throws {
        let long = #"{"prompt": "q", "chosen": "a", "rejected": "far too long for it"}"#
        var options = EncodingOptions()
        (options.contextLength, options.overlong) = (6, .drop)
        let text = try TokenizedText(
            Self.documents(long + "\n" + Self.shapes[0]), tokenizer: .bytes, options)
        #expect(text.sources.map(\.line) == [2, 2] && text.dropped.map(\.line) == [1])
    }
}
