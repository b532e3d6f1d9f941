// Calls of functions: the template's way of writing them, and how they are read back.

import Conversations
import Inference
import Service
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct AnswersToolTests {
    static let tools =
        #""tools": [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]"#
    static let hermes = ToolCallFormat(before: "<call>", after: "</call>", argumentsKey: "arguments", isList: false)

    @Test func theFormatIsFoundByTheTemplate() throws {
        #expect(ToolCallFormat.find(AnswersFixture.toolTemplate, .bytes) == Self.hermes)
        #expect(ToolCallFormat.find(.chat, .bytes) == nil)
        #expect(ToolCallFormat.find(.tokens, .bytes) == nil)
    }

    /// As Llama 3.1 and Mistral write them; and single quotes, which are not JSON.
    @Test func otherFormats() {
        func find(_ text: String) -> ToolCallFormat? {
            ToolCallFormat.find("f", in: Array(text.utf8), ends: ["<end>"])
        }
        #expect(
            find(#"{"name": "f", "parameters": {"probe_key": "v"}}<end>"#)
                == ToolCallFormat(before: "", after: "", argumentsKey: "parameters", isList: false))
        #expect(
            find(#"[CALLS] [{"name": "f", "arguments": {"probe_key": "v"}, "id": "1"}]<end>"#)
                == ToolCallFormat(before: "[CALLS]", after: "", argumentsKey: "arguments", isList: true))
        #expect(find("<call>{'name': 'f', 'arguments': {'probe_key': 'v'}}</call><end>") == nil)
        #expect(find("f(probe_key=v)<end>") == nil)
    }

    @Test func callsAreRead() {
        let text =
            #"Let me look. <call>{"name": "a", "arguments": {"x": "}\""}}</call><call> {"arguments": "{}", "name": "b"} </call>"#
        let (rest, calls) = Self.hermes.read(text)
        #expect(rest == "Let me look.")
        #expect(
            calls == [ToolCall(name: "a", arguments: #"{"x":"}\""}"#), ToolCall(name: "b", arguments: "{}")])
        for broken in [
            #"<call>{"name": "a"}</call>"#, #"<call>{"name": "a", "arguments": {"#, "<call>text</call>", "no call",
            #"{"name": "a", "arguments": {}}"#,
        ] {
            #expect(Self.hermes.read(broken).text == broken)
            #expect(Self.hermes.read(broken).calls.isEmpty)
        }
        let bare = ToolCallFormat(before: "", after: "", argumentsKey: "parameters", isList: false)
        #expect(
            bare.read(#" {"name": "a", "parameters": {}}; {"name": "b", "parameters": {}}"#).calls.map(\.name) == [
                "a", "b",
            ])
        #expect(bare.read(#"As JSON: {"name": "a", "parameters": {}}"#).calls.isEmpty)
        let list = ToolCallFormat(before: "[C]", after: "", argumentsKey: "arguments", isList: true)
        #expect(list.read(#"[C] [{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}]"#).calls.count == 2)
    }

    /// However the pieces fall, the text in front comes as it is, and nothing of a call does.
    @Test(arguments: [1, 2, 3, 5, 100]) func aGrowingAnswer(size: Int) {
        func run(_ answer: String) -> (String, [ToolCall]) {
            var filter = ToolCallFilter(Self.hermes)
            var (text, rest) = ("", Substring(answer))
            while !rest.isEmpty {
                text += filter.take(String(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            let end = filter.finish()
            return (text + end.text, end.calls)
        }
        #expect(run(#"é <call>{"name": "a", "arguments": {}}</call>"#) == ("é", [ToolCall(name: "a", arguments: "{}")]))
        for text in ["a < b <cal <<call", "<call>never ends", "", "ends with space ", "<call>{}</call> and on"] {
            #expect(run(text) == (text, []))
        }
    }

    @Test func theModelIsShownItsTools() throws {
        let fixture = try AnswersFixture()
        func tokens(_ rest: String) throws -> Int? {
            try fixture.post(
                "/v1/chat/completions",
                #"{"model": "tooly", "max_tokens": 1, \#(AnswersChatTests.hello)\#(rest)}"#
            ).json["usage"]?["prompt_tokens"]?.integer
        }
        let without = try #require(try tokens(""))
        let with = try #require(try tokens(", \(Self.tools)"))
        #expect(with > without + "get_weather".utf8.count)
        #expect(try tokens(#", \#(Self.tools), "tool_choice": "auto""#) == with)
        #expect(try tokens(#", \#(Self.tools), "tool_choice": "none""#) == without)
    }

    /// An earlier call and its result are a part of the conversation.
    @Test func callsAndResultsAreWritten() throws {
        let fixture = try AnswersFixture()
        let messages =
            #"[{"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Oslo\"}"}}]}, {"role": "tool", "tool_call_id": "c1", "content": "snow"}]"#
        let (status, json) = try fixture.post(
            "/v1/chat/completions", #"{"model": "tooly", "max_tokens": 1, "messages": \#(messages)}"#)
        let text =
            #"<user>q<end>\#n<assistant><call>{"name": "get_weather", "arguments": {"city": "Oslo"}}</call><end>\#n<tool>snow<end>\#n<assistant>"#
        #expect(status == 200)
        #expect(json["usage"]?["prompt_tokens"]?.integer == text.utf8.count)
    }

    @Test(arguments: [
        (#""tools": [{"type": "function", "function": {"name": "no spaces"}}]"#, "tools[0].function.name"),
        (#""tools": [{"type": "function", "function": {"name": "f", "strict": true}}]"#, "tools[0].function.strict"),
        (#""tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required""#, "tool_choice"),
        (
            #""tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"type": "function", "function": {"name": "f"}}"#,
            "tool_choice"
        ), (#""tool_choice": "auto""#, "tool_choice"),
    ]) func toolsAreChecked(field: String, param: String) throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/chat/completions", #"{"model": "tooly", \#(field), \#(AnswersChatTests.hello)}"#)
        #expect(status == 400 && json["error"]?["param"]?.string == param, "\(json.text)")
    }
}
