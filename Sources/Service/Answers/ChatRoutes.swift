// `/v1/chat/completions`: a conversation answered, completely or as the answer grows.

import Conversations
import HTTPServer
import Inference
import Retrieval
import StrictJSON

struct ChatRoutes {
    let service: FineTuningService

    func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let asked = try ChatRequest(request)
        let model = try AnswerModel(asked.model, service)
        let answer = try ChatAnswer(asked, model, service)
        do throws(EngineError) {
            let run = try answer.run(model, service)
            if asked.drawing.isStreamed { return .events { answer.stream(run, $0) } }
            return .json(200, try answer.complete(run, for: request))
        } catch { throw APIError(error, prompt: "messages") }
    }
}

/// One conversation, and its answers.
struct ChatAnswer: Sendable {
    let asked: ChatRequest
    let head: AnswerHead
    let frame: AnswerFrame
    let calls: ToolCallFormat?
    /// The passages in the prompt; nil where no documents were asked.
    let sources: [FoundPassage]?
    private let request: EngineRequest

    init(_ asked: ChatRequest, _ model: AnswerModel, _ service: FineTuningService) throws {
        self.asked = asked
        head = AnswerHead(
            id: Identifier.new("chatcmpl-"),
            object: asked.drawing.isStreamed ? "chat.completion.chunk" : "chat.completion", created: service.store.now,
            model: model)
        let frame = model.lease.frame
        self.frame = frame
        guard let template = frame.template else {
            throw APIError(
                404,
                "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean "
                    + "to use v1/completions?", param: "model")
        }
        try asked.drawing.check(vocabularySize: model.model.vocabularySize)
        calls = asked.tools.isEmpty ? nil : ToolCallFormat.find(template, model.model.tokenizer)
        guard asked.tools.isEmpty || calls != nil else {
            throw APIError.invalid(
                "'tools' is not supported with the model `\(APIError.shown(model.name))`: its chat template has no "
                    + "function calls, or writes them in a way that cannot be read.", param: "tools",
                code: "unsupported_parameter")
        }
        let maximumTokens = asked.maximumTokens ?? service.settings.answerTokens
        let prompt: [Int32]
        (prompt, sources) = try ChatAnswer.prompt(asked, frame, service, room: maximumTokens)
        var request = EngineRequest(
            prompt: prompt,
            settings: asked.drawing.applied(
                to: frame.settings(seed: asked.drawing.seed), maximumTokens: maximumTokens))
        request.continuations = asked.drawing.count
        request.alternatives = asked.logprobs
        self.request = request
    }

    /// Asks the model, unless the documents have nothing to answer from.
    func run(_ model: AnswerModel, _ service: FineTuningService) throws(EngineError) -> AnswerRun {
        guard sources?.isEmpty == true, asked.tools.isEmpty else {
            return try AnswerRun([request], on: model.lease, service.engine)
        }
        return AnswerRun(
            known: Grounding.notFound, times: asked.drawing.count, on: model.lease, service.engine)
    }

    private static func prompt(
        _ asked: ChatRequest, _ frame: AnswerFrame, _ service: FineTuningService, room: Int
    ) throws -> (tokens: [Int32], sources: [FoundPassage]?) {
        do {
            let (messages, sources) = try asked.grounded(service.documents, frame, room: room)
            return (try frame.prompt(messages), sources)
        } catch let error as TemplateError {
            var (reason, param) = ("\(error)", "messages")
            if case .template(_, _, let text) = error { reason = text }
            if case .cannotExpress(_, let part) = error {
                reason = "the model's chat template cannot express \(part)"
                if part.contains("tools of") { param = "tools" }
            }
            throw APIError.invalid("These messages cannot be put together for this model: \(reason).", param: param)
        } catch let error as GenerationError {
            throw APIError.invalid("'messages' cannot be read: \(error)", param: "messages")
        }
    }

    private func makeText() -> ChatText {
        ChatText(frame, calls: calls, mostCalls: asked.callsInParallel ? .max : 1)
    }

    // MARK: Complete

    /// Waits for all answers.
    func complete(_ run: AnswerRun, for request: HTTPRequest) throws(EngineError) -> JSONOutput {
        var usage = AnswerUsage()
        var texts = [ChatText](repeating: makeText(), count: asked.drawing.count)
        var answers = [ChatText.Piece](repeating: ChatText.Piece(), count: asked.drawing.count)
        var reasons = [FinishReason](repeating: .stop, count: asked.drawing.count)
        func add(_ piece: ChatText.Piece, _ index: Int) {
            answers[index].text += piece.text
            answers[index].tokens += piece.tokens
        }
        loop: while true {
            // Nobody waits for the answer of a client that has gone.
            guard request.isConnected() else { throw .cancelled }
            switch try run.next(within: AnswerStream.patience) {
            case .waiting: continue
            case .ended: break loop
            case .event(_, .prompt(let reading)): usage.add(reading)
            case .event(_, .tokens(let index, let tokens, let text)): add(texts[index].take(tokens, text), index)
            case .event(_, .finished(let index, let completion)):
                add(texts[index].finish(), index)
                reasons[index] = completion.finishReason
                usage.completion += completion.tokens.count
            case .event(_, .failed): break
            }
        }
        let choices = answers.indices.map { index -> JSONOutput in
            let calls = texts[index].calls
            let text = answers[index].text
            var message: [(key: String, value: JSONOutput)] = [
                ("role", "assistant"), ("content", text.isEmpty && !calls.isEmpty ? .null : .string(text)),
                ("refusal", .null),
            ]
            if !calls.isEmpty { message.append(("tool_calls", .array(calls.map { ChatAnswer.json($0) }))) }
            return [
                "index": .integer(index), "message": .object(message),
                "logprobs": asked.logprobs == nil ? .null : ChatLogprobs.json(answers[index].tokens),
                "finish_reason": .string(ChatAnswer.reason(reasons[index], calls)),
            ]
        }
        return head.json(choices, usage: usage.json, sources: sources?.json)
    }

    private static func reason(_ reason: FinishReason, _ calls: [ToolCall]) -> String {
        calls.isEmpty ? reason.rawValue : "tool_calls"
    }

    private static func json(_ call: ToolCall, index: Int? = nil) -> JSONOutput {
        let members: [(key: String, value: JSONOutput)] = [
            ("id", .string(Identifier.new("call_"))), ("type", "function"),
            ("function", ["name": .string(call.name), "arguments": .string(call.arguments)]),
        ]
        return .object((index.map { [("index", .integer($0))] } ?? []) + members)
    }

    // MARK: Streamed

    /// Writes the answers as they grow.
    func stream(_ run: AnswerRun, _ stream: HTTPStream) {
        var usage = AnswerUsage()
        var texts = [ChatText](repeating: makeText(), count: asked.drawing.count)
        let first = (0..<asked.drawing.count).map {
            chunk($0, ["role": "assistant", "content": "", "refusal": .null], sources: $0 == 0 ? sources?.json : nil)
        }
        AnswerStream(run: run, stream: stream, prompt: "messages").write(first: first) { _, event in
            switch event {
            case .prompt(let reading):
                usage.add(reading)
                return []
            case .tokens(let index, let tokens, let text):
                return chunks(index, texts[index].take(tokens, text))
            case .finished(let index, let completion):
                usage.completion += completion.tokens.count
                let rest = chunks(index, texts[index].finish())
                let calls = texts[index].calls
                let told = calls.enumerated().map { place, call in
                    chunk(index, ["tool_calls": [ChatAnswer.json(call, index: place)]])
                }
                let end = chunk(index, [:], reason: ChatAnswer.reason(completion.finishReason, calls))
                return rest + told + [end]
            case .failed: return []
            }
        } last: {
            asked.drawing.streamsUsage ? [head.json([], usage: usage.json)] : []
        }
    }

    private func chunks(_ index: Int, _ piece: ChatText.Piece) -> [JSONOutput] {
        let tokens = asked.logprobs == nil ? [] : piece.tokens
        guard !piece.text.isEmpty || !tokens.isEmpty else { return [] }
        return [
            chunk(
                index, ["content": .string(piece.text)],
                logprobs: asked.logprobs == nil ? nil : ChatLogprobs.json(tokens))
        ]
    }

    private func chunk(
        _ index: Int, _ delta: JSONOutput, logprobs: JSONOutput? = nil, reason: String? = nil,
        sources: JSONOutput? = nil
    ) -> JSONOutput {
        head.json(
            [
                [
                    "index": .integer(index), "delta": delta, "logprobs": logprobs ?? .null,
                    "finish_reason": .text(reason),
                ]
            ], usage: asked.drawing.streamsUsage ? .null : nil, sources: sources)
    }
}
