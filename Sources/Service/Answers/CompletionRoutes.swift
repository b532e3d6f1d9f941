// `/v1/completions`: texts continued, complete or as they grow.

import Foundation
import HTTPServer
import Inference
import StrictJSON

struct CompletionRoutes {
    let service: FineTuningService

    func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let asked = try CompletionRequest(request)
        let model = try AnswerModel(asked.model, service)
        let answer = try CompletionAnswer(asked, model, created: service.store.now)
        do throws(EngineError) {
            let run = try AnswerRun(answer.requests, on: model.lease, service.engine)
            if asked.drawing.isStreamed { return .events { answer.stream(run, $0) } }
            return .json(200, try answer.complete(run, for: request))
        } catch { throw APIError(error, prompt: "prompt") }
    }
}

/// One request's prompts, and their answers.
struct CompletionAnswer: Sendable {
    /// A prompt as tokens, and its part that the client wrote.
    struct Prompt: Sendable {
        var tokens: [Int32]
        var text: [UInt8]
        /// Tokens in front that the tokenizer has added.
        var added: Int
    }

    let asked: CompletionRequest
    let head: AnswerHead
    let prompts: [Prompt]
    let requests: [EngineRequest]

    init(_ asked: CompletionRequest, _ model: AnswerModel, created: Int) throws {
        self.asked = asked
        head = AnswerHead(
            id: Identifier.new("cmpl-"), object: "text_completion", created: created, model: model)
        try asked.drawing.check(vocabularySize: model.model.vocabularySize)
        let prompts = try asked.prompts.map { try CompletionAnswer.encode($0, model.model) }
        self.prompts = prompts
        let settings = asked.drawing.applied(
            to: GenerationSettings(sampling: .greedy), maximumTokens: asked.maximumTokens)
        requests = prompts.enumerated().map { number, prompt in
            var request = EngineRequest(prompt: prompt.tokens, settings: settings)
            request.continuations = asked.bestOf
            request.stream = number * asked.bestOf
            // The best texts are known by their probabilities.
            request.alternatives = asked.logprobs ?? (asked.bestOf > asked.drawing.count ? 0 : nil)
            request.scoresPrompt = asked.echoes && asked.logprobs != nil
            return request
        }
    }

    static func encode(
        _ prompt: CompletionRequest.Prompt, _ model: EngineModel, param: String = "prompt"
    ) throws(APIError) -> Prompt {
        switch prompt {
        case .text(let text):
            do throws(GenerationError) {
                let tokens = try model.encode(prompt: text)
                let isEmpty = text.utf8.isEmpty
                return Prompt(
                    tokens: tokens, text: Array(text.utf8),
                    added: isEmpty ? tokens.count : model.tokenizer.addsBegin ? 1 : 0)
            } catch { throw .invalid("'\(param)' cannot be read: \(error)", param: param) }
        case .tokens(let tokens):
            if let unknown = tokens.first(where: { $0 < 0 || Int($0) >= model.vocabularySize }) {
                throw APIError(
                    EngineError.unknownToken(unknown, vocabularySize: model.vocabularySize), prompt: param)
            }
            let bytes = tokens.flatMap { token in
                Int(token) < model.tokenizer.vocabularySize ? model.tokenizer.bytes(of: Int(token)) : []
            }
            return Prompt(tokens: tokens, text: bytes, added: 0)
        }
    }

    // MARK: Complete

    /// Waits for all texts.
    func complete(_ run: AnswerRun, for request: HTTPRequest) throws(EngineError) -> JSONOutput {
        var usage = AnswerUsage()
        var readings = [PromptReading?](repeating: nil, count: prompts.count)
        var tokens = prompts.map { _ in [[DrawnToken]](repeating: [], count: asked.bestOf) }
        var texts = prompts.map { _ in [Completion?](repeating: nil, count: asked.bestOf) }
        loop: while true {
            // Nobody waits for the answer of a client that has gone.
            guard request.isConnected() else { throw .cancelled }
            switch try run.next(within: AnswerStream.patience) {
            case .waiting: continue
            case .ended: break loop
            case .event(let number, .prompt(let reading)):
                readings[number] = reading
                usage.add(reading)
            case .event(let number, .tokens(let continuation, let drawn, _)): tokens[number][continuation] += drawn
            case .event(let number, .finished(let continuation, let completion)):
                texts[number][continuation] = completion
                usage.completion += completion.tokens.count
            case .event(_, .failed): break
            }
        }
        var choices: [JSONOutput] = []
        for number in prompts.indices {
            for place in CompletionAnswer.best(asked.drawing.count, of: tokens[number]) {
                guard let completion = texts[number][place] else { continue }
                choices.append(
                    choice(
                        choices.count, number, readings[number], tokens[number][place], completion))
            }
        }
        return head.json(choices, usage: usage.json)
    }

    /// The numbers of the texts that the model finds most probable for each token, most probable first; in their order
    /// where all are asked for.
    static func best(_ count: Int, of texts: [[DrawnToken]]) -> [Int] {
        guard count < texts.count else { return Array(texts.indices) }
        let scores = texts.map { tokens in
            tokens.isEmpty
                ? -Double.infinity
                : tokens.reduce(0) { $0 + ($1.logProbability ?? 0) } / Double(tokens.count)
        }
        let order = texts.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
        return Array(order.prefix(count))
    }

    private func choice(
        _ index: Int, _ prompt: Int, _ reading: PromptReading?, _ tokens: [DrawnToken], _ completion: Completion
    ) -> JSONOutput {
        var logprobs = asked.logprobs.map { CompletionLogprobs(alternatives: $0) }
        let echo = echoed(prompt, reading)
        if !asked.echoes { logprobs?.skip(prompts[prompt].text) }
        return CompletionAnswer.choice(
            index, echo.text + completion.text, logprobs?.json(echo.tokens + tokens), completion.finishReason)
    }

    /// What of the prompt is given back. The first token has no probability: nothing of the client's is in front of it.
    private func echoed(_ prompt: Int, _ reading: PromptReading?) -> (text: String, tokens: [DrawnToken]) {
        guard asked.echoes else { return ("", []) }
        var tokens = Array(reading?.scores.dropFirst(prompts[prompt].added) ?? [])
        if !tokens.isEmpty { (tokens[0].logProbability, tokens[0].alternatives) = (nil, []) }
        return (String(decoding: prompts[prompt].text, as: UTF8.self), tokens)
    }

    private static func choice(
        _ index: Int, _ text: String, _ logprobs: JSONOutput?, _ reason: FinishReason?
    ) -> JSONOutput {
        [
            "text": .string(text), "index": .integer(index), "logprobs": logprobs ?? .null,
            "finish_reason": .text(reason?.rawValue),
        ]
    }

    // MARK: Streamed

    /// Writes the texts as they grow.
    func stream(_ run: AnswerRun, _ stream: HTTPStream) {
        var usage = AnswerUsage()
        var logprobs = prompts.flatMap { prompt in
            [CompletionLogprobs?](
                repeating: asked.logprobs.map { alternatives in
                    var logprobs = CompletionLogprobs(alternatives: alternatives)
                    if !asked.echoes { logprobs.skip(prompt.text) }
                    return logprobs
                }, count: asked.bestOf)
        }
        let none: JSONOutput? = asked.drawing.streamsUsage ? .null : nil
        AnswerStream(run: run, stream: stream, prompt: "prompt").write(first: []) { number, event in
            let start = number * asked.bestOf
            switch event {
            case .prompt(let reading):
                usage.add(reading)
                guard asked.echoes else { return [] }
                let echo = echoed(number, reading)
                return (start..<start + asked.bestOf).map { index in
                    let json = logprobs[index]?.json(echo.tokens)
                    return head.json([CompletionAnswer.choice(index, echo.text, json, nil)], usage: none)
                }
            case .tokens(let continuation, let tokens, let text):
                let json = logprobs[start + continuation]?.json(tokens)
                return [head.json([CompletionAnswer.choice(start + continuation, text, json, nil)], usage: none)]
            case .finished(let continuation, let completion):
                usage.completion += completion.tokens.count
                let choice = CompletionAnswer.choice(start + continuation, "", nil, completion.finishReason)
                return [head.json([choice], usage: none)]
            case .failed: return []
            }
        } last: {
            asked.drawing.streamsUsage ? [head.json([], usage: usage.json)] : []
        }
    }
}
