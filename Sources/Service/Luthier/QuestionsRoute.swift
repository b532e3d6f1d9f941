// `GET /luthier/jobs/{id}/questions`: rows that a job has not trained on, to ask models with.

import Conversations
import Datasets
import Foundation
import HTTPServer
import Kernels
import StrictJSON
import Training

struct QuestionsRoute {
    let service: FineTuningService

    private static let seconds = 60.0

    func answer(_ id: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let job = try JobRoutes(service: service).find(id, nil)
        let count = try request.queryInteger("count", in: 1...50, default: 5)
        let seed = try request.queryInteger("seed", in: 0...Int.max, default: 1)
        let folder = service.settings.path(ofJob: job.id)
        let answer = try service.looks.ask(seconds: QuestionsRoute.seconds, while: request.isConnected) { _ in
            QuestionsLook(job: folder, count: count, seed: seed)
        }
        return .json(200, answer)
    }
}

/// Its process.
struct QuestionsLook: Look {
    static let kind = "questions"

    /// The job's folder.
    let job: String
    let count: Int
    let seed: Int

    var json: JSONOutput { ["job": .string(job), "count": .integer(count), "seed": .integer(seed)] }
    var names: [(path: String, name: String)] { [(job, "the job")] }
    var dataParam: String { "id" }
    var dataCode: String { "invalid_validation_file" }

    func answer(in folder: String) throws -> JSONOutput {
        let folder = JobFolder(path: job)
        guard let order = folder.order else { return ["questions": [], "of": 0] }
        var reader = ConfigReader()
        for setting in folder.plan?.settings ?? [] {
            try reader.set(setting.key, toText: setting.value, source: "job", origin: "job")
        }
        let config = reader.config
        let rows =
            folder.plan == nil
            ? try order.validation.map { try Document.documents(of: TextFile(path: $0)) } ?? []
            : try config.readDocuments()[.validation]
        let isRaw = config.data.template.map { $0.name == ChatTemplate.raw.name } ?? false
        let questions = rows.compactMap { QuestionsLook.question($0, isRaw: isRaw || folder.plan == nil) }
        var generator = SplitMix64(seed: UInt64(seed), stream: 0xA5C)
        let drawn = generator.permutation(questions.count).prefix(count).map { questions[Int($0)] }
        return ["questions": .array(drawn), "of": .integer(questions.count)]
    }

    /// A row up to its last answer, in the way in which its model was trained; nil where it has no answer.
    private static func question(_ document: Document, isRaw: Bool) -> JSONOutput? {
        guard case .conversation(let messages) = document.content,
            let place = messages.lastIndex(where: { $0.role == .assistant }), place > 0
        else { return nil }
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        let expected = text(messages[place].content)
        let asked = messages[..<place]
        if isRaw, document.row == .promptCompletion {
            let prompt = asked.map { text($0.content) }.joined()
            return [
                "line": .integer(document.line), "messages": .null, "prompt": .string(prompt),
                "expected": .string(expected),
            ]
        }
        let list = asked.map { message -> JSONOutput in
            ["role": .string(message.role.rawValue), "content": .string(text(message.content))]
        }
        return [
            "line": .integer(document.line), "messages": .array(list), "prompt": .null, "expected": .string(expected),
        ]
    }
}

extension QuestionsLook {
    init?(_ object: JSONObject) {
        guard let job = object["job"]?.string, let count = object["count"]?.integer, let seed = object["seed"]?.integer
        else { return nil }
        self.init(job: job, count: count, seed: seed)
    }
}
