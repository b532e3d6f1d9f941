// Answers as they grow: server-sent events, until the text is complete or the client has gone.

import HTTPServer
import Inference
import StrictJSON

/// Writes what a run's events become.
struct AnswerStream {
    let run: AnswerRun
    let stream: HTTPStream
    /// The request's field with the prompt, for errors.
    let prompt: String

    /// Seconds between two looks at a client that gets nothing, while a long prompt is read.
    static let patience = 0.2

    /// Writes until the end.
    ///
    /// - Parameters:
    ///   - first: chunks that need no event.
    ///   - chunks: what an event of the prompt of a number becomes.
    ///   - last: chunks after the last event.
    func write(
        first: [JSONOutput], chunks: (Int, EngineEvent) -> [JSONOutput], last: () -> [JSONOutput]
    ) {
        guard send(first) else { return }
        do throws(EngineError) {
            loop: while true {
                switch try run.next(within: AnswerStream.patience) {
                case .waiting: guard stream.isOpen else { return run.cancel() }
                case .event(let number, let event):
                    guard send(chunks(number, event)) else { return }
                case .ended: break loop
                }
            }
        } catch {
            // The status has been sent: clients raise an error for an event that has one.
            _ = send([APIError(error, prompt: prompt).json])
            _ = stream.write("data: [DONE]\n\n")
            return
        }
        guard send(last()) else { return }
        _ = stream.write("data: [DONE]\n\n")
    }

    private func send(_ chunks: [JSONOutput]) -> Bool {
        for chunk in chunks {
            guard stream.isOpen, stream.write("data: \(chunk.serialized())\n\n") else {
                run.cancel()
                return false
            }
        }
        return true
    }
}

/// Tokens of a request, for the client's account.
struct AnswerUsage: Sendable {
    var prompt = 0
    /// Of the prompt's tokens, those that an earlier request had left in memory.
    var cached = 0
    var completion = 0

    mutating func add(_ reading: PromptReading) {
        prompt += reading.tokensRead + reading.tokensReused
        cached += reading.tokensReused
    }

    var json: JSONOutput {
        [
            "prompt_tokens": .integer(prompt), "completion_tokens": .integer(completion),
            "total_tokens": .integer(prompt + completion), "prompt_tokens_details": ["cached_tokens": .integer(cached)],
        ]
    }
}

/// What is the same in every object of an answer.
struct AnswerHead: Sendable {
    let id: String
    let object: String
    let created: Int
    let model: AnswerModel

    /// - Parameter sources: where a chat's answer comes from; nil where no documents were asked.
    func json(_ choices: [JSONOutput], usage: JSONOutput?, sources: JSONOutput? = nil) -> JSONOutput {
        var members: [(key: String, value: JSONOutput)] = [
            ("id", .string(id)), ("object", .string(object)), ("created", .integer(created)),
            ("model", .string(model.name)), ("system_fingerprint", .string(model.fingerprint)),
            ("choices", .array(choices)),
        ]
        if let usage { members.append(("usage", usage)) }
        if let sources { members.append(("sources", sources)) }
        return .object(members)
    }
}
