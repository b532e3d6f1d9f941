// Which pages may use the server from a browser, and what browsers are told about it (fetch.spec.whatwg.org).

/// The rules for the header `Origin`.
struct OriginRules: Sendable {
    private let allowed: Set<String>

    init(_ settings: HTTPServerSettings) {
        allowed = Set(settings.allowedOrigins.map(OriginRules.canonical))
    }

    /// Origins have no path; people write a "/" at the end.
    private static func canonical(_ origin: String) -> String {
        let text = origin.lowercased()
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// Whether a page of `origin` may use the server: the server's own, and those of the settings.
    func allows(_ origin: String, host: HostName) -> Bool {
        isOwn(origin, host: host) || isListed(origin)
    }

    /// The server's own pages have the host that the request has.
    private func isOwn(_ origin: String, host: HostName) -> Bool {
        guard origin.hasPrefix("http://"), let name = HostName(String(origin.dropFirst(7))) else { return false }
        return name.name == host.name && (name.port ?? 80) == (host.port ?? 80)
    }

    private func isListed(_ origin: String) -> Bool { allowed.contains(origin.lowercased()) }

    /// What lets the browser give the response to the page; nothing for origins that are not in the settings.
    func headers(for origin: String?) -> [(name: String, value: String)] {
        guard let origin, isListed(origin) else { return [] }
        return [
            (name: "Access-Control-Allow-Origin", value: origin),
            (name: "Access-Control-Expose-Headers", value: "x-request-id, x-should-retry, retry-after"),
            (name: "Vary", value: "Origin"),
        ]
    }

    /// The answer to the question that a browser asks before it sends a page's request.
    func preflight(_ request: HTTPRequest) -> HTTPResponse {
        var headers: [(name: String, value: String)] = [
            (name: "Access-Control-Allow-Methods", value: "GET, HEAD, POST, PUT, PATCH, DELETE"),
            (name: "Access-Control-Max-Age", value: "600"),
        ]
        let asked = (request.header("Access-Control-Request-Headers") ?? "").split(separator: ",").map {
            $0.trimmingSpaces.lowercased()
        }
        let names = asked.filter { $0.utf8.allSatisfy(HeaderRules.isTokenByte) && !$0.isEmpty }
        if !names.isEmpty {
            headers.append((name: "Access-Control-Allow-Headers", value: names.joined(separator: ", ")))
        }
        if request.header("Access-Control-Request-Private-Network") == "true" {
            headers.append((name: "Access-Control-Allow-Private-Network", value: "true"))
        }
        return HTTPResponse(204, headers: headers)
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmingSpaces: String {
        var bytes = Array(utf8)[...]
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
