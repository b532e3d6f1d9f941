// What the server answers by itself: errors in the form of OpenAI's API.

import StrictJSON

extension HTTPResponse {
    /// `{"error": {"message", "type", "param", "code"}}`, which clients of the API show as they show a handler's errors.
    package static func refusal(
        _ status: Int, _ message: String, code: String? = nil, headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        let type = status >= 500 ? "server_error" : "invalid_request_error"
        let body: JSONOutput = [
            "error": [
                "message": .string(message), "type": .string(type), "param": nil,
                "code": code.map { .string($0) } ?? nil,
            ]
        ]
        return HTTPResponse(
            status, headers: [(name: "Content-Type", value: "application/json")] + headers,
            body: .bytes(body.serializedBytes() + [0x0A]))
    }

    /// Marks that the connection is closed afterwards.
    var closing: HTTPResponse {
        var response = self
        if !response.closes { response.headers.append((name: "Connection", value: "close")) }
        return response
    }

    var closes: Bool { header("Connection")?.lowercased() == "close" }

    /// The words of the statuses that the server answers by itself (RFC 9110).
    static func reason(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}
