// `/health`, `/metrics` and `/luthier/info`: how the service is.

import Fetching
import Foundation
import HTTPServer
import Kernels
import Models
import StrictJSON

struct StatusRoutes {
    let service: FineTuningService

    /// 200 while requests can be answered; an error where the database cannot be read.
    func health() throws -> HTTPResponse {
        let counts = try service.store.jobCounts()
        let statistics = service.engine.statistics
        return .json(
            200,
            [
                "status": "ok", "version": .string(service.settings.version),
                "jobs": [
                    "running": .integer(counts[.running] ?? 0),
                    "queued": .integer((counts[.queued] ?? 0) + (counts[.validating] ?? 0)),
                ],
                "requests": [
                    "waiting": .integer(statistics.waiting),
                    "running": .integer(statistics.reading + statistics.drawing),
                ],
            ])
    }

    func metrics() throws -> HTTPResponse {
        HTTPResponse(
            200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")],
            body: .bytes(Array(try service.metrics.text(service).utf8)))
    }

    /// What the page must know of this service.
    func info() throws -> HTTPResponse {
        let settings = service.settings
        let documents = try service.documents?.counts()
        return .json(
            200,
            [
                "version": .string(settings.version), "threads": .integer(ParallelFor.threadCount),
                "memoryBytes": .integer(Int(ProcessInfo.processInfo.physicalMemory)),
                "availableBytes": .count(Memory.availableBytes), "uploadBytes": .integer(settings.uploadBytes),
                "keyRequired": .bool(service.key != nil),
                "allowedOrigins": .array(settings.allowedOrigins.map { .string($0) }),
                "documents": documents.map { .integer($0.documents) } ?? .null,
                "passages": documents.map { .integer($0.passages) } ?? .null,
                "fetchable": .array(PublishedModel.all.map { .string($0.name) }),
            ])
    }
}
