// The model that a request names, in memory for as long as it answers.

import Checkpoint
import Files
import Foundation
import HTTPServer
import Inference
import Kernels
import Models

/// A leased model and what answers say of it.
struct AnswerModel: Sendable {
    let lease: ModelLease
    /// As the request names it.
    let name: String
    /// Changes with everything that can change the answer to a request with a seed: the program's version, the model's
    /// files, and the number of threads.
    let fingerprint: String

    var model: EngineModel { lease.model }

    /// Loads the model where it is not in memory, which can take seconds.
    init(_ name: String, _ service: FineTuningService) throws {
        let found = try service.models.find(name)
        self.name = name
        do { lease = try service.pool.lease(found.path) } catch {
            service.log("\(name) cannot be used: \(error)")
            throw AnswerModel.apiError(error, name)
        }
        let place = (try? ModelLocation(found.path).path) ?? found.path
        let date = (try? FileManager.default.attributesOfItem(atPath: place))?[.modificationDate] as? Date
        let state =
            "\(service.settings.version) \(place) \(date?.timeIntervalSince1970 ?? 0) \(ParallelFor.threadCount)"
        fingerprint = "fp_" + SHA256Digest.hex(of: Array(state.utf8)).prefix(10)
    }

    /// What a client is told where a model cannot be loaded; paths are for the log.
    private static func apiError(_ error: any Error, _ name: String) -> any Error {
        let name = APIError.shown(name)
        switch error {
        case ModelError.modelsInUse:
            return APIError(
                429, "There is no memory for the model `\(name)` while other models are in use. Try again later.",
                type: "requests", code: "models_in_use", retryAfter: 5)
        case ModelError.notEnoughMemory(let needed, let available):
            return APIError(
                503,
                "The model `\(name)` needs about \(needed >> 20) MiB of memory; \(available >> 20) MiB are free.",
                type: "server_error", code: "not_enough_memory")
        case ModelError.notFound, ModelError.notFetched, ModelError.noCheckpoint:
            return APIError(
                404, "The model `\(name)` does not exist any more: its files are gone.", param: "model",
                code: "model_not_found")
        default:
            return APIError(
                500, "The model `\(name)` cannot be loaded; the service's log says why.", type: "server_error",
                param: "model", code: "model_not_usable")
        }
    }
}

extension APIError {
    /// What the engine refuses, or could not do.
    ///
    /// - Parameters:
    ///   - prompt: the request's field with the prompt.
    ///   - waiting: how many requests wait, by which the time to try again is told.
    init(_ error: EngineError, prompt: String) {
        let busy = (type: "requests", code: "rate_limit_exceeded")
        switch error {
        case .emptyPrompt: self = .invalid("The prompt has no tokens.", param: prompt)
        case .promptTooLong(let tokens, let context):
            self = .invalid(
                "This model's maximum context length is \(context) tokens. However, your messages or prompt resulted in "
                    + "\(tokens) tokens. Please reduce their length.", param: prompt, code: "context_length_exceeded")
        case .unknownToken(let token, let size):
            self = .invalid(
                "Invalid token \(token) in '\(prompt)': the model's tokens are those from 0 to \(size - 1).",
                param: prompt)
        case .tooLarge(let bytes, let limit):
            // Trying again cannot help, so this is not a 429.
            self = .invalid(
                "Prompt and answer would need \(bytes >> 20) MiB for keys and values; this server has \(limit >> 20) MiB "
                    + "for them. Ask for fewer tokens or fewer choices.", param: "max_tokens",
                code: "request_too_large")
        case .queueFull(let limit):
            self.init(
                429, "The server is busy: \(limit) requests are waiting already. Please try again later.",
                type: busy.type, code: busy.code, retryAfter: 2)
        case .outOfMemory:
            self.init(
                503, "The system gave no memory for this request. Please try again later.", type: "server_error",
                code: "out_of_memory", retryAfter: 5)
        case .cancelled: self.init(499, "The request was cancelled.", type: "server_error", code: "cancelled")
        case .stopped:
            self.init(503, "The server is shutting down.", type: "server_error", code: "stopped", retryAfter: 10)
        }
    }
}
