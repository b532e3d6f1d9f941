// One request and its response, on the thread of its connection.

import CMicrohttpd
import Foundation

/// Between the first and the last call of libmicrohttpd for a request.
final class Exchange {
    private let server: ServerCore
    private let client: ClientConnection
    private let handle: OpaquePointer
    private var request: HTTPRequest
    private var body: RequestBody?
    /// What is answered instead of asking the handler. libmicrohttpd closes the connection after an answer before the end
    /// of the request.
    private var refusal: HTTPResponse?

    init(server: ServerCore, client: ClientConnection, handle: OpaquePointer, request: HTTPRequest) {
        (self.server, self.client, self.handle, self.request) = (server, client, handle, request)
        self.request.isConnected = { [weak server] in client.isConnected && server?.isCut == false }
        client.enter(.body(received: 0))
    }

    private var origin: String? { request.header("Origin") }

    /// The headers have come. False ends the connection.
    func begin(fullTarget: String) -> Bool {
        if server.isStopping {
            return answerNow(
                .refusal(503, "The server is shutting down.", headers: [(name: "Retry-After", value: "1")]))
        }
        let lines = request.headers.reduce(request.method.utf8.count + fullTarget.utf8.count + 12) {
            $0 + $1.name.utf8.count + $1.value.utf8.count + 4
        }
        switch server.checks.verdict(on: request, fullTarget: fullTarget, headerBytes: lines) {
        case .malformed(let response): return answerNow(response)
        case .refuse(let response, let framing):
            guard framing == .none else { return answerNow(response) }
            refusal = response
            return true
        case .accept(.none): return true
        case .accept:
            body = RequestBody(
                limit: server.checks.largestBody(request), memory: server.settings.bytesInMemory,
                folder: server.uploads)
            return true
        }
    }

    /// A part of the body has come. False ends the connection.
    func receive(_ data: UnsafeRawBufferPointer) -> Bool {
        client.receive(data.count)
        guard let body else { return false }
        do {
            try body.append(data)
            return true
        } catch { return answerNow(refusal(for: error)) }
    }

    /// The request is complete. False ends the connection.
    func answer() -> Bool {
        if let refusal { return queue(refusal) }
        if let body {
            do { try body.finish() } catch { return queue(refusal(for: error)) }
            (request.body, request.bodyFile) = (body.bytes, body.path)
        }
        client.enter(.working)
        let response = server.handler(request)
        // The file goes here, unless the handler has moved it.
        body = nil
        return queue(response)
    }

    private func refusal(for failure: RequestBody.Failure) -> HTTPResponse {
        switch failure {
        case .tooLarge: return RequestChecks.tooLarge(server.checks.largestBody(request))
        case .disk(let number):
            let headers = [(name: "x-should-retry", value: "false")]
            return number == ENOSPC || number == EDQUOT
                ? .refusal(507, "The server's disk is full.", code: "disk_full", headers: headers)
                : .refusal(500, "The server cannot store the body of the request.", headers: headers)
        }
    }

    /// Answers while the body is still coming, and ends the connection.
    private func answerNow(_ response: HTTPResponse) -> Bool {
        client.enter(.working)
        RawReply.send(complete(response), isHead: request.method == "HEAD", to: client.descriptor)
        return false
    }

    /// The response with the headers that all have.
    private func complete(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers += server.checks.origins.headers(for: origin)
        if response.header("x-request-id") == nil {
            let number = UInt64.random(in: .min ... .max)
            response.headers.append((name: "x-request-id", value: "req_" + String(number, radix: 16)))
        }
        if response.header("X-Content-Type-Options") == nil {
            response.headers.append((name: "X-Content-Type-Options", value: "nosniff"))
        }
        return server.isStopping ? response.closing : response
    }

    private func queue(_ response: HTTPResponse) -> Bool {
        client.enter(.sending)
        var content = response.body
        // libmicrohttpd would send the end of the chunks without the chunks.
        if request.method == "HEAD", case .stream = content { content = .bytes([]) }
        let source = ResponseSource(content, client: client) { [server] in server.produce(into: $0, $1) }
        guard let source else {
            let isMissing = errno == ENOENT || errno == ENOTDIR
            return queue(
                isMissing ? .refusal(404, "The file does not exist.") : .refusal(503, "The server is out of resources.")
            )
        }
        let functions = server.functions
        let context = Unmanaged.passRetained(source).toOpaque()
        let created = functions.create_response(
            source.size.map { UInt64($0) } ?? luthier_microhttpd_unknown_size, source.blockSize,
            { context, position, buffer, most in
                let source = Unmanaged<ResponseSource>.fromOpaque(context!).takeUnretainedValue()
                return source.read(Int(position), into: UnsafeMutableRawBufferPointer(start: buffer, count: most))
            }, context, { Unmanaged<ResponseSource>.fromOpaque($0!).release() })
        guard let created else {
            Unmanaged<ResponseSource>.fromOpaque(context).release()
            return false
        }
        defer { functions.destroy_response(created) }
        for header in complete(response).headers where !Exchange.ownHeaders.contains(header.name.lowercased()) {
            // A value with a line feed is not accepted, and the header is then not sent.
            _ = functions.add_header(created, header.name, header.value)
        }
        return functions.queue_response(handle, UInt32(response.status), created) == luthier_microhttpd_yes
    }

    /// What libmicrohttpd writes by itself.
    private static let ownHeaders: Set<String> = ["content-length", "transfer-encoding", "date"]
}
