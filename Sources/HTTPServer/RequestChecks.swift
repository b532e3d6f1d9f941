// What a server checks before it receives a body or asks its handler.

/// The rules of one server, as a value without sockets.
struct RequestChecks: Sendable {
    private let settings: HTTPServerSettings
    private let hosts: AllowedHosts
    let origins: OriginRules

    init(_ settings: HTTPServerSettings, isLoopback: Bool) {
        self.settings = settings
        hosts = AllowedHosts(settings, isLoopback: isLoopback)
        origins = OriginRules(settings)
    }

    /// What is done with a request whose headers have arrived.
    enum Verdict {
        case accept(BodyFraming)
        /// Nothing that follows on the connection can be trusted to be a request.
        case malformed(HTTPResponse)
        case refuse(HTTPResponse, BodyFraming)
    }

    /// - Parameters:
    ///   - fullTarget: with its query, as sent.
    ///   - headerBytes: of the request's line and headers.
    func verdict(on request: HTTPRequest, fullTarget: String, headerBytes: Int) -> Verdict {
        guard HeaderRules.areWellFormed(request.headers) else {
            return .malformed(.refusal(400, "A header of the request is malformed."))
        }
        guard let framing = HeaderRules.framing(request.headers) else {
            return .malformed(
                .refusal(400, "The request's Content-Length or Transfer-Encoding is not valid.", code: "invalid_length")
            )
        }
        if let response = malformedHead(request, fullTarget, headerBytes) { return .refuse(response, framing) }
        let hostValues = request.headers.filter { $0.name == "host" }
        guard hostValues.count == 1, let host = HostName(hostValues[0].value) else {
            return .refuse(.refusal(400, "The request needs one Host header.", code: "invalid_host"), framing)
        }
        guard hosts.contains(host) else {
            return .refuse(
                .refusal(
                    403, "This server does not answer to the host '\(host.name)'. Allowed hosts are in its settings.",
                    code: "host_not_allowed"), framing)
        }
        let originValues = request.headers.filter { $0.name == "origin" }
        if let origin = originValues.first {
            guard originValues.count == 1, origins.allows(origin.value, host: host) else {
                return .refuse(
                    .refusal(
                        403, "Pages of this origin may not use this server. Allowed origins are in its settings.",
                        code: "origin_not_allowed"), framing)
            }
            if request.method == "OPTIONS", request.header("Access-Control-Request-Method") != nil {
                return .refuse(origins.preflight(request), framing)
            }
        }
        if let response = settings.authorize?(request) { return .refuse(response, framing) }
        if let response = refusedBody(request, framing) { return .refuse(response, framing) }
        return .accept(framing)
    }

    func largestBody(_ request: HTTPRequest) -> Int { settings.largestBody(request.method, request.target) }

    static func tooLarge(_ limit: Int) -> HTTPResponse {
        .refusal(413, "The body of the request has more than \(limit) bytes.", code: "request_too_large")
    }

    private func malformedHead(_ request: HTTPRequest, _ target: String, _ headerBytes: Int) -> HTTPResponse? {
        guard target.utf8.count <= settings.targetBytes else {
            return .refusal(414, "The URL has more than \(settings.targetBytes) bytes.", code: "url_too_long")
        }
        guard headerBytes <= settings.headerBytes, request.headers.count <= settings.headerCount else {
            return .refusal(
                431,
                "The request's headers are more than \(settings.headerBytes) bytes or \(settings.headerCount) lines.",
                code: "headers_too_large")
        }
        guard request.method.utf8.allSatisfy(HeaderRules.isTokenByte), !request.method.isEmpty else {
            return .refusal(400, "The request's method is malformed.")
        }
        if request.method == "OPTIONS", target == "*" { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), PercentCoding.segments(of: String(parts[0])) != nil,
            parts.count == 1 || PercentCoding.query(parts[1]) != nil
        else { return .refusal(400, "The request's URL is malformed.", code: "invalid_url") }
        return nil
    }

    private func refusedBody(_ request: HTTPRequest, _ framing: BodyFraming) -> HTTPResponse? {
        guard framing != .none else { return nil }
        let limit = largestBody(request)
        if case .length(let count) = framing, count > limit { return RequestChecks.tooLarge(limit) }
        let type = HeaderRules.mediaType(request.header("Content-Type"))
        // Browsers send other types to other origins without asking, and forms too: those have an origin that was checked.
        let takesForms = settings.acceptsMultipart(request.method, request.target)
        guard type == "application/json" || (type == "multipart/form-data" && takesForms) else {
            let expected = takesForms ? "application/json or multipart/form-data" : "application/json"
            return .refusal(
                415, "The body of the request must have the Content-Type \(expected).", code: "unsupported_media_type")
        }
        let coding = request.header("Content-Encoding")?.lowercased() ?? "identity"
        guard coding == "identity" else {
            return .refusal(
                415, "A body with a Content-Encoding is not accepted.", code: "unsupported_content_encoding")
        }
        return nil
    }
}
