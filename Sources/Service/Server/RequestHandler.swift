// A request from its arrival to its answer: the key, the route, errors, and the log.

import Dispatch
import Foundation
import HTTPServer
import Synchronization

/// Answers requests; the handler of an `HTTPServer`.
package struct RequestHandler: Sendable {
    private let service: FineTuningService
    private let router: Router

    package init(_ service: FineTuningService) {
        self.service = service
        router = service.makeRouter()
    }

    package func respond(_ request: HTTPRequest) -> HTTPResponse {
        let record = RequestRecord(request, service)
        var response: HTTPResponse
        if let refusal = service.key?.refusal(path: request.target, authorization: request.header("Authorization")) {
            response = refusal
        } else {
            response = route(request, record)
        }
        response.headers += record.headers
        if case .stream(let produce) = response.body {
            let status = response.status
            if request.method == "HEAD" {
                response.body = .bytes([])
            } else {
                response.body = .stream { stream in
                    produce(stream)
                    record.end(status)
                }
                return response
            }
        }
        if request.method == "HEAD" { response.body = .bytes([]) }
        record.end(response.status)
        return response
    }

    private func route(_ request: HTTPRequest, _ record: RequestRecord) -> HTTPResponse {
        switch router.find(request) {
        case .nothing: return APIError.noRoute(request.method, request.target).response
        case .otherMethods(let methods, let pattern):
            record.route = pattern
            var response = APIError.noMethod(request.method, request.target).response
            response.headers.append(("Allow", methods.joined(separator: ", ")))
            return response
        case .route(let route, let values):
            record.route = route.pattern
            do { return try route.answer(request, values) } catch let error as APIError {
                return error.response
            } catch {
                service.log("\(record.id) failed: \(error)")
                return APIError.internalError().response
            }
        }
    }
}

/// What is told of one request: in its answer's headers, in the log, and in the counts.
private final class RequestRecord: Sendable {
    let id = Identifier.new("req_")
    private let service: FineTuningService
    private let line: String
    private let start = DispatchTime.now()
    private let pattern = Mutex("none")
    private let hasEnded = Mutex(false)

    init(_ request: HTTPRequest, _ service: FineTuningService) {
        self.service = service
        line = "\(APIError.shown(request.method)) \(APIError.shown(request.target))"
        service.metrics.begin()
    }

    /// A stream that nobody took was answered too.
    deinit { end(499) }

    /// The pattern of the request's path.
    var route: String {
        get { pattern.withLock { $0 } }
        set { pattern.withLock { $0 = newValue } }
    }

    private var seconds: Double {
        Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
    }

    var headers: [(name: String, value: String)] {
        [
            ("x-request-id", id), ("openai-version", "2020-10-01"),
            ("openai-processing-ms", "\(Int(seconds * 1000))"), ("luthier-version", service.settings.version),
        ]
    }

    func end(_ status: Int) {
        let isFirst = hasEnded.withLock { ended in
            defer { ended = true }
            return !ended
        }
        guard isFirst else { return }
        let seconds = seconds
        service.metrics.end(route, status: status, seconds: seconds)
        service.log("\(line) \(status) \(Int(seconds * 1000)) ms \(id)")
    }
}
