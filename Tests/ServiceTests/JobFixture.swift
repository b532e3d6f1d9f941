// A service in its own folder whose jobs are worked on by the real program; it can be stopped and started again.

import Foundation
import HTTPServer
import Inference
import Kernels
import Model
import Models
import Service
import StrictJSON
import TestSupport
import Testing
import Tokenizer

final class JobFixture {
    let place: TemporaryFolder
    let settings: ServiceSettings
    private(set) var service: FineTuningService
    private var handler: RequestHandler
    private let launcher: JobLauncher

    /// The program next to the test runner, in any build folder.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL
        .deletingLastPathComponent().appendingPathComponent("luthier").path

    /// - Parameter works: whether jobs are worked on; without, nothing happens to them.
    init(works: Bool = true) throws {
        _ = QuietMachine.kernel
        place = try TemporaryFolder()
        try JobFixture.writeModel(place, "tiny")
        try JobFixture.writeModel(place, "chatty", template: "\"chat\"")
        var settings = ServiceSettings()
        settings.dataFolder = place.path + "/service"
        settings.runsFolder = place.path + "/checkpoints"
        settings.names = ["davinci": "tiny", "curie": "tiny"]
        try FileManager.default.createDirectory(
            atPath: settings.filesFolder, withIntermediateDirectories: true)
        self.settings = settings
        launcher =
            works
            ? .program(JobFixture.program)
            : JobLauncher(launch: { _, _ in throw CancellationError() }, adopt: { _ in nil })
        (service, handler) = try JobFixture.open(settings, launcher, works)
    }

    deinit { service.stop() }

    private static func open(
        _ settings: ServiceSettings, _ launcher: JobLauncher, _ works: Bool
    ) throws -> (FineTuningService, RequestHandler) {
        let engine = BatchEngine(EngineSettings(cacheBytes: 1 << 24))
        let service = FineTuningService(
            settings: settings, store: try Store(path: settings.databasePath), engine: engine,
            pool: ModelPool(engine: engine), launcher: launcher, log: { _ in })
        if works { service.start() }
        return (service, RequestHandler(service))
    }

    /// Ends the service as SIGTERM does, and starts the next one on the same folder.
    func restart() throws {
        service.stop()
        (service, handler) = try JobFixture.open(settings, launcher, true)
    }

    /// A model of bytes.
    private static func writeModel(_ place: TemporaryFolder, _ name: String, template: String = "null") throws {
        let folder = "checkpoints/\(name)"
        try FileManager.default.createDirectory(
            atPath: place.path + "/" + folder, withIntermediateDirectories: true)
        let shape = ModelShape(
            vocabularySize: 257, contextLength: 64, blockCount: 1, headCount: 1, modelWidth: 8, tiedHead: false)
        let model = Transformer(shape)
        model.layout.initialize(model.weights, seed: 3)
        let config = """
            {"model": {"contextLength": 64, "blockCount": 1, "headCount": 1, "modelWidth": 8, "tiedHead": false},
             "data": {"template": \(template)}}
            """
        try place.write(config, as: folder + "/config.json")
        let saved = SavedModel(
            model: model, tokenizer: .bytes, info: ModelInfo(model.architecture), configText: Array(config.utf8))
        try saved.write(to: place.path + "/" + folder + "/step-000001.h5")
    }

    // MARK: Requests

    func send(
        _ method: String, _ target: String, _ body: [UInt8] = [], type: String = "application/json"
    ) -> HTTPResponse {
        handler.respond(
            HTTPRequest(method: method, target: target, headers: [("Content-Type", type)], body: body))
    }

    func call(_ method: String, _ target: String, _ body: String = "") throws -> (status: Int, json: JSONNode) {
        let response = send(method, target, Array(body.utf8))
        return (response.status, try JSONText.parse(response.body.collected ?? []))
    }

    /// The bytes that Python's clients send: the purpose, then the file.
    func sendFile(
        _ text: String, name: String = "train.jsonl", purpose: String = "fine-tune", more: [(String, String)] = []
    ) throws -> (status: Int, json: JSONNode) {
        let boundary = "7c2e0b6d9f1a4e53"
        var body = ""
        for (name, value) in [("purpose", purpose)] + more {
            body += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        body +=
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n\(text)\r\n--\(boundary)--\r\n"
        let response = send(
            "POST", "/v1/files", Array(body.utf8), type: "multipart/form-data; boundary=\(boundary)")
        return (response.status, try JSONText.parse(response.body.collected ?? []))
    }

    func upload(_ text: String, name: String = "train.jsonl") throws -> String {
        let answer = try sendFile(text, name: name)
        return try #require(answer.json["id"]?.string, "\(answer.json.text)")
    }

    /// Rows that a model of bytes reads in one batch of its context.
    static func rows(_ count: Int, _ word: String = "Day") -> String {
        (0..<count).map { "{\"prompt\": \"\(word) \($0)?\", \"completion\": \" It is \($0).\"}\n" }.joined()
    }

    /// A job of the newer API.
    ///
    /// - Parameter members: of its request, after the files and the model.
    func job(
        _ members: String = "", rows: String = JobFixture.rows(12), validation: String? = nil
    ) throws -> String {
        let file = try upload(rows)
        let other = try validation.map { ", \"validation_file\": \"\(try upload($0, name: "valid.jsonl"))\"" } ?? ""
        let answer = try call(
            "POST", "/v1/fine_tuning/jobs",
            "{\"model\": \"tiny\", \"training_file\": \"\(file)\"\(other)\(members)}")
        return try #require(answer.json["id"]?.string, "\(answer.json.text)")
    }

    // MARK: Waiting

    struct TooLong: Error { let job: String, state: String }

    /// Waits until a condition of a job holds.
    func wait(_ id: String, _ condition: (StoredJob) throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 240)
        while true {
            let job = try #require(try service.store.job(id))
            if try condition(job) { return }
            guard Date() < end else { throw TooLong(job: id, state: job.phase.rawValue) }
            usleep(5_000)
        }
    }

    func waitForEnd(_ id: String) throws -> StoredJob {
        try wait(id) { $0.phase.isOver }
        return try #require(try service.store.job(id))
    }

    /// Waits until a job has told of a number of steps; a job that ends before is an error.
    func wait(_ id: String, steps: Int) throws {
        try wait(id) { job in
            if job.phase.isOver { throw TooLong(job: id, state: job.phase.rawValue) }
            return try metrics(id).count >= steps
        }
    }

    func messages(_ id: String) throws -> [String] { try service.store.events(of: id).map(\.message) }

    /// The texts of a job's steps.
    func metrics(_ id: String) throws -> [String] {
        try service.store.events(of: id, type: "metrics").map(\.message)
    }

    /// The checkpoints of a job's run, name and bytes.
    func checkpoints(_ id: String) throws -> [String: Data] {
        let folder = settings.path(ofRun: id)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".h5") }
        return Dictionary(
            try names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0))) }
        ) { $1 }
    }

    /// The number of the process that works on a job; nil where there is none.
    func process(_ id: String) -> Int32? {
        JobFolder(path: settings.path(ofJob: id)).read(.process)?["process"]?.integer.map { Int32($0) }
    }
}
