// `/v1/fine_tuning/jobs`: create, list, retrieve, cancel, pause, resume, events, checkpoints.

import HTTPServer
import StrictJSON

struct JobRoutes {
    let service: FineTuningService
    private var store: Store { service.store }

    func create(_ request: HTTPRequest) throws -> HTTPResponse {
        .json(200, json(try JobCreation(service).create(request)))
    }

    func list(_ request: HTTPRequest) throws -> HTTPResponse {
        let page = try PageRequest(request, limit: 20, most: 100)
        var labels: [(key: String, value: String)] = []
        for (name, value) in request.query where name.hasPrefix("metadata[") && name.hasSuffix("]") {
            labels.append((String(name.dropFirst("metadata[".count).dropLast()), value))
        }
        guard labels.count <= 16 else {
            throw APIError.invalid("'metadata' has more than 16 pairs.", param: "metadata")
        }
        return .json(200, try store.jobs(.jobs, page, labels: labels).json(json))
    }

    func retrieve(_ id: String) throws -> HTTPResponse { .json(200, json(try find(id))) }

    func change(_ id: String, _ word: String) throws -> HTTPResponse {
        let job = try find(id)
        switch word {
        case "cancel": try service.queue.cancel(job)
        case "pause": try service.queue.pause(job)
        default: try service.queue.resume(job)
        }
        return .json(200, json(try find(id)))
    }

    func events(_ id: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let job = try find(id)
        let page = try PageRequest(request, limit: 20, most: 100)
        return .json(200, try store.events(of: job.id, page).json(JobObject.json))
    }

    func checkpoints(_ id: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let job = try find(id)
        let page = try PageRequest(request, limit: 10, most: 100)
        return .json(200, try store.checkpoints(of: job.id, page).json(id: \.id, JobObject.json))
    }

    func json(_ job: StoredJob) -> JSONOutput { JobObject.json(job, progress: service.progress.json(job)) }

    /// The job of an id.
    ///
    /// - Parameter generation: nil for either.
    func find(_ id: String, _ generation: StoredJob.Generation? = .jobs) throws -> StoredJob {
        guard Identifier.isPlausible(id), let job = try store.job(id),
            generation.map({ $0 == job.generation }) ?? true
        else {
            throw APIError(
                404, "Could not find fine tune: \(APIError.shown(id))", param: "fine_tuning_job_id",
                code: "fine_tune_not_found")
        }
        return job
    }
}
