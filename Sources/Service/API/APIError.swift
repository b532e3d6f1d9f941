// An error as OpenAI's API gives it: a status, and a body with message, type, param and code.

import HTTPServer
import StrictJSON

/// What a client is told. No message contains a path of this machine.
package struct APIError: Error, Equatable, CustomStringConvertible {
    package var status: Int
    package var message: String
    package var type: String
    /// The field of the request that is wrong.
    package var param: String?
    package var code: String?
    /// After how many seconds the client may try again.
    package var retryAfter: Int?

    package init(
        _ status: Int, _ message: String, type: String = "invalid_request_error", param: String? = nil,
        code: String? = nil, retryAfter: Int? = nil
    ) {
        (self.status, self.message, self.type) = (status, message, type)
        (self.param, self.code, self.retryAfter) = (param, code, retryAfter)
    }

    package var description: String { message }

    /// A field that is wrong. Never 409 or 422: clients would send a request with 409 again, and old ones do not know 422.
    static func invalid(_ message: String, param: String?, code: String? = nil) -> APIError {
        APIError(400, message, param: param, code: code)
    }

    /// `No such File object: file-…`
    static func noSuch(_ object: String, _ id: String, param: String? = "id", status: Int = 404) -> APIError {
        APIError(status, "No such \(object) object: \(shown(id))", param: param)
    }

    static func noModel(_ name: String, here: [String]) -> APIError {
        let list = here.prefix(20).map { "`\($0)`" }.joined(separator: ", ")
        let known = here.isEmpty ? "No model is here: `luthier fetch smollm2-135m` gets one" : "Models here: \(list)"
        return APIError(
            404, "The model `\(shown(name))` does not exist. \(known)" + (here.count > 20 ? ", …" : ""), param: "model",
            code: "model_not_found")
    }

    static func noRoute(_ method: String, _ target: String) -> APIError {
        APIError(404, "Invalid URL (\(method) \(shown(target)))")
    }

    static func noMethod(_ method: String, _ target: String) -> APIError {
        APIError(405, "Not allowed to \(method) on \(shown(target)).", code: "method_not_supported")
    }

    /// Something that is not the client's fault. The reason is for the log.
    static func internalError(_ reason: String = "The server had an error while processing your request.") -> APIError {
        APIError(500, reason, type: "server_error")
    }

    /// A text of a client as a part of a message: short, without control characters.
    static func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(200).map { scalar -> Unicode.Scalar in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "·" : scalar
        }
        return String(String.UnicodeScalarView(scalars)) + (text.unicodeScalars.count > 200 ? "…" : "")
    }

    package var json: JSONOutput {
        [
            "error": [
                "message": .string(message), "type": .string(type), "param": .text(param), "code": .text(code),
            ]
        ]
    }

    package var response: HTTPResponse {
        var response = HTTPResponse.json(status, json)
        if let retryAfter { response.headers.append(("Retry-After", "\(retryAfter)")) }
        if status == 401 { response.headers.append(("WWW-Authenticate", "Bearer")) }
        // Clients send a request again that got 500 or more; where that cannot help, they are told.
        if status >= 500, retryAfter == nil { response.headers.append(("x-should-retry", "false")) }
        return response
    }
}

extension HTTPResponse {
    static func json(_ status: Int, _ value: JSONOutput) -> HTTPResponse {
        HTTPResponse(
            status, headers: [("Content-Type", "application/json")], body: .bytes(value.serializedBytes() + [0x0A]))
    }

    /// Server-sent events, which no cache may keep or delay.
    static func events(_ produce: @escaping @Sendable (HTTPStream) -> Void) -> HTTPResponse {
        HTTPResponse(
            200,
            headers: [
                ("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"),
            ], body: .stream(produce))
    }
}

extension JSONOutput {
    /// A text, or null.
    static func text(_ value: String?) -> JSONOutput { value.map { .string($0) } ?? .null }
    /// An integer, or null.
    static func count(_ value: Int?) -> JSONOutput { value.map { .integer($0) } ?? .null }
    /// A number, or null.
    static func real(_ value: Double?) -> JSONOutput { value.map { .number($0) } ?? .null }

    /// The JSON text that the database keeps.
    init(stored text: String?) { self = text.map { .raw(Array($0.utf8)) } ?? .null }
}
