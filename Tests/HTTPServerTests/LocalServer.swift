// Servers for the tests, on free ports.

import Foundation
import HTTPServer

enum LocalServer {
    static func make(
        _ change: (inout HTTPServerSettings) -> Void = { _ in },
        _ handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws -> HTTPServer {
        var settings = HTTPServerSettings()
        settings.port = 0
        change(&settings)
        return try HTTPServer(settings, handler: handler)
    }

    /// Answers what it understood of a request: method, target, segments, query and the number of bytes of the body.
    static func echo(_ change: (inout HTTPServerSettings) -> Void = { _ in }) throws -> HTTPServer {
        try make(change) { request in
            let size = request.bodyFile.map {
                Int((try? FileManager.default.attributesOfItem(atPath: $0))?[.size] as? UInt64 ?? 0)
            }
            let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
            let text =
                "\(request.method) \(request.target) \(request.segments) \(query) \(size ?? request.body.count)"
                + (request.bodyFile == nil ? "" : " file")
            return HTTPResponse(200, headers: [("Content-Type", "text/plain")], body: .bytes(Array(text.utf8)))
        }
    }
}

extension LocalServer {
    /// Waits until something is true that a server's threads do, for at most a minute.
    static func eventually(_ isTrue: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while .now < end {
            if isTrue() { return true }
            usleep(2000)
        }
        return isTrue()
    }
}
