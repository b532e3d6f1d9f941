// A service on the network: its folder, its parts and its server, started and stopped together.

import Checkpoint
import Database
import Foundation
import HTTPServer
import Inference
import Kernels
import Models
import Retrieval

/// A running service. One process serves a data folder at a time.
package final class ServiceHost {
    /// Where and how a service is reached.
    package struct Address: Sendable {
        package var host = "127.0.0.1"
        package var port = 8080

        package init() {}

        /// Whether only this machine reaches it.
        package var isLocal: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
    }

    package let service: FineTuningService
    private let server: HTTPServer
    private let lock: RunLock
    private let host: String

    /// - Parameters:
    ///   - documents: what chats answer from; nil for none.
    ///   - format: of a copy of the weights with which tokens are drawn; nil for none.
    ///   - log: told what an operator should know, a line at a time, from any thread.
    package init(
        _ settings: ServiceSettings, at address: Address, key: ServiceKey?, page: PageFiles,
        documents: SharedGrounding? = nil, format: WeightFormat? = nil, launcher: JobLauncher,
        log: @escaping @Sendable (String) -> Void
    ) throws {
        guard address.isLocal || key != nil else { throw ServiceError.addressWithoutKey(host: address.host) }
        lock = try ServiceHost.lock(settings)
        let store = try Store(path: settings.databasePath)
        let memory = Memory.availableBytes ?? Int(ProcessInfo.processInfo.physicalMemory)
        var bounds = EngineSettings(cacheBytes: settings.cacheBytes ?? memory / 4)
        bounds.waitingLimit = settings.waitingRequests
        let engine = BatchEngine(bounds)
        let pool = ModelPool(engine: engine, memoryLimit: settings.modelBytes, format: format)
        service = FineTuningService(
            settings: settings, store: store, engine: engine, pool: pool, launcher: launcher, key: key, page: page,
            documents: documents, log: log)
        host = address.host
        let handler = RequestHandler(service)
        do {
            server = try HTTPServer(ServiceHost.httpSettings(settings, address, key)) { handler.respond($0) }
        } catch {
            engine.stop()
            store.close()
            lock.release()
            throw error
        }
        service.start()
    }

    /// `http://127.0.0.1:8080`
    package var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(server.port)" }

    /// Ends the service: requests have `seconds` to end by themselves, the running job saves.
    package func stop(draining seconds: Double) {
        server.stop(draining: seconds)
        service.stop()
        lock.release()
    }

    /// Makes the folders, which are the owner's alone, and locks them.
    static func lock(_ settings: ServiceSettings) throws -> RunLock {
        for folder in [settings.dataFolder, settings.filesFolder, settings.dataFolder + "/jobs"] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        do { return try RunLock(directory: settings.dataFolder) } catch RunLockError.held(_, let owner) {
            throw ServiceError.dataInUse(folder: settings.dataFolder, owner: owner)
        }
    }

    private static func httpSettings(
        _ settings: ServiceSettings, _ address: Address, _ key: ServiceKey?
    ) -> HTTPServerSettings {
        var http = HTTPServerSettings()
        (http.host, http.port) = (address.host, address.port)
        (http.allowedHosts, http.allowedOrigins) = (settings.allowedHosts, settings.allowedOrigins)
        let (upload, json) = (settings.uploadBytes + (1 << 20), RequestFields.limits.maximumBytes)
        http.largestBody = { method, target in method == "POST" && target == "/v1/files" ? upload : json }
        http.acceptsMultipart = { method, target in method == "POST" && target == "/v1/files" }
        http.uploadFolder = settings.dataFolder + "/uploads"
        // Before a body is received, let alone stored.
        if let key {
            http.authorize = { key.refusal(path: $0.target, authorization: $0.header("Authorization")) }
        }
        return http
    }
}
