// Requests that are wrong: bounds on every number, wrong types, unknown models, too long prompts, a full queue.

import HTTPServer
import Inference
import Service
import StrictJSON
import TestSupport
import Testing

@Suite struct AnswersBoundsTests {
    @Test(arguments: [
        ("n", "0"), ("n", "1000000"), ("n", "1.5"), ("n", #""2""#), ("max_tokens", "-1"),
        ("max_tokens", "1000000000000"), ("max_tokens", #""5""#), ("temperature", "-0.1"), ("temperature", "1e308"),
        ("temperature", "2.01"), ("temperature", #""hot""#), ("top_p", "-1"), ("top_p", "1.1"),
        ("frequency_penalty", "2.5"), ("presence_penalty", "-3"), ("seed", "1e30"), ("seed", #""x""#),
        ("seed", "99999999999999999999"), ("stop", "5"), ("stop", #"["a", "b", "c", "d", "e"]"#), ("stop", "[1]"),
        ("logit_bias", "[]"), ("logit_bias", #"{"257": 1}"#), ("logit_bias", #"{"-1": 1}"#),
        ("logit_bias", #"{"5": 101}"#), ("logit_bias", #"{"x": 1}"#), ("logit_bias", #"{"5": "1"}"#),
        ("logit_bias", #"{"99999999999": 1}"#), ("stream", "1"), ("stream_options", #"{"include_usage": true}"#),
    ]) func numbersHaveBounds(field: String, value: String) throws {
        let fixture = try AnswersFixture()
        for (target, rest) in [
            ("/v1/completions", #""model": "plain", "prompt": "x""#),
            ("/v1/chat/completions", #""model": "chatty", \#(AnswersChatTests.hello)"#),
        ] {
            let (status, json) = try fixture.post(target, #"{\#(rest), "\#(field)": \#(value)}"#)
            #expect(status == 400, "\(target) \(field) \(value)")
            #expect(json["error"]?["param"]?.string == field, "\(json.text)")
            #expect(json["error"]?.keys == ["message", "type", "param", "code"])
        }
    }

    @Test(arguments: [
        (#""logprobs": 6"#, "logprobs"), (#""logprobs": true"#, "logprobs"), (#""best_of": 21"#, "best_of"),
        (#""n": 3, "best_of": 2"#, "best_of"), (#""best_of": 2, "stream": true"#, "best_of"),
        (#""suffix": "end""#, "suffix"), (#""echo": "yes""#, "echo"), (#""prompt": []"#, "prompt"),
        (#""prompt": {}"#, "prompt"), (#""prompt": ["a", 1]"#, "prompt"), (#""prompt": [1, "a"]"#, "prompt"),
        (#""prompt": [[]]"#, "prompt"), (#""prompt": [-1]"#, "prompt"), (#""prompt": [257]"#, "prompt"),
        (#""prompt": [1.5]"#, "prompt"), (#""prompts": "x""#, "prompts"),
    ]) func completionsAreChecked(field: String, param: String) throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post("/v1/completions", #"{"model": "plain", \#(field)}"#)
        #expect(status == 400 && json["error"]?["param"]?.string == param, "\(field): \(json.text)")
    }

    @Test(arguments: [
        (#""top_logprobs": 2"#, "top_logprobs"), (#""logprobs": true, "top_logprobs": 21"#, "top_logprobs"),
        (#""logprobs": 2"#, "logprobs"), (#""max_tokens": 0"#, "max_tokens"),
        (#""max_completion_tokens": 0"#, "max_completion_tokens"),
        (#""max_tokens": 5, "max_completion_tokens": 5"#, "max_tokens"),
    ]) func chatsAreChecked(field: String, param: String) throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/chat/completions", #"{"model": "chatty", \#(field), \#(AnswersChatTests.hello)}"#)
        #expect(status == 400 && json["error"]?["param"]?.string == param, "\(field): \(json.text)")
    }

    @Test func bodiesAreChecked() throws {
        let fixture = try AnswersFixture()
        for body in ["", "{", "[]", "null", "{\"model\": \"plain\", \"model\": \"plain\"}", "\u{FEFF}{}"] {
            for target in ["/v1/completions", "/v1/chat/completions", "/v1/embeddings"] {
                let (status, json) = try fixture.post(target, body)
                #expect(status == 400 && json["error"]?["message"]?.string?.isEmpty == false, "\(body)")
            }
        }
        let deep = String(repeating: "[", count: 10_000)
        #expect(try fixture.post("/v1/completions", #"{"model": "plain", "prompt": \#(deep)"#).status == 400)
        let invalid = fixture.handler.respond(
            HTTPRequest(
                method: "POST", target: "/v1/completions", body: Array("{\"model\": \"".utf8) + [0xFF, 0x22, 0x7D]))
        #expect(invalid.status == 400)
    }

    @Test func anUnknownModelListsThoseHere() throws {
        let fixture = try AnswersFixture()
        for (target, rest) in [
            ("/v1/completions", #""prompt": "x""#), ("/v1/chat/completions", AnswersChatTests.hello),
            ("/v1/embeddings", #""input": "x""#),
        ] {
            let (status, json) = try fixture.post(target, #"{"model": "gpt-9", \#(rest)}"#)
            #expect(status == 404)
            #expect(json["error"]?["code"]?.string == "model_not_found")
            #expect(json["error"]?["param"]?.string == "model")
            let message = json["error"]?["message"]?.string ?? ""
            #expect(message.contains("The model `gpt-9` does not exist") && message.contains("`chatty`"))
            for name in ["../../etc/passwd", "/etc/passwd", "checkpoints/plain", "%2e%2e", "a\\u0000b"] {
                #expect(try fixture.post(target, #"{"model": "\#(name)", \#(rest)}"#).status == 404, "\(name)")
            }
        }
        // A name of the table stands for a model here, and its files are loaded once.
        #expect(try fixture.post("/v1/completions", #"{"model": "davinci", "max_tokens": 1}"#).status == 200)
        #expect(try fixture.post("/v1/completions", #"{"model": "plain", "max_tokens": 1}"#).status == 200)
        #expect(fixture.wait { fixture.service.pool.loaded.map(\.users) == [0] })
    }

    @Test func aPromptMustFitTheContext() throws {
        let fixture = try AnswersFixture()
        let long = String(repeating: "a", count: 400)
        for (target, body, param) in [
            ("/v1/completions", #"{"model": "plain", "prompt": "\#(long)"}"#, "prompt"),
            ("/v1/completions", #"{"model": "plain", "prompt": ["x", "\#(long)"]}"#, "prompt"),
            (
                "/v1/chat/completions", #"{"model": "chatty", "messages": [{"role": "user", "content": "\#(long)"}]}"#,
                "messages"
            ), ("/v1/embeddings", #"{"model": "plain", "input": ["x", "\#(long)"]}"#, "input"),
        ] {
            let (status, json) = try fixture.post(target, body)
            #expect(status == 400 && json["error"]?["param"]?.string == param)
            #expect(json["error"]?["code"]?.string == "context_length_exceeded")
            #expect(json["error"]?["message"]?.string?.contains("maximum context length is 320 tokens") == true)
        }
        // An answer that reaches the context's end ends there.
        let (_, json) = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": "\#(String(long.prefix(310)))", "max_tokens": 5000, "logit_bias": {"65": 100}}"#
        )
        #expect(json["choices"]?[0]?["finish_reason"]?.string == "length")
        #expect(json["usage"]?["total_tokens"]?.integer == 321)
    }

    @Test func whatNeverFitsTheMemoryIsRefused() throws {
        let fixture = try AnswersFixture(cacheBytes: 100_000)
        let (status, json) = try fixture.post(
            "/v1/completions", #"{"model": "plain", "prompt": "x", "n": 20, "max_tokens": 300}"#)
        #expect(status == 400 && json["error"]?["code"]?.string == "request_too_large")
        #expect(try fixture.post("/v1/completions", #"{"model": "plain", "prompt": "x"}"#).status == 200)
    }
}
