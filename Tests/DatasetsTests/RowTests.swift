// JSON rows: every format token by token, and every defect of a line.

import Conversations
import Datasets
import Testing
import Tokenizer

@Suite struct RowTests {
    /// A file's rows as the model sees them, loss tokens in brackets. With one token per byte, every boundary is visible.
    private static func view(
        _ text: String, template: ChatTemplate? = nil, path: String = "rows.jsonl", format: DataFormat = .auto,
        promptLossWeight: Float = 0
    ) throws -> String {
        let documents = try Document.documents(of: TextFile(path: path, bytes: Array(text.utf8)), format: format)
        var options = EncodingOptions()
        options.template = template ?? documents.lazy.compactMap(\.defaultTemplate).first ?? .raw
        options.endsTexts = true
        options.promptLossWeight = promptLossWeight
        let tokenized = try TokenizedText(documents, tokenizer: .bytes, options)
        return RowView.render(tokenized, tokenizer: .bytes)
    }

    @Test func promptAndCompletion() throws {
        #expect(
            try Self.view(#"{"prompt": "ab", "completion": " c"}"#) == "a·b·[ ][c][<|endoftext|>]\n")
    }

    @Test func chat() throws {
        let row = #"""
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "r"}, {"role": "assistant", "content": "b"}]}
            """#
        let shown = """
            S·y·s·t·e·m·:· ·s·⏎·
            U·s·e·r·:· ·q·⏎·
            A·s·s·i·s·t·a·n·t·:·[ ][a][<|endoftext|>]⏎·
            U·s·e·r·:· ·r·⏎·
            A·s·s·i·s·t·a·n·t·:·[ ][b][<|endoftext|>]

            """
        #expect(try Self.view(row) == shown)
    }

    @Test func aTurnOfWeightZeroIsNotLearned() throws {
        let row = #"""
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "weight": 0}, {"role": "user", "content": "r"}, {"role": "assistant", "content": "b", "weight": 1}]}
            """#
        let shown = """
            U·s·e·r·:· ·q·⏎·
            A·s·s·i·s·t·a·n·t·:· ·a·<|endoftext|>·⏎·
            U·s·e·r·:· ·r·⏎·
            A·s·s·i·s·t·a·n·t·:·[ ][b][<|endoftext|>]

            """
        #expect(try Self.view(row) == shown)
    }

    @Test func instruction() throws {
        let shown = """
            I·n·s·t·r·u·c·t·i·o·n·:· ·d·o·⏎·
            i·t·⏎·
            A·n·s·w·e·r·:·[ ][y][<|endoftext|>]

            """
        #expect(try Self.view(#"{"instruction": "do", "input": "it", "output": "y"}"#) == shown)
        #expect(
            try Self.view(#"{"instruction": "do", "input": "", "output": "y"}"#).hasPrefix(
                "I·n·s·t·r·u·c·t·i·o·n·:· ·d·o·⏎·\nA"))
        #expect(try Self.view(#"{"instruction": "do", "output": "y"}"#).hasSuffix("[ ][y][<|endoftext|>]\n"))
    }

    @Test func rowsInOneArray() throws {
        let text = "[\n  {\"text\": \"ab\"},\n  {\"text\":\n   7}\n]"
        let valid = text.replacing("7", with: "\"cd\"")
        #expect(try Self.view(valid, path: "rows.json") == "a·[b][<|endoftext|>]c·[d][<|endoftext|>]\n")
        let error = try #require(throws: DatasetError.self) { try Self.view(text, path: "rows.json") }
        #expect("\(error)" == "rows.json, line 4, column 4: text is a number; it takes text")
    }

    @Test func textRows() throws {
        #expect(try Self.view(#"{"text": "ab"}"#) == "a·[b][<|endoftext|>]\n")
    }

    @Test func documentsAndLines() throws {
        let text = "a\nb\n\n \ncd\n"
        #expect(
            try Self.view(text, path: "x.txt", format: .documents)
                == "a·[⏎]\n[b][<|endoftext|>]c·[d][<|endoftext|>]\n")
        #expect(
            try Self.view("ab\n\ncd", path: "x.txt", format: .lines)
                == "a·[b][<|endoftext|>]c·[d][<|endoftext|>]\n")
        #expect(try Self.view("ab\n", path: "x.txt") == "a·[b][⏎]\n\n")
    }

    @Test func promptsCanCarryLoss() throws {
        #expect(
            try Self.view(#"{"prompt": "ab", "completion": " c"}"#, promptLossWeight: 0.5)
                == "a·{b}[ ][c][<|endoftext|>]\n")
    }

    @Test func anOwnTemplateFramesTheTurns() throws {
        var template = ChatTemplate.raw
        template.user = .init("<", ">")
        template.assistant = .init("=", "!")
        #expect(
            try Self.view(#"{"prompt": "q", "completion": "a"}"#, template: template)
                == "<·q·>·=·[a][<|endoftext|>]\n")
    }

    @Test func specialTextIsNeverSpecial() throws {
        let shown = try Self.view(#"{"prompt": "", "completion": "<|endoftext|>"}"#)
        #expect(shown == "<·[|][e][n][d][o][f][t][e][x][t][|][>][<|endoftext|>]\n")
    }

    @Test func marksLineEndsAndBlankLinesAreNormalized() throws {
        let text = "\u{FEFF}{\"text\": \"ab\"}\r\n\r\n   \n{\"text\": \"cd\"}"
        #expect(try Self.view(text) == "a·[b][<|endoftext|>]c·[d][<|endoftext|>]\n")
    }

    /// A file and its error message.
    static let broken: [(text: String, message: String)] = [
        ("{\"text\": \"a\"}\n{\"text\": ", "rows.jsonl, line 2, column 10: the text ends where a value is expected"),
        ("[1]", "rows.jsonl, line 1, column 1: an array, where an object was expected"),
        (#"{"a": 1, "b": 2}"#, "rows.jsonl, line 1, column 1: a row of no known format: its keys are a, b"),
        ("{}", "rows.jsonl, line 1, column 1: a row of no known format"),
        (#"{"prompt": 7, "completion": "a"}"#, "rows.jsonl, line 1, column 12: prompt is a number; it takes text"),
        (#"{"prompt": "a"}"#, "rows.jsonl, line 1, column 1: the key completion is missing"),
        (#"{"prompt": "a", "completion": ""}"#, "rows.jsonl, line 1, column 31: completion is empty"),
        (#"{"prompt": "a", "completion": "  \n"}"#, "rows.jsonl, line 1, column 31: completion is empty"),
        (#"{"text": [["a"]]}"#, "rows.jsonl, line 1, column 10: text is an array; it takes text"),
        (
            "\n{\"text\": \"a\"}\n{\"prompt\": \"a\", \"completion\": \"b\"}",
            "rows.jsonl, line 3, column 1: a prompt-completion row among text rows (line 2)"
        ),
        (#"{"messages": []}"#, "rows.jsonl, line 1, column 14: messages is empty; it takes a list of messages"),
        (#"{"messages": [3]}"#, "rows.jsonl, line 1, column 15: a message is a number; it takes an object"),
        (
            #"{"messages": [{"content": "a"}]}"#, "rows.jsonl, line 1, column 15: a message without role"
        ),
        (
            #"{"messages": [{"role": "owl", "content": "a"}]}"#,
            "rows.jsonl, line 1, column 24: role is \"owl\"; it takes one of system, user, assistant"
        ),
        (
            #"{"messages": [{"role": "user"}]}"#, "rows.jsonl, line 1, column 15: a message without content"
        ),
        (
            #"{"messages": [{"role": "assistant", "content": ""}]}"#,
            "rows.jsonl, line 1, column 48: content is empty"
        ),
        (
            #"{"messages": [{"role": "assistant", "content": "a", "weight": 2}]}"#,
            "rows.jsonl, line 1, column 63: weight is a number; it takes a number from 0 to 1"
        ),
        (
            #"{"text": "a", "text": "b"}"#,
            "rows.jsonl, line 1, column 15: the key \"text\" is already given at line 1, column 2"
        ),
    ]

    @Test(arguments: broken) func isRefused(text: String, message: String) throws {
        let file = try TextFile(path: "rows.jsonl", bytes: Array(text.utf8))
        let error = try #require(throws: DatasetError.self) { try Document.documents(of: file) }
        #expect("\(error)" == message)
    }

    @Test func invalidTextIsRefused() throws {
        let bytes = Array("{\"text\": \"a\"}\n{\"text\": \"".utf8) + [0xFF] + Array("\"}".utf8)
        let error = try #require(throws: DatasetError.self) { try TextFile(path: "rows.jsonl", bytes: bytes) }
        #expect("\(error)" == "rows.jsonl, line 2, byte 11: 0xFF is not valid UTF-8")
    }

    @Test func aVeryLongLineIsRefused() throws {
        let long = "{\"text\": \"" + String(repeating: "a", count: 16 << 20) + "\"}"
        let file = try TextFile(path: "rows.jsonl", bytes: Array("{\"text\": \"a\"}\n\(long)\n".utf8))
        let error = try #require(throws: DatasetError.self) { try Document.documents(of: file) }
        #expect(
            "\(error)" == "rows.jsonl, line 2, column 1: the line has 16777228 bytes; the limit is 16777216")
    }

    /// A call with very many arguments inside of a text takes no long time.
    @Test func largeObjectsInsideOfTextsAreReadQuickly() throws {
        let arguments = (0..<60_000).map { "\"key \($0)\": \($0)" }.joined(separator: ", ")
        let list =
            "[{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", \"content\": \"b\", "
            + "\"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": {\(arguments)}}}]}]"
        let escaped = list.replacing("\"", with: "\\\"")
        let start = ContinuousClock.now
        let file = try TextFile(path: "rows.jsonl", bytes: Array("{\"messages\": \"\(escaped)\"}".utf8))
        #expect(try Document.documents(of: file).count == 1)
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
