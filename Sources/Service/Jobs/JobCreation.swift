// Makes a job of a request: reads it with its bounds, looks up model and files, and writes the job's folder.

import Files
import Foundation
import HTTPServer
import StrictJSON
import Training

/// What a request for a job of the newer API says.
struct JobCreation {
    let service: FineTuningService
    private var settings: ServiceSettings { service.settings }

    init(_ service: FineTuningService) { self.service = service }

    /// `method.type`.
    enum Method: String, CaseIterable {
        case supervised
        case dpo
    }

    /// The hyperparameters that were given; nil for "auto".
    struct Hyperparameters: Equatable {
        var method = Method.supervised
        var epochs: Int?
        var batchSize: Int?
        var learningRateMultiplier: Double?
        /// Of `dpo`.
        var beta: Double?

        var json: JSONOutput {
            func automatic(_ value: JSONOutput?) -> JSONOutput { value ?? "auto" }
            let plain: [(key: String, value: JSONOutput)] = [
                ("batch_size", automatic(batchSize.map { .integer($0) })),
                ("learning_rate_multiplier", automatic(learningRateMultiplier.map { .number($0) })),
                ("n_epochs", automatic(epochs.map { .integer($0) })),
            ]
            return .object((method == .dpo ? [("beta", automatic(beta.map { .number($0) }))] : []) + plain)
        }

        /// The config keys of the method.
        var settings: [JobOrder.Setting] {
            guard method == .dpo else { return [] }
            return [
                .init("method.objective", "\"\(Objective.dpo.rawValue)\""),
                .init("method.beta", "\(beta ?? RunConfig().method.beta)"),
            ]
        }
    }

    static let bounds = (
        epochs: 1...50, batchSize: 1...256, multiplier: Double.leastNormalMagnitude...1e6, beta: 1e-6...100.0
    )

    func create(_ request: HTTPRequest) throws -> StoredJob {
        var fields = try RequestFields(request)
        let name = try fields.requiredText("model")
        let training = try fields.requiredText("training_file")
        let validation = try fields.text("validation_file", length: 1...200)
        let suffix = try fields.text("suffix", length: 1...64)
        let seed = try fields.integer("seed", in: 0...2_147_483_647)
        let hyperparameters = try hyperparameters(&fields)
        try checkIntegrations(&fields)
        let labels = try metadata(&fields)
        let own = try OwnOptions(&fields, hyperparameters)
        fields.ignore("user")
        try fields.finish()
        let model = try service.models.trainable(name)
        var order = try order(
            id: Identifier.new("ftjob-"), isLegacy: false, model, training: training, validation: validation,
            seed: seed ?? Int.random(in: 0...2_147_483_647))
        (order.epochs, order.batchSize) = (hyperparameters.epochs, hyperparameters.batchSize)
        order.learningRateMultiplier = hyperparameters.learningRateMultiplier
        (order.settings, order.samples) = (hyperparameters.settings + own.settings, own.samples)
        let metadata = JSONOutput.object(labels.map { ($0.key, .string($0.value)) }).serialized()
        return try add(
            order, .jobs, model: name, base: model.name, training: training, validation: validation, suffix: suffix,
            asked: hyperparameters.json, metadata: labels.isEmpty ? nil : metadata, options: own.json, labels: labels)
    }

    // MARK: Parts of the request

    /// Of `method`, or of the older member `hyperparameters`; where both are given they must agree.
    private func hyperparameters(_ fields: inout RequestFields) throws(APIError) -> Hyperparameters {
        var plain: Hyperparameters?
        if var inner = try fields.fields("hyperparameters") { plain = try read(&inner, .supervised) }
        guard var method = try fields.fields("method") else { return plain ?? Hyperparameters() }
        let name = try method.text("type") ?? Method.supervised.rawValue
        guard let type = Method(rawValue: name) else {
            throw .invalid(
                "Invalid value for 'method.type': '\(APIError.shown(name))' is not supported by this server; "
                    + "use 'supervised' or 'dpo'.", param: "method.type", code: "unsupported_parameter")
        }
        for other in Method.allCases where other != type { try method.refuse(other.rawValue) }
        try method.refuse("reinforcement")
        var found: Hyperparameters?
        if var own = try method.fields(name) {
            if var inner = try own.fields("hyperparameters") { found = try read(&inner, type) }
            try own.finish()
        }
        try method.finish()
        plain?.method = type
        plain?.beta = found?.beta
        if let plain, let found, plain != found {
            throw .invalid(
                "'hyperparameters' and 'method' say different things; give one of them.", param: "hyperparameters")
        }
        return found ?? plain ?? Hyperparameters(method: type)
    }

    private func read(_ fields: inout RequestFields, _ method: Method) throws(APIError) -> Hyperparameters {
        var result = Hyperparameters(method: method)
        if method == .dpo, fields.node("beta")?.string != "auto" {
            result.beta = try fields.number("beta", in: JobCreation.bounds.beta)
        }
        if fields.node("n_epochs")?.string != "auto" {
            result.epochs = try fields.integer("n_epochs", in: JobCreation.bounds.epochs)
        }
        if fields.node("batch_size")?.string != "auto" {
            result.batchSize = try fields.integer("batch_size", in: JobCreation.bounds.batchSize)
        }
        if fields.node("learning_rate_multiplier")?.string != "auto" {
            result.learningRateMultiplier = try fields.number(
                "learning_rate_multiplier", in: JobCreation.bounds.multiplier)
        }
        try fields.finish()
        return result
    }

    /// Nothing leaves this machine.
    private func checkIntegrations(_ fields: inout RequestFields) throws(APIError) {
        guard let list = try fields.list("integrations", most: 5), let first = list.first else { return }
        let type = first.object?["type"]?.string ?? "?"
        throw .invalid(
            "Integration '\(APIError.shown(type))' is not supported by this server, which sends nothing elsewhere; the run's "
                + "folder holds TensorBoard files.", param: "integrations", code: "unsupported_parameter")
    }

    private func metadata(_ fields: inout RequestFields) throws(APIError) -> [(key: String, value: String)] {
        guard let node = fields.node("metadata") else { return [] }
        guard let object = node.object else { throw fields.wrong("metadata", node, "an object") }
        guard object.members.count <= 16 else {
            throw .invalid(
                "'metadata' has \(object.members.count) pairs; at most 16 are allowed.", param: "metadata")
        }
        var pairs: [(key: String, value: String)] = []
        for member in object.members {
            guard let value = member.value.string, (1...64).contains(member.key.count), value.count <= 512 else {
                throw .invalid(
                    "Invalid 'metadata': keys have at most 64 characters, values are strings of at most 512.",
                    param: "metadata")
            }
            pairs.append((member.key, value))
        }
        return pairs
    }

    // MARK: The job

    /// The order, whose files are there and meant for training.
    func order(
        id: String, isLegacy: Bool, _ model: LocalModel, training: String, validation: String?, seed: Int
    ) throws -> JobOrder {
        let file = try usable(training, param: "training_file")
        let other = try validation.map { try usable($0, param: "validation_file") }
        let folder = settings.path(ofJob: id)
        var order = JobOrder(
            job: id, isLegacy: isLegacy, base: model.path, run: settings.path(ofRun: id),
            training: folder + "/training.jsonl", trainingName: APIError.shown(file.filename), seed: seed,
            leastExamples: isLegacy ? 1 : 10)
        if let other {
            order.validation = folder + "/validation.jsonl"
            order.validationName = APIError.shown(other.filename)
        }
        return order
    }

    private func usable(_ id: String, param: String) throws -> StoredFile {
        guard Identifier.isPlausible(id), let file = try service.store.file(id) else {
            throw APIError.invalid(
                "invalid \(param): No such File object: \(APIError.shown(id))", param: param, code: "invalid_\(param)")
        }
        guard file.purpose == "fine-tune" else {
            throw APIError.invalid(
                "invalid \(param): the purpose of \(id) is \(file.purpose), not fine-tune", param: param,
                code: "invalid_\(param)")
        }
        return file
    }

    /// Writes the folder, then the row: a job that the store knows has everything that it needs. Its data files are links,
    /// so that they stay when a client deletes a file.
    func add(
        _ order: JobOrder, _ generation: StoredJob.Generation, model: String, base: String, training: String,
        validation: String?, suffix: String?, asked: JSONOutput, metadata: String?, options: JSONOutput,
        labels: [(key: String, value: String)] = []
    ) throws -> StoredJob {
        let folder = JobFolder(path: settings.path(ofJob: order.job))
        try FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            try keep(training, as: order.training)
            if let validation, let path = order.validation { try keep(validation, as: path) }
            try folder.write(order.json, as: .request)
            let now = service.store.now
            let job = StoredJob(
                id: order.job, generation: generation, created: now, updated: now, phase: .validating, model: model,
                base: base, trainingFile: training, validationFile: validation, suffix: suffix, seed: order.seed,
                asked: asked.serialized(), metadata: metadata, options: options.serialized())
            try service.store.transaction {
                try service.store.insert(job, labels: labels)
                try service.store.insert(JobEvents.created(job), of: job.id)
            }
            service.queue.wake()
            return job
        } catch {
            try? FileManager.default.removeItem(atPath: folder.path)
            throw error
        }
    }

    private func keep(_ id: String, as path: String) throws {
        let source = settings.path(ofFile: id)
        if link(source, path) != 0 { try FileManager.default.copyItem(atPath: source, toPath: path) }
    }
}

/// Luthier's own member of a request: config keys, and questions that are asked at each evaluation.
struct OwnOptions {
    var settings: [JobOrder.Setting] = []
    var samples: [String] = []

    /// Keys that name files or that the request says elsewhere.
    private static let fixed: Set<String> = [
        "model.base", "data.train", "data.validation", "data.test", "tokenizer.path", "tokenizer.vocabularySize",
        "tokenizer.split", "evaluation.samples", "evaluation.asksSamples", "training.earlierPlans",
        "training.logEvery", "training.logAccuracy", "training.keepEpochs", "training.keepLast",
        "evaluation.batchEvery", "method.objective", "method.beta",
    ]

    var json: JSONOutput {
        [
            "set": .object(settings.map { ($0.key, .raw(Array($0.value.utf8))) }),
            "samples": .array(samples.map { .string($0) }),
        ]
    }

    init(_ fields: inout RequestFields, _ given: JobCreation.Hyperparameters) throws(APIError) {
        guard var own = try fields.fields("luthier") else { return }
        if let set = try own.fields("set") { settings = try OwnOptions.settings(set.object, prefix: "luthier.set.") }
        for (node, index) in zip(try own.list("samples", most: 8) ?? [], 0...) {
            guard let text = node.string, (1...2000).contains(text.unicodeScalars.count) else {
                throw own.wrong("samples", node, "a text of 1 to 2000 characters at place \(index)")
            }
            samples.append(text)
        }
        try own.finish()
        let taken = [
            ("training.epochs", given.epochs != nil), ("training.steps", given.epochs != nil),
            ("training.batchSize", given.batchSize != nil), ("training.accumulation", given.batchSize != nil),
            ("training.learningRate", given.learningRateMultiplier != nil),
        ]
        for (key, isGiven) in taken where isGiven && settings.contains(where: { $0.key == key }) {
            throw .invalid(
                "\(key) is set, and a hyperparameter says the same; give one of them.", param: "luthier.set.\(key)")
        }
    }

    /// Reads config keys with the config's own checks.
    static func settings(_ object: JSONObject, prefix: String) throws(APIError) -> [JobOrder.Setting] {
        var (reader, settings) = (ConfigReader(), [JobOrder.Setting]())
        for member in object.members {
            let param = prefix + APIError.shown(member.key)
            guard !fixed.contains(member.key) else {
                throw .invalid("\(member.key) cannot be set here.", param: param)
            }
            let value = JSONOutput(member.value).serialized()
            do { try reader.set(member.key, toText: value, source: "set", origin: "set") } catch {
                throw .invalid("\(error)" + (error.hint.map { "; \($0)" } ?? ""), param: param)
            }
            settings.append(.init(member.key, value))
        }
        return settings
    }
}
