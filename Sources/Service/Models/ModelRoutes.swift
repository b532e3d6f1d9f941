// `/v1/models`: list, retrieve, delete.

import Foundation
import HTTPServer
import StrictJSON

struct ModelRoutes {
    let service: FineTuningService

    func list() throws -> HTTPResponse {
        let models = try service.models.all().map(json)
        return .json(200, ["object": "list", "data": .array(models)])
    }

    func retrieve(_ name: String) throws -> HTTPResponse { .json(200, json(try service.models.find(name))) }

    /// Deletes what a job has made: its name, and the file of its weights.
    func delete(_ name: String) throws -> HTTPResponse {
        let model = try service.models.find(name)
        guard model.job != nil, try service.store.removeModel(model.name) else {
            throw APIError.invalid(
                "Only models that a fine-tuning job has made can be deleted; \(model.name) is another one.",
                param: "model")
        }
        service.pool.unload(model.path)
        try? FileManager.default.removeItem(atPath: model.path)
        return .json(200, ["id": .string(model.name), "object": "model", "deleted": true])
    }

    private func json(_ model: LocalModel) -> JSONOutput {
        let facts = service.models.facts(model)
        return [
            "id": .string(model.name), "object": "model", "created": .integer(model.created), "owned_by": "luthier",
            "luthier": [
                "kind": .string(model.kind.rawValue), "base": .text(model.base), "job": .text(model.job),
                "step": .count(model.step), "parameters": .count(facts?.parameters),
                "contextLength": .count(facts?.contextLength), "chat": .bool(facts?.hasTemplate ?? false),
                "trainable": .bool(facts != nil),
            ],
        ]
    }
}
