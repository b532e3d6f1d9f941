// `/v1/fine-tunes`: create, list, retrieve, cancel, delete, and events as a list or as a stream.

import HTTPServer
import StrictJSON

struct LegacyRoutes {
    let service: FineTuningService
    private var store: Store { service.store }

    /// OpenAI's own default.
    static let usualModel = "curie"
    static let usualEpochs = 4
    static let usualPromptLossWeight = 0.01

    func create(_ request: HTTPRequest) throws -> HTTPResponse {
        var fields = try RequestFields(request)
        let training = try fields.requiredText("training_file")
        let validation = try fields.text("validation_file", length: 1...200)
        let name = try fields.text("model", length: 1...200) ?? LegacyRoutes.usualModel
        let epochs = try fields.integer("n_epochs", in: JobCreation.bounds.epochs) ?? LegacyRoutes.usualEpochs
        let batchSize = try fields.integer("batch_size", in: JobCreation.bounds.batchSize)
        let multiplier = try fields.number("learning_rate_multiplier", in: JobCreation.bounds.multiplier)
        let weight = try fields.number("prompt_loss_weight", in: 0...1) ?? LegacyRoutes.usualPromptLossWeight
        let suffix = try fields.text("suffix", length: 1...40)
        let classes = try classes(&fields, validation: validation)
        fields.ignore("user")
        try fields.finish()
        let creation = JobCreation(service)
        var order = try creation.order(
            id: Identifier.new("ft-"), isLegacy: true, service.models.trainable(name), training: training,
            validation: validation, seed: Int.random(in: 0...2_147_483_647))
        (order.epochs, order.batchSize, order.learningRateMultiplier) = (epochs, batchSize, multiplier)
        (order.promptLossWeight, order.classes) = (weight, classes)
        let asked: JSONOutput = [
            "batch_size": .count(batchSize), "learning_rate_multiplier": .real(multiplier),
            "n_epochs": .integer(epochs), "prompt_loss_weight": .number(weight),
        ]
        let job = try creation.add(
            order, .fineTunes, model: name, base: service.models.trainable(name).name, training: training,
            validation: validation, suffix: suffix, asked: asked, metadata: nil, options: .object([]))
        return .json(200, try LegacyObject.json(job, store, withEvents: true))
    }

    private func classes(
        _ fields: inout RequestFields, validation: String?
    ) throws(APIError) -> JobOrder.Classes? {
        let isAsked = try fields.flag("compute_classification_metrics") ?? false
        let count = try fields.integer("classification_n_classes", in: 2...ClassLabels.most)
        let positive = try fields.text("classification_positive_class", length: 1...200)
        var betas: [Double] = []
        for node in try fields.list("classification_betas", most: 16) ?? [] {
            guard let beta = node.number, beta > 0, beta <= 100 else {
                throw fields.wrong("classification_betas", node, "numbers above 0 and up to 100")
            }
            betas.append(beta)
        }
        guard isAsked else { return nil }
        guard validation != nil else {
            throw .invalid(
                "compute_classification_metrics needs a validation file.", param: "validation_file")
        }
        guard count != nil || positive != nil else {
            throw .invalid(
                "compute_classification_metrics needs classification_n_classes, or classification_positive_class "
                    + "where there are two classes.", param: "classification_n_classes")
        }
        if let count, count > 2, positive != nil {
            throw .invalid(
                "classification_positive_class is for two classes.", param: "classification_positive_class")
        }
        if count == 2, positive == nil {
            throw .invalid(
                "Two classes need classification_positive_class.", param: "classification_positive_class")
        }
        if !betas.isEmpty, positive == nil {
            throw .invalid("classification_betas are for two classes.", param: "classification_betas")
        }
        return JobOrder.Classes(count: positive == nil ? count : nil, positive: positive, betas: betas)
    }

    /// All jobs, the oldest first, without their events.
    func list() throws -> HTTPResponse {
        let jobs = try store.jobs(.fineTunes, PageRequest(limit: 10_000, ascending: true)).elements
        let data = try jobs.map { try LegacyObject.json($0, store, withEvents: false) }
        return .json(200, ["object": "list", "data": .array(data)])
    }

    func retrieve(_ id: String) throws -> HTTPResponse {
        .json(200, try LegacyObject.json(try find(id), store, withEvents: true))
    }

    func cancel(_ id: String) throws -> HTTPResponse {
        do { try service.queue.cancel(find(id)) } catch var error as APIError {
            if error.param == "fine_tuning_job_id" { error.param = "fine_tune_id" }
            throw error
        }
        return try retrieve(id)
    }

    func events(_ id: String, _ request: HTTPRequest) throws -> HTTPResponse {
        let job = try find(id)
        guard request.queryValue("stream")?.lowercased() == "true" else {
            return .json(
                200, ["object": "list", "data": .array(try store.events(of: job.id).map(LegacyObject.json))])
        }
        let (store, log) = (store, service.log)
        var response = HTTPResponse.events { stream in
            do { try LegacyRoutes.stream(job.id, store, stream) } catch { log("the stream of \(job.id): \(error)") }
        }
        // The old client reads on after [DONE].
        response.headers.append(("Connection", "close"))
        return response
    }

    /// Writes events as they come, until the job is over.
    private static func stream(_ id: String, _ store: Store, _ stream: HTTPStream) throws {
        var told = 0
        while true {
            let version = store.changes.version
            let isOver = try store.job(id).map { $0.phase.isOver } ?? true
            for event in try store.events(of: id, skipping: told) {
                told += 1
                guard stream.write("data: \(LegacyObject.json(event).serialized())\n\n") else { return }
            }
            if isOver { break }
            store.changes.wait(after: version, seconds: 1)
            guard stream.isOpen else { return }
        }
        _ = stream.write("data: [DONE]\n\n")
    }

    /// `DELETE /v1/fine-tunes/NAME` deletes a model; the id of a job is an error that says so.
    func delete(_ name: String) throws -> HTTPResponse { try ModelRoutes(service: service).delete(name) }

    private func find(_ id: String) throws -> StoredJob {
        guard Identifier.isPlausible(id), let job = try store.job(id), job.isLegacy else {
            throw APIError(
                404, "Could not find fine tune: \(APIError.shown(id))", param: "fine_tune_id",
                code: "fine_tune_not_found")
        }
        return job
    }
}
