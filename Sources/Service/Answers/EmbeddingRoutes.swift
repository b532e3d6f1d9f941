// `/v1/embeddings`: the mean of a model's last hidden states over the tokens of each text.

import Foundation
import HTTPServer
import Inference
import StrictJSON

struct EmbeddingRoutes {
    let service: FineTuningService

    /// Texts of a request, and how many of them are with the engine at a time.
    static let (mostInputs, window) = (2048, 8)

    func create(_ request: HTTPRequest) throws -> HTTPResponse {
        var fields = try RequestFields(request)
        let name = try fields.requiredText("model", length: 1...400)
        guard let node = fields.node("input") else {
            throw APIError.invalid("Missing required parameter: 'input'.", param: "input")
        }
        let inputs = try CompletionRequest.prompts(node, "input", most: EmbeddingRoutes.mostInputs)
        guard !inputs.contains(.text("")) else {
            throw APIError.invalid("A text of 'input' is empty.", param: "input")
        }
        let format = try fields.text("encoding_format") ?? "float"
        guard format == "float" || format == "base64" else {
            throw APIError.invalid(
                "Invalid value for 'encoding_format': expected float or base64, got \(APIError.shown(format)).",
                param: "encoding_format")
        }
        try fields.refuse("dimensions", "is not supported: the embeddings are as wide as the model")
        fields.ignore("user")
        try fields.finish()
        let model = try AnswerModel(name, service)
        let prompts = try inputs.map { try CompletionAnswer.encode($0, model.model, param: "input").tokens }
        let vectors: [[Float]]
        do throws(EngineError) { vectors = try embed(prompts, model) } catch { throw APIError(error, prompt: "input") }
        let data = vectors.enumerated().map { index, vector -> JSONOutput in
            [
                "object": "embedding", "index": .integer(index),
                "embedding": format == "base64"
                    ? .string(EmbeddingRoutes.base64(vector)) : .array(vector.map { .number(Double($0)) }),
            ]
        }
        let count = prompts.reduce(0) { $0 + $1.count }
        return .json(
            200,
            [
                "object": "list", "data": .array(data), "model": .string(model.name),
                "usage": ["prompt_tokens": .integer(count), "total_tokens": .integer(count)],
                "luthier": ["embedding": "mean of the last hidden states, not normalized"],
            ])
    }

    /// The vectors in the order of the prompts.
    private func embed(_ prompts: [[Int32]], _ model: AnswerModel) throws(EngineError) -> [[Float]] {
        for prompt in prompts {
            try service.engine.check(
                EngineRequest(prompt: prompt, settings: GenerationSettings(sampling: .greedy, maximumTokens: 1)),
                for: model.model)
        }
        let (results, lease) = (Mailbox<(Int, Result<[Float], EngineError>)>(), model.lease)
        var vectors = [[Float]](repeating: [], count: prompts.count)
        var tickets: [Ticket] = []
        var left = prompts.count
        do throws(EngineError) {
            while left > 0 {
                let number = tickets.count
                if number < prompts.count, number - (prompts.count - left) < EmbeddingRoutes.window {
                    do throws(EngineError) {
                        let ticket = try service.engine.embed(prompts[number], with: model.model) { result in
                            // The model stays until the last result.
                            withExtendedLifetime(lease) { results.append((number, result)) }
                        }
                        tickets.append(ticket)
                        continue
                    } catch {
                        // The end of another of the request's texts will make room.
                        guard case .queueFull = error, number > prompts.count - left else { throw error }
                    }
                }
                guard let (place, result) = results.next() else { continue }
                vectors[place] = try result.get()
                left -= 1
            }
        } catch {
            for ticket in tickets { ticket.cancel() }
            throw error
        }
        return vectors
    }

    /// Four bytes for each number, the lowest first.
    static func base64(_ vector: [Float]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector {
            let bits = value.bitPattern
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift))) }
        }
        return Data(bytes).base64EncodedString()
    }
}
