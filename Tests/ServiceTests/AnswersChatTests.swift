// `/v1/chat/completions`: every field, by value.

import Conversations
import HTTPServer
import Inference
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct AnswersChatTests {
    static let hello = #""messages": [{"role": "user", "content": "hello"}]"#

    @Test func anAnswerHasEveryMember() throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/chat/completions",
            #"{"model": "chatty", "temperature": 0, "max_tokens": 12, "user": "me", "metadata": {"a": "b"}, "store": false, \#(Self.hello)}"#
        )
        #expect(status == 200)
        #expect(json.keys == ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"])
        #expect(json["id"]?.string?.hasPrefix("chatcmpl-") == true)
        #expect(json["object"]?.string == "chat.completion")
        let choice = try #require(json["choices"]?[0])
        #expect(choice.keys == ["index", "message", "logprobs", "finish_reason"])
        #expect(choice["message"]?.keys == ["role", "content", "refusal"])
        let responder = Responder(
            model: fixture.transformer, tokenizer: .bytes, template: .chat,
            settings: GenerationSettings(sampling: .greedy))
        var settings = responder.settings(seed: 1)
        settings.maximumTokens = 12
        let wanted = try responder.answer([Message(.user, "hello")], settings)
        #expect(choice["message"]?["content"]?.string == wanted.text)
        #expect(choice["finish_reason"]?.string == wanted.finishReason.rawValue)
        #expect(json["usage"]?["prompt_tokens"]?.integer == "User: hello\nAssistant:".utf8.count)
        #expect(json["usage"]?["completion_tokens"]?.integer == wanted.tokens.count)
    }

    /// The model's own defaults do not count, the service's limit of tokens does.
    @Test func withoutALimitTheServiceHasOne() throws {
        let fixture = try AnswersFixture()
        let (_, json) = try fixture.post(
            "/v1/chat/completions", #"{"model": "chatty", "logit_bias": {"65": 100}, \#(Self.hello)}"#)
        #expect(json["choices"]?[0]?["message"]?["content"]?.string == String(repeating: "A", count: 24))
        #expect(json["choices"]?[0]?["finish_reason"]?.string == "length")
        let (_, newer) = try fixture.post(
            "/v1/chat/completions",
            #"{"model": "chatty", "logit_bias": {"65": 100}, "max_completion_tokens": 3, \#(Self.hello)}"#)
        #expect(newer["choices"]?[0]?["message"]?["content"]?.string == "AAA")
    }

    /// Parts are lines; a developer's message is the system's.
    @Test func contentMayBeParts() throws {
        let fixture = try AnswersFixture()
        func tokens(_ messages: String) throws -> Int? {
            try fixture.post(
                "/v1/chat/completions", #"{"model": "chatty", "max_tokens": 1, "messages": \#(messages)}"#
            ).json["usage"]?["prompt_tokens"]?.integer
        }
        let plain = try tokens(
            #"[{"role": "system", "content": "be brief"}, {"role": "user", "content": "a\nb", "name": "Ann"}]"#)
        let parts = try tokens(
            #"[{"role": "developer", "content": [{"type": "text", "text": "be brief"}]}, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]"#
        )
        #expect(plain == "System: be brief\nUser: a\nb\nAssistant:".utf8.count)
        #expect(parts == plain)
    }

    @Test func probabilitiesOfTokens() throws {
        let fixture = try AnswersFixture()
        let (_, json) = try fixture.post(
            "/v1/chat/completions",
            #"{"model": "chatty", "temperature": 0, "max_tokens": 8, "logprobs": true, "top_logprobs": 2, \#(Self.hello)}"#
        )
        let choice = try #require(json["choices"]?[0])
        #expect(choice["logprobs"]?.keys == ["content", "refusal"])
        let tokens = try #require(choice["logprobs"]?["content"]?.array)
        #expect(!tokens.isEmpty)
        let bytes = tokens.flatMap { $0["bytes"]?.array?.compactMap(\.integer).map(UInt8.init) ?? [] }
        let text = choice["message"]?["content"]?.string ?? ""
        #expect(String(decoding: bytes, as: UTF8.self) == text)
        for token in tokens {
            #expect(token.keys == ["token", "bytes", "logprob", "top_logprobs"])
            #expect(token["top_logprobs"]?.array?.count == 2)
            #expect(token["top_logprobs"]?[0]?["logprob"]?.number == token["logprob"]?.number)
            #expect((token["logprob"]?.number ?? 1) <= 0)
        }
        let (_, few) = try fixture.post(
            "/v1/chat/completions", #"{"model": "chatty", "max_tokens": 2, "logprobs": true, \#(Self.hello)}"#)
        #expect(few["choices"]?[0]?["logprobs"]?["content"]?[0]?["top_logprobs"]?.array?.isEmpty == true)
    }

    @Test func aStreamIsTheAnswerInPieces() throws {
        let fixture = try AnswersFixture()
        let body = #""model": "chatty", "n": 2, "seed": 11, "max_tokens": 15, "logprobs": true, \#(Self.hello)"#
        let complete = try fixture.post("/v1/chat/completions", "{\(body)}").json
        let chunks = try fixture.stream(
            "/v1/chat/completions", #"{\#(body), "stream": true, "stream_options": {"include_usage": true}}"#)
        var (texts, reasons, tokens) = ([Int: String](), [Int: String](), [Int: Int]())
        for (place, chunk) in chunks.dropLast().enumerated() {
            #expect(chunk["object"]?.string == "chat.completion.chunk" && chunk["usage"]?.isNull == true)
            #expect(chunk["id"]?.string == chunks[0]["id"]?.string)
            #expect(chunk["created"]?.integer == chunks[0]["created"]?.integer)
            let choice = try #require(chunk["choices"]?[0])
            #expect(choice.keys == ["index", "delta", "logprobs", "finish_reason"])
            let index = try #require(choice["index"]?.integer)
            if place < 2 {
                #expect(choice["delta"]?.text == #"{"role":"assistant","content":"","refusal":null}"#)
            }
            texts[index, default: ""] += choice["delta"]?["content"]?.string ?? ""
            tokens[index, default: 0] += choice["logprobs"]?["content"]?.array?.count ?? 0
            if let reason = choice["finish_reason"]?.string {
                reasons[index] = reason
                #expect(choice["delta"]?.text == "{}")
            }
        }
        for choice in complete["choices"]?.array ?? [] {
            let index = try #require(choice["index"]?.integer)
            #expect(texts[index] == choice["message"]?["content"]?.string)
            #expect(reasons[index] == choice["finish_reason"]?.string)
            #expect(tokens[index] == choice["logprobs"]?["content"]?.array?.count)
        }
        let last = try #require(chunks.last)
        #expect(last["choices"]?.array?.isEmpty == true)
        #expect(last["usage"]?["completion_tokens"]?.integer == complete["usage"]?["completion_tokens"]?.integer)
    }

    /// What the answer would mean something else without is refused, by its name.
    @Test(arguments: [
        (#""response_format": {"type": "json_object"}"#, "response_format"),
        (#""response_format": {"type": "json_schema", "json_schema": {}}"#, "response_format"),
        (#""audio": {"voice": "x"}"#, "audio"), (#""modalities": ["text", "audio"]"#, "modalities"),
        (#""web_search_options": {"a": 1}"#, "web_search_options"), (#""functions": [{"name": "f"}]"#, "functions"),
        (#""function_call": "auto""#, "function_call"), (#""reasoning_effort": "high""#, "reasoning_effort"),
        (#""tools": [{"type": "function", "function": {"name": "f"}}]"#, "tools"),
        (#""tools": [{"type": "custom", "custom": {}}]"#, "tools[0].type"),
        (#""tool_choice": "required""#, "tool_choice"),
    ]) func whatCannotBeDoneIsRefused(field: String, param: String) throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/chat/completions", #"{"model": "chatty", \#(field), \#(Self.hello)}"#)
        #expect(status == 400)
        #expect(json["error"]?["param"]?.string == param)
        #expect(json["error"]?["code"]?.string == "unsupported_parameter")
        #expect(json["error"]?["type"]?.string == "invalid_request_error")
    }

    @Test func whatChangesNothingIsAllowed() throws {
        let fixture = try AnswersFixture()
        let (status, _) = try fixture.post(
            "/v1/chat/completions",
            #"{"model": "chatty", "max_tokens": 1, "response_format": {"type": "text"}, "modalities": ["text"], "service_tier": "auto", "parallel_tool_calls": true, "tools": [], "functions": null, "prediction": null, "tool_choice": "none", "verbosity": "medium", "stop": null, "safety_identifier": "x", \#(Self.hello)}"#
        )
        #expect(status == 200)
    }

    @Test func aModelWithoutTemplateDoesNotChat() throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post("/v1/chat/completions", #"{"model": "plain", \#(Self.hello)}"#)
        #expect(status == 404 && json["error"]?["param"]?.string == "model")
        #expect(json["error"]?["message"]?.string?.contains("v1/completions") == true)
    }

    @Test(arguments: [
        (#"[]"#, "messages"), (#""hi""#, "messages"), (#"[1]"#, "messages"),
        (#"[{"content": "x"}]"#, "messages[0].role"), (#"[{"role": "robot", "content": "x"}]"#, "messages[0].role"),
        (#"[{"role": "user"}]"#, "messages[0].content"), (#"[{"role": "user", "content": 5}]"#, "messages[0].content"),
        (
            #"[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]"#,
            "messages[0].content[0].type"
        ),
        (#"[{"role": "user", "content": "x", "colour": 1}]"#, "messages[0].colour"),
        (#"[{"role": "user", "content": "x"}, {"role": "tool", "content": "y", "tool_call_id": "1"}]"#, "messages"),
    ]) func messagesAreChecked(messages: String, param: String) throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/chat/completions", #"{"model": "chatty", "messages": \#(messages)}"#)
        #expect(status == 400, "\(messages)")
        #expect(json["error"]?["param"]?.string == param, "\(messages): \(json.text)")
    }
}
