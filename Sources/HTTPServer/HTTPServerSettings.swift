// What a server is told: its address, whom it answers, and its limits.

/// The defaults are those of a service for this machine only.
package struct HTTPServerSettings: Sendable {
    /// The address, or a name of it, that is listened on.
    package var host = "127.0.0.1"
    /// 0 for any free port.
    package var port = 8080

    // MARK: Whom it answers

    /// Names in `Host`, in addition to those of the address, that requests may have: "trainer.example".
    package var allowedHosts: [String] = []
    /// Origins of other pages that may use the server: "https://example.org".
    package var allowedOrigins: [String] = []
    /// Nil for a request that may be answered, else what is answered instead. It sees a request without its body, before
    /// the body is received. An address that other machines can reach needs it.
    package var authorize: (@Sendable (_ head: HTTPRequest) -> HTTPResponse?)?

    // MARK: Limits

    /// Open connections. When there are more, the one that has waited longest for a request is closed.
    package var connectionLimit = 1024
    /// How long a connection may wait for its next request, or for its client to read.
    package var idleSeconds = 75.0
    /// How long a request may take to arrive. A body gets one more second per `slowestBytesPerSecond`.
    package var requestSeconds = 30.0
    package var slowestBytesPerSecond = 16_384
    /// Of a request's line and headers.
    package var headerBytes = 32_768
    package var headerCount = 200
    package var targetBytes = 8192
    /// The most bytes of a body.
    package var largestBody: @Sendable (_ method: String, _ target: String) -> Int = { _, _ in 10 << 20 }
    /// Where a body may be `multipart/form-data`.
    package var acceptsMultipart: @Sendable (_ method: String, _ target: String) -> Bool = { _, _ in true }

    // MARK: Large bodies

    /// Larger bodies are collected in a file.
    package var bytesInMemory = 1 << 20
    /// A folder for such files, of which the server removes what an earlier one has left; nil for a new one in the
    /// system's temporary folder.
    package var uploadFolder: String?

    package init() {}
}
