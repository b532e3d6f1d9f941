// A service without a network, for commands that find none running.

import Checkpoint
import HTTPServer
import Inference
import Models

/// Works on a data folder itself. The folder is locked until `close`, after which a running job has saved and ended.
package final class DirectCaller: ServiceCaller {
    private let service: FineTuningService
    private let handler: RequestHandler
    private let lock: RunLock

    /// - Parameters:
    ///   - launcher: of the processes of jobs.
    ///   - log: told what an operator should know.
    package init(
        _ settings: ServiceSettings, launcher: JobLauncher, log: @escaping @Sendable (String) -> Void
    ) throws {
        lock = try ServiceHost.lock(settings)
        do {
            let store = try Store(path: settings.databasePath)
            // Nothing is generated here.
            let engine = BatchEngine(EngineSettings(cacheBytes: 1 << 20))
            service = FineTuningService(
                settings: settings, store: store, engine: engine,
                pool: ModelPool(engine: engine), launcher: launcher, log: log)
        } catch {
            lock.release()
            throw error
        }
        handler = RequestHandler(service)
    }

    package var endsWithCommand: Bool { true }

    package func start() { service.start() }

    package func close() {
        service.stop()
        lock.release()
    }

    package func send(_ request: HTTPRequest) throws -> ServiceAnswer {
        let response = handler.respond(request)
        switch response.body {
        case .file(let path):
            return ServiceAnswer(status: response.status, body: try ClientFile.bytes(path, limit: Int.max))
        default:
            return ServiceAnswer(status: response.status, body: response.body.collected ?? [])
        }
    }
}
