// Something that a process of its own finds out about data while a client waits: hostile data never meets the service.

import Checkpoint
import Conversations
import Datasets
import Files
import Foundation
import Models
import Preparation
import StrictJSON
import Tokenizer
import Training

/// A question about data. The service writes it, its process reads it, and the answer goes back the same way.
protocol Look: Sendable {
    static var kind: String { get }
    /// What `init` reads.
    var json: JSONOutput { get }
    /// nil where `json` has not written it.
    init?(_ object: JSONObject)
    /// Paths and what clients call them: no answer shows a path of this machine.
    var names: [(path: String, name: String)] { get }
    /// The field and the code of an error of the data.
    var dataParam: String { get }
    var dataCode: String { get }

    /// What a client is told of an error.
    func apiError(_ error: any Error) -> APIError
    /// - Parameter folder: for files, of this question alone.
    func answer(in folder: String) throws -> JSONOutput
}

extension Look {
    func apiError(_ error: any Error) -> APIError {
        var text = "\(error)"
        for (path, name) in names { text = text.replacing(path, with: APIError.shown(name)) }
        switch error {
        case let error as APIError: return error
        case let failure as JobFailure:
            let param = failure.param.map { LookProcess.params[$0] ?? $0 }
            return .invalid(failure.message, param: param, code: failure.code)
        case is DatasetError: return .invalid(text, param: dataParam, code: dataCode)
        case is PreparationError: return .invalid(text, param: dataParam, code: "nothing_left")
        case is ConfigError: return .invalid(text, param: "set")
        case is ModelError, is CheckpointError, is TokenizerError, is TemplateError:
            return .invalid(text, param: "model", code: "model_error")
        case is TrainingError: return .invalid(text, param: dataParam, code: dataCode)
        default: return .internalError("The data could not be looked at: \(text)")
        }
    }
}

/// The work of `luthier job FOLDER --look`: reads `request.json`, writes `answer.json`.
package enum LookProcess {
    static let (request, answer) = ("request.json", "answer.json")
    /// The most bytes that a process may write into one file, a part of which are those of compressed data.
    private static let mostFileBytes: rlim_t = 8 << 30
    /// Fields of a job's request as the page names them.
    static let params = ["training_file": "trainingFile", "validation_file": "validationFile"]

    private static let kinds: [any Look.Type] = [PrepareLook.self, RowLook.self, TuneLook.self, QuestionsLook.self]

    /// Makes this process one that harms nothing else: it is the first to go where memory is short, its files are bounded,
    /// and it ends with the service that has started it.
    package static func restrict() {
        let parent = getppid()
        try? "1000".write(toFile: "/proc/self/oom_score_adj", atomically: false, encoding: .utf8)
        var limit = rlimit(rlim_cur: mostFileBytes, rlim_max: mostFileBytes)
        #if canImport(Glibc)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        #else
            setrlimit(RLIMIT_FSIZE, &limit)
        #endif
        Thread.detachNewThread {
            while getppid() == parent { usleep(500_000) }
            _exit(1)
        }
    }

    /// Answers the question in a folder.
    package static func run(_ folder: String) throws {
        let bytes = FileManager.default.contents(atPath: folder + "/" + request).map { [UInt8]($0) } ?? []
        let object = try JSONText.parse(bytes).object
        let kind = object?["kind"]?.string
        guard let object, let type = kinds.first(where: { $0.kind == kind }), let look = type.init(object) else {
            throw JobFailure(code: "server_error", message: "\(folder) holds no question")
        }
        let result: JSONOutput
        do { result = ["answer": try look.answer(in: folder)] } catch {
            let error = look.apiError(error)
            result = [
                "status": .integer(error.status), "type": .string(error.type), "message": .string(error.message),
                "param": .text(error.param), "code": .text(error.code),
            ]
        }
        try AtomicFile.write(result.serialized(), to: folder + "/" + answer)
    }
}
