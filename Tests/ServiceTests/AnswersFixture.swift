// A service with small models, asked by values.

import Conversations
import Dispatch
import Foundation
import HTTPServer
import Inference
import Kernels
import Model
import Models
import Retrieval
import Service
import StrictJSON
import TestSupport
import Tokenizer

/// A service in its own folder. Models: `plain` without a template, `chatty` with frames, `tooly` with a template that
/// calls functions. Nothing of it changes after its making.
final class AnswersFixture: @unchecked Sendable {
    let place: TemporaryFolder
    let service: FineTuningService
    let handler: RequestHandler
    /// The same weights as those of all three models.
    let transformer: Transformer

    static let shape = ModelShape(
        vocabularySize: 257, contextLength: 320, blockCount: 2, headCount: 2, modelWidth: 32, tiedHead: false)

    init(
        key: String? = nil, page: PageFiles = PageFiles([:]), waiting: Int = 64, cacheBytes: Int = 1 << 28,
        _ change: (inout ServiceSettings) -> Void = { _ in },
        documents: (TemporaryFolder) throws -> SharedGrounding? = { _ in nil },
        look: @escaping @Sendable (String) throws -> any JobRunning = { try LookHere($0) }
    ) throws {
        _ = QuietMachine.kernel
        place = try TemporaryFolder()
        transformer = AnswersFixture.makeTransformer()
        try AnswersFixture.write(transformer, "plain", template: nil, place)
        try AnswersFixture.write(transformer, "chatty", template: .chat, place)
        try AnswersFixture.write(transformer, "tooly", template: AnswersFixture.toolTemplate, place)
        var settings = ServiceSettings()
        settings.dataFolder = place.path + "/service"
        settings.runsFolder = place.path + "/checkpoints"
        settings.names = ["davinci": "plain"]
        settings.answerTokens = 24
        settings.version = "1.2.3"
        change(&settings)
        var bounds = EngineSettings(cacheBytes: cacheBytes)
        bounds.waitingLimit = waiting
        let engine = BatchEngine(bounds)
        service = FineTuningService(
            settings: settings, store: try Store(path: ":memory:"), engine: engine, pool: ModelPool(engine: engine),
            launcher: JobLauncher(
                launch: { _, _ in throw CancellationError() }, adopt: { _ in nil }, look: look),
            key: key.map { ServiceKey($0) }, page: page, documents: try documents(place), log: { _ in })
        handler = RequestHandler(service)
    }

    deinit { service.stop() }

    /// Waits for something that another thread brings about: an answer may be read before its model is given back.
    func wait(_ condition: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: 60)
        while !condition() {
            guard Date() < end else { return false }
            usleep(1000)
        }
        return true
    }

    /// Large random weights, so that answers depend on everything before them.
    private static func makeTransformer() -> Transformer {
        let model = Transformer(shape)
        model.layout.initialize(model.weights, seed: 9)
        for parameter in model.layout.parameters where parameter.decays {
            for index in parameter.range { model.weights.base[index] *= 12 }
        }
        return model
    }

    private static func write(
        _ model: Transformer, _ name: String, template: ChatTemplate?, _ place: TemporaryFolder
    ) throws {
        let folder = "checkpoints/" + name
        try FileManager.default.createDirectory(
            atPath: place.path + "/" + folder, withIntermediateDirectories: true)
        let config = """
            {"model": {"contextLength": 320, "blockCount": 2, "headCount": 2, "modelWidth": 32, "tiedHead": false},
             "data": {"template": \(template?.json.serialized() ?? "null")}}
            """
        try place.write(config, as: folder + "/config.json")
        var info = ModelInfo(model.architecture)
        info.template = template
        let saved = SavedModel(model: model, tokenizer: .bytes, info: info, configText: Array(config.utf8))
        try saved.write(to: place.path + "/" + folder + "/step-000001.h5")
    }

    static let toolTemplate: ChatTemplate = {
        var template = ChatTemplate.raw
        template.name = "tooly"
        template.model = ModelTemplate(
            source: """
                {% for tool in tools or [] %}[{{ tool | tojson }}]
                {% endfor %}{% for message in messages %}{{ '<' + message.role + '>' }}{% if message.content %}{{ message.content }}{% endif %}{% for call in message.tool_calls or [] %}{{ '<call>{"name": "' }}{{ call.function.name }}{{ '", "arguments": ' }}{{ call.function.arguments | tojson }}{{ '}</call>' }}{% endfor %}{{ '<end>' }}
                {% endfor %}{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}
                """, endToken: "<end>")
        return template
    }()

    /// Holds the engine's thread until the closure that is returned is called, so that a test decides what is there when it
    /// continues.
    func holdEngine() throws -> () -> Void {
        let (reached, opened) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let lease = try service.pool.lease(place.path + "/checkpoints/plain")
        let request = EngineRequest(
            prompt: [1], settings: GenerationSettings(sampling: .greedy, maximumTokens: 1))
        try service.engine.submit(request, to: lease.model) { event in
            guard case .prompt = event else { return }
            reached.signal()
            opened.wait()
        }
        reached.wait()
        return { opened.signal() }
    }

    // MARK: Asking

    func send(
        _ method: String, _ target: String, _ body: String? = nil, headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        handler.respond(
            HTTPRequest(
                method: method, target: target, headers: headers + [("Content-Type", "application/json")],
                body: Array((body ?? "").utf8)))
    }

    /// Sends a body and reads the answer's JSON.
    func post(_ target: String, _ body: String) throws -> (status: Int, json: JSONNode) {
        let response = send("POST", target, body)
        return (response.status, try JSONText.parse(response.body.collected ?? []))
    }

    /// The chunks of a stream, without [DONE], which must be the last line.
    func stream(_ target: String, _ body: String) throws -> [JSONNode] {
        let response = send("POST", target, body)
        let text = String(decoding: response.body.collected ?? [], as: UTF8.self)
        guard response.status == 200, response.header("Content-Type") == "text/event-stream",
            text.hasSuffix("data: [DONE]\n\n")
        else { throw StreamError(text: text) }
        return try text.components(separatedBy: "\n\n").dropLast(2).map { line in
            guard line.hasPrefix("data: ") else { throw StreamError(text: line) }
            return try JSONText.parse(String(line.dropFirst(6)))
        }
    }

    struct StreamError: Error { let text: String }
}

extension JSONNode {
    /// A member of an object.
    subscript(_ key: String) -> JSONNode? { object?[key] }
    /// An element of an array.
    subscript(_ index: Int) -> JSONNode? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    var text: String { JSONOutput(self).serialized() }
    var keys: [String] { object?.members.map(\.key) ?? [] }
}
