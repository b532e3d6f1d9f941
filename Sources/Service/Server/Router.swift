// Which code answers which request.

import HTTPServer

/// A method and a path whose parts are words, `:name` for one part, or at the end `*` for all parts that are left.
struct Route: Sendable {
    let method: String
    let pattern: String
    let answer: @Sendable (HTTPRequest, [String]) throws -> HTTPResponse
    private let parts: [Substring]

    init(
        _ method: String, _ pattern: String,
        _ answer: @escaping @Sendable (HTTPRequest, [String]) throws -> HTTPResponse
    ) {
        (self.method, self.pattern, self.answer) = (method, pattern, answer)
        parts = pattern.split(separator: "/")
    }

    /// The parts of a path that stand for `:name` and `*`; nil where the path is another one. An empty part is not a name.
    func match(_ segments: [String]) -> [String]? {
        var values: [String] = []
        for (place, part) in parts.enumerated() {
            if part == "*" {
                let rest = segments[min(place, segments.count)...].joined(separator: "/")
                return rest.isEmpty ? nil : values + [rest]
            }
            guard place < segments.count else { return nil }
            if part.hasPrefix(":") {
                guard !segments[place].isEmpty else { return nil }
                values.append(segments[place])
            } else if segments[place] != part {
                return nil
            }
        }
        return segments.count == parts.count ? values : nil
    }
}

/// All routes of a service.
struct Router: Sendable {
    private let routes: [Route]

    init(_ routes: [Route]) { self.routes = routes }

    /// What a request's path means.
    enum Found {
        case route(Route, [String])
        /// The path is known, the method is not.
        case otherMethods([String], pattern: String)
        case nothing
    }

    /// HEAD is found as GET.
    func find(_ request: HTTPRequest) -> Found {
        // A target that cannot be decoded has no parts, but only "/" really has none.
        guard !request.segments.isEmpty || request.target == "/" else { return .nothing }
        let method = request.method == "HEAD" ? "GET" : request.method
        let matches = routes.compactMap { route in route.match(request.segments).map { (route, $0) } }
        if let (route, values) = matches.first(where: { $0.0.method == method }) { return .route(route, values) }
        guard let first = matches.first else { return .nothing }
        var methods = matches.map(\.0.method)
        if methods.contains("GET") { methods.append("HEAD") }
        return .otherMethods(Array(Set(methods)).sorted(), pattern: first.0.pattern)
    }
}

extension FineTuningService {
    /// Every path that is answered.
    func makeRouter() -> Router {
        Router(
            pageRoutes + fileRoutes + jobRoutes + legacyRoutes + modelRoutes + answerRoutes + statusRoutes
                + luthierRoutes)
    }

    private var pageRoutes: [Route] {
        [
            Route("GET", "/") { request, _ in try self.page.response(PageFiles.index, request) },
            Route("GET", "/page/:name") { request, parts in try self.page.response(parts[0], request) },
            Route("GET", "/widget.js") { request, _ in try self.page.response(PageFiles.widget, request) },
        ]
    }

    private var fileRoutes: [Route] {
        let routes = FileRoutes(service: self)
        return [
            Route("GET", "/v1/files") { request, _ in try routes.list(request) },
            Route("POST", "/v1/files") { request, _ in try routes.upload(request) },
            Route("GET", "/v1/files/:id") { _, parts in try routes.retrieve(parts[0]) },
            Route("DELETE", "/v1/files/:id") { _, parts in try routes.delete(parts[0]) },
            Route("GET", "/v1/files/:id/content") { _, parts in try routes.content(parts[0]) },
        ]
    }

    private var jobRoutes: [Route] {
        let routes = JobRoutes(service: self)
        let path = "/v1/fine_tuning/jobs"
        return [
            Route("GET", path) { request, _ in try routes.list(request) },
            Route("POST", path) { request, _ in try routes.create(request) },
            Route("GET", path + "/:id") { _, parts in try routes.retrieve(parts[0]) },
            Route("GET", path + "/:id/events") { request, parts in try routes.events(parts[0], request) },
            Route("GET", path + "/:id/checkpoints") { request, parts in try routes.checkpoints(parts[0], request) },
        ]
            + ["cancel", "pause", "resume"].map { word in
                Route("POST", path + "/:id/" + word) { _, parts in try routes.change(parts[0], word) }
            }
    }

    private var legacyRoutes: [Route] {
        let routes = LegacyRoutes(service: self)
        return [
            Route("GET", "/v1/fine-tunes") { _, _ in try routes.list() },
            Route("POST", "/v1/fine-tunes") { request, _ in try routes.create(request) },
            Route("GET", "/v1/fine-tunes/:id") { _, parts in try routes.retrieve(parts[0]) },
            Route("DELETE", "/v1/fine-tunes/:id") { _, parts in try routes.delete(parts[0]) },
            Route("POST", "/v1/fine-tunes/:id/cancel") { _, parts in try routes.cancel(parts[0]) },
            Route("GET", "/v1/fine-tunes/:id/events") { request, parts in try routes.events(parts[0], request) },
        ]
    }

    private var modelRoutes: [Route] {
        let routes = ModelRoutes(service: self)
        // Names of models may contain "/", which not every client encodes.
        return [
            Route("GET", "/v1/models") { _, _ in try routes.list() },
            Route("GET", "/v1/models/*") { _, parts in try routes.retrieve(parts[0]) },
            Route("DELETE", "/v1/models/*") { _, parts in try routes.delete(parts[0]) },
        ]
    }

    private var answerRoutes: [Route] {
        let (completions, chats) = (CompletionRoutes(service: self), ChatRoutes(service: self))
        let embeddings = EmbeddingRoutes(service: self)
        return [
            Route("POST", "/v1/completions") { request, _ in try completions.create(request) },
            Route("POST", "/v1/chat/completions") { request, _ in try chats.create(request) },
            Route("POST", "/v1/embeddings") { request, _ in try embeddings.create(request) },
        ]
    }

    private var statusRoutes: [Route] {
        let routes = StatusRoutes(service: self)
        return [
            Route("GET", "/health") { _, _ in try routes.health() },
            Route("GET", "/metrics") { _, _ in try routes.metrics() },
            Route("GET", "/luthier/info") { _, _ in try routes.info() },
        ]
    }
}
