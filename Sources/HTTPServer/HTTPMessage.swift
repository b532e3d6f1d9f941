// A request as a handler gets it, and the response that it gives back: plain values, with which a service can be tested
// without sockets.

/// A complete request. Its body is in memory, or, if it is large, in a file.
package struct HTTPRequest: Sendable {
    /// As sent, in uppercase: "POST".
    package var method: String
    /// The path as sent, percent-encoded, without the query: "/v1/files/data%2Ftrain.jsonl".
    package var target: String
    /// The path divided at "/" before its parts were decoded: ["v1", "files", "data/train.jsonl"]. A "/" at the end is
    /// ignored.
    package var segments: [String]
    /// Names and values of the query, decoded, in order.
    package var query: [(name: String, value: String)]
    /// Names in lowercase, in order.
    package var headers: [(name: String, value: String)]
    /// The body; empty if it is in `bodyFile`.
    package var body: [UInt8]
    /// The file with a body that is too large for the memory. It is removed when the handler has returned, unless the
    /// handler has moved it.
    package var bodyFile: String?
    /// Whether the client still waits for the response. Something that takes long asks this from time to time.
    package var isConnected: @Sendable () -> Bool = { true }

    /// - Parameter target: with or without a query. A target that is not valid has no segments.
    package init(
        method: String, target: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        bodyFile: String? = nil
    ) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts.first ?? "")
        self.method = method
        self.target = path
        segments = PercentCoding.segments(of: path) ?? []
        query = parts.count > 1 ? PercentCoding.query(parts[1]) ?? [] : []
        self.headers = headers.map { (name: $0.name.lowercased(), value: $0.value) }
        self.body = body
        self.bodyFile = bodyFile
    }

    /// The value of the header `name`, which is compared without regard to case; of several, the first.
    package func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name == name }?.value
    }

    /// The value of the query's `name`; of several, the first.
    package func queryValue(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// What is sent back.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Without `Content-Length`, `Date` and `Transfer-Encoding`, which the server adds. `Connection: close` makes it
    /// close the connection afterwards.
    package var headers: [(name: String, value: String)]
    package var body: Body

    package enum Body: Sendable {
        case bytes([UInt8])
        /// A file of the disk, which is not read into memory.
        case file(path: String)
        /// Runs on a thread of the server and writes until it has no more or the client has gone.
        case stream(@Sendable (HTTPStream) -> Void)
    }

    package init(_ status: Int, headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// The value of the header `name`, which is compared without regard to case; of several, the first.
    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
