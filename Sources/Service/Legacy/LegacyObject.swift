// A job, its files and its events as the API of 2021 writes them.

import StrictJSON

enum LegacyObject {
    static func status(_ job: StoredJob) -> String {
        switch JobObject.status(job) {
        case "validating_files", "queued": "pending"
        case let status: status
        }
    }

    static func json(_ job: StoredJob, _ store: Store, withEvents: Bool) throws -> JSONOutput {
        func files(_ id: String?, purpose: String?) throws -> JSONOutput {
            guard let id, let file = try store.file(id) else { return [] }
            return [FileRoutes.json(file, purpose: purpose ?? file.purpose)]
        }
        var members: [(key: String, value: JSONOutput)] = [
            ("object", "fine-tune"), ("id", .string(job.id)),
            ("hyperparams", JSONOutput(stored: job.resolved ?? job.asked)),
            ("organization_id", "org-local"), ("model", .string(job.model)),
            ("training_files", try files(job.trainingFile, purpose: "fine-tune-train")),
            ("validation_files", try files(job.validationFile, purpose: "fine-tune-train")),
            ("result_files", try files(job.resultFile, purpose: nil)), ("created_at", .integer(job.created)),
            ("updated_at", .integer(job.updated)), ("status", .string(status(job))),
            ("fine_tuned_model", .text(job.fineTunedModel)),
        ]
        if withEvents { members.append(("events", .array(try store.events(of: job.id).map(json)))) }
        return .object(members)
    }

    static func json(_ event: StoredEvent) -> JSONOutput {
        [
            "object": "fine-tune-event", "level": .string(event.level), "message": .string(event.message),
            "created_at": .integer(event.created),
        ]
    }
}
