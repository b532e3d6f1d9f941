// `/v1/completions`: every field, by value.

import HTTPServer
import Inference
import StrictJSON
import TestSupport
import Testing
import Tokenizer

@Suite struct AnswersCompletionTests {
    /// What the model itself continues a text with.
    private func reference(
        _ fixture: AnswersFixture, _ prompt: String, _ count: Int, stop: [String] = []
    ) throws -> Completion {
        let generator = TextGenerator(model: fixture.transformer, tokenizer: .bytes)
        return try generator.complete(
            generator.encode(prompt: prompt),
            GenerationSettings(sampling: .greedy, maximumTokens: count, stop: stop))
    }

    @Test func anAnswerHasEveryMember() throws {
        let fixture = try AnswersFixture()
        let (status, json) = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": "the sun", "max_tokens": 9, "temperature": 0, "user": "u"}"#)
        let wanted = try reference(fixture, "the sun", 9)
        #expect(status == 200)
        #expect(json.keys == ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"])
        #expect(json["id"]?.string?.hasPrefix("cmpl-") == true)
        #expect(json["object"]?.string == "text_completion")
        #expect(json["model"]?.string == "plain")
        #expect(json["system_fingerprint"]?.string?.hasPrefix("fp_") == true)
        let choice = try #require(json["choices"]?[0])
        #expect(choice.keys == ["text", "index", "logprobs", "finish_reason"])
        #expect(choice["text"]?.string == wanted.text)
        #expect(choice["index"]?.integer == 0)
        #expect(choice["logprobs"]?.isNull == true)
        #expect(choice["finish_reason"]?.string == wanted.finishReason.rawValue)
        let usage = try #require(json["usage"])
        #expect(usage["prompt_tokens"]?.integer == 7)
        #expect(usage["completion_tokens"]?.integer == wanted.tokens.count)
        #expect(usage["total_tokens"]?.integer == 7 + wanted.tokens.count)
        #expect(usage["prompt_tokens_details"]?["cached_tokens"]?.integer == 0)
    }

    /// Texts and tokens of the same prompt have the same answers; choices go by prompt, then by n; 16 tokens are usual.
    @Test func promptsMayBeTextsOrTokens() throws {
        let fixture = try AnswersFixture()
        let one = try reference(fixture, "ab", 16).text
        let two = try reference(fixture, "cd", 16).text
        for (prompt, wanted) in [
            (#""ab""#, [one]), (#"["ab", "cd"]"#, [one, two]), ("[97, 98]", [one]),
            ("[[97, 98], [99, 100]]", [one, two]),
        ] {
            let (_, json) = try fixture.post(
                "/v1/completions", #"{"model": "plain", "prompt": \#(prompt), "temperature": 0, "n": 2}"#)
            let choices = json["choices"]?.array ?? []
            #expect(choices.map { $0["index"]?.integer } == Array(0..<choices.count))
            #expect(choices.map { $0["text"]?.string } == wanted.flatMap { [$0, $0] }, "\(prompt)")
            #expect(json["usage"]?["prompt_tokens"]?.integer == 2 * wanted.count)
        }
        let (status, empty) = try fixture.post("/v1/completions", #"{"model": "plain", "max_tokens": 2}"#)
        #expect(status == 200 && empty["usage"]?["prompt_tokens"]?.integer == 1)
    }

    @Test func manyPromptsShareTheQueue() throws {
        let fixture = try AnswersFixture(waiting: 1)
        let prompts = (0..<40).map { "\"\($0)\"" }.joined(separator: ",")
        let (status, json) = try fixture.post(
            "/v1/completions", #"{"model": "plain", "prompt": [\#(prompts)], "temperature": 0, "max_tokens": 3}"#)
        #expect(status == 200 && json["choices"]?.array?.count == 40)
        #expect(json["choices"]?[39]?["text"]?.string == (try reference(fixture, "39", 3).text))
    }

    @Test func stopTextsEndAnAnswer() throws {
        let fixture = try AnswersFixture()
        let all = try reference(fixture, "stop here", 40).text
        let stop = String(all.dropFirst(4).prefix(2))
        for list in [JSONOutput.string(stop), ["zzzzzz", .string(stop)]] {
            let (_, json) = try fixture.post(
                "/v1/completions",
                #"{"model": "plain", "prompt": "stop here", "temperature": 0, "max_tokens": 40, "stop": \#(list.serialized())}"#
            )
            let wanted = try reference(fixture, "stop here", 40, stop: [stop])
            #expect(json["choices"]?[0]?["text"]?.string == wanted.text)
            #expect(wanted.text.utf8.count < all.utf8.count)
            #expect(json["choices"]?[0]?["finish_reason"]?.string == "stop")
        }
    }

    /// The same seed gives the same texts, and n different ones.
    @Test func seedsRepeatAnAnswer() throws {
        let fixture = try AnswersFixture()
        func texts(_ seed: Int) throws -> [String?] {
            let (_, json) = try fixture.post(
                "/v1/completions", #"{"model": "plain", "prompt": "x", "n": 3, "seed": \#(seed), "max_tokens": 12}"#)
            return json["choices"]?.array?.map { $0["text"]?.string } ?? []
        }
        let first = try texts(-7)
        #expect(try texts(-7) == first)
        #expect(try texts(8) != first)
        #expect(Set(first).count == 3)
    }

    @Test func probabilitiesOfTokens() throws {
        let fixture = try AnswersFixture()
        let (_, json) = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": "lab", "temperature": 0, "max_tokens": 4, "logprobs": 2}"#)
        let choice = try #require(json["choices"]?[0])
        let logprobs = try #require(choice["logprobs"])
        #expect(logprobs.keys == ["tokens", "token_logprobs", "top_logprobs", "text_offset"])
        let count = try #require(logprobs["tokens"]?.array?.count)
        #expect(count > 0 && count <= 4)
        // A token that continues the character before it belongs to that one.
        let continues = logprobs["tokens"]?[0]?.string?.firstMatch(of: /^bytes:\\x[89ab]/) != nil
        #expect(logprobs["text_offset"]?[0]?.integer == (continues ? 2 : 3))
        // Greedy: what was drawn is the most probable one.
        let top = try #require(logprobs["top_logprobs"]?[0]?.object)
        #expect(top.members.count == 2)
        #expect(top.members[0].key == logprobs["tokens"]?[0]?.string)
        #expect(top.members[0].value.number == logprobs["token_logprobs"]?[0]?.number)
        #expect((logprobs["token_logprobs"]?[0]?.number ?? 1) <= 0)
        let (_, none) = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": "lab", "temperature": 0, "max_tokens": 4, "logprobs": 0}"#)
        #expect(none["choices"]?[0]?["logprobs"]?["top_logprobs"]?.isNull == true)
        #expect(none["choices"]?[0]?["logprobs"]?["token_logprobs"]?.text == logprobs["token_logprobs"]?.text)
    }

    /// The prompt's first token has no probability; nothing need be drawn.
    @Test func echoGivesThePromptBack() throws {
        let fixture = try AnswersFixture()
        let (_, json) = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": ["hey", [104, 195, 169]], "max_tokens": 0, "echo": true, "logprobs": 1}"#)
        let first = try #require(json["choices"]?[0])
        #expect(first["text"]?.string == "hey")
        #expect(first["finish_reason"]?.string == "length")
        #expect(first["logprobs"]?["tokens"]?.text == #"["h","e","y"]"#)
        #expect(first["logprobs"]?["token_logprobs"]?[0]?.isNull == true)
        #expect(first["logprobs"]?["top_logprobs"]?[0]?.isNull == true)
        #expect(first["logprobs"]?["token_logprobs"]?[2]?.number != nil)
        let second = try #require(json["choices"]?[1])
        #expect(second["text"]?.string == "hé")
        #expect(second["logprobs"]?["tokens"]?.text == #"["h","bytes:\\xc3","bytes:\\xa9"]"#)
        #expect(second["logprobs"]?["text_offset"]?.text == "[0,1,1]")
        #expect(json["usage"]?["completion_tokens"]?.integer == 0)
        let (_, longer) = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": "hey", "max_tokens": 3, "echo": true, "temperature": 0}"#)
        #expect(longer["choices"]?[0]?["text"]?.string == "hey" + (try reference(fixture, "hey", 3).text))
    }

    @Test func theBestOfSeveralTexts() throws {
        let fixture = try AnswersFixture()
        func ask(_ rest: String) throws -> JSONNode {
            try fixture.post(
                "/v1/completions",
                #"{"model": "plain", "prompt": "q", "seed": 3, "max_tokens": 6, "logprobs": 0, \#(rest)}"#
            ).json
        }
        func mean(_ choice: JSONNode) -> Double {
            let numbers = choice["logprobs"]?["token_logprobs"]?.array?.compactMap(\.number) ?? []
            return numbers.reduce(0, +) / Double(max(1, numbers.count))
        }
        let all = try ask(#""n": 5"#)["choices"]?.array ?? []
        let best = try ask(#""n": 2, "best_of": 5"#)
        let wanted = all.sorted { mean($0) > mean($1) }.prefix(2).map { $0["text"]?.string }
        #expect(best["choices"]?.array?.map { $0["text"]?.string } == Array(wanted))
        #expect(best["choices"]?.array?.map { $0["index"]?.integer } == [0, 1])
        let drawn = all.reduce(0) { $0 + ($1["logprobs"]?["tokens"]?.array?.count ?? 0) }
        #expect((best["usage"]?["completion_tokens"]?.integer ?? 0) >= drawn)
    }

    @Test func biasAndPenaltiesChangeWhatIsDrawn() throws {
        let fixture = try AnswersFixture()
        func text(_ rest: String) throws -> String? {
            try fixture.post(
                "/v1/completions",
                #"{"model": "plain", "prompt": "bias", "temperature": 0, \#(rest)}"#
            ).json["choices"]?[0]?["text"]?.string
        }
        #expect(try text(#""logit_bias": {"65": 100}, "max_tokens": 8"#) == "AAAAAAAA")
        // Of two letters that are far ahead of all others, the one that was drawn often is overtaken.
        let both = #""logit_bias": {"65": 100, "66": 100}, "max_tokens": 60"#
        let letters = try #require(try text(both + #", "frequency_penalty": 2"#))
        #expect(letters.count == 60 && Set(letters) == ["A", "B"])
    }

    @Test func aPromptThatCameBeforeIsReused() throws {
        let fixture = try AnswersFixture()
        let prompt = String(repeating: "the sun and the sea ", count: 8)
        for wanted in [0, 128] {
            let (_, json) = try fixture.post(
                "/v1/completions", #"{"model": "plain", "prompt": "\#(prompt)", "max_tokens": 2}"#)
            #expect(json["usage"]?["prompt_tokens"]?.integer == 160)
            #expect(json["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer == wanted)
        }
    }

    @Test func aStreamIsTheAnswerInPieces() throws {
        let fixture = try AnswersFixture()
        let body =
            #""model": "plain", "prompt": ["ab", "cd"], "n": 2, "seed": 5, "max_tokens": 9, "logprobs": 1, "echo": true"#
        let complete = try fixture.post("/v1/completions", "{\(body)}").json
        let chunks = try fixture.stream(
            "/v1/completions", #"{\#(body), "stream": true, "stream_options": {"include_usage": true}}"#)
        var (texts, reasons) = ([Int: String](), [Int: String]())
        for chunk in chunks.dropLast() {
            #expect(
                chunk.keys == ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"])
            #expect(chunk["object"]?.string == "text_completion" && chunk["usage"]?.isNull == true)
            #expect(chunk["id"]?.string == chunks[0]["id"]?.string)
            let choice = try #require(chunk["choices"]?[0])
            let index = try #require(choice["index"]?.integer)
            texts[index, default: ""] += choice["text"]?.string ?? ""
            if let reason = choice["finish_reason"]?.string { reasons[index] = reason }
        }
        for choice in complete["choices"]?.array ?? [] {
            let index = try #require(choice["index"]?.integer)
            #expect(texts[index] == choice["text"]?.string)
            #expect(reasons[index] == choice["finish_reason"]?.string)
        }
        let last = try #require(chunks.last)
        #expect(last["choices"]?.array?.isEmpty == true)
        #expect(last["usage"]?["total_tokens"]?.integer == complete["usage"]?["total_tokens"]?.integer)
        let plain = try fixture.stream("/v1/completions", #"{\#(body), "stream": true}"#)
        #expect(plain.allSatisfy { $0["usage"] == nil && $0["choices"]?.array?.isEmpty == false })
    }
}
