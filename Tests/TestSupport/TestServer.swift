// A small HTTP server on this machine that a test can make misbehave.

import Foundation
import Synchronization

/// Answers one request per connection, in turn.
package final class TestServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        package let path: String
        /// Names in lowercase.
        package let headers: [String: String]
    }

    package struct Reply: Sendable {
        package var status = 200
        package var headers: [(name: String, value: String)] = []
        package var body: [UInt8] = []
        /// `Content-Length`, where it is not the body's.
        package var declaredBytes: Int?
        /// How much of the body is sent before the connection is closed.
        package var sentBytes: Int?

        package init(
            _ status: Int = 200, _ body: [UInt8] = [], headers: [(name: String, value: String)] = [],
            declaredBytes: Int? = nil, sentBytes: Int? = nil
        ) {
            (self.status, self.body, self.headers) = (status, body, headers)
            (self.declaredBytes, self.sentBytes) = (declaredBytes, sentBytes)
        }
    }

    package let port: Int
    private let listener: Int32
    private let log = Log()

    /// What was asked so far.
    package var requests: [Request] { log.requests.withLock { $0 } }

    package var address: String { "http://127.0.0.1:\(port)" }

    private final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    /// Starts the server on a free port.
    package init(_ respond: @escaping @Sendable (Request) -> Reply) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) | listen(listener, 16) | getsockname(listener, pointer, &length)
            }
        }
        guard listener >= 0, status == 0 else { throw POSIXError(.EADDRINUSE) }
        (self.listener, port) = (listener, Int(UInt16(bigEndian: address.sin_port)))
        let log = log
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                if let request = TestServer.read(connection) {
                    log.requests.withLock { $0.append(request) }
                    TestServer.write(respond(request), to: connection, isHead: request.method == "HEAD")
                }
                close(connection)
            }
            // Only here: the number of a closed socket may be another server's while this thread still answers.
            close(listener)
        }
    }

    /// Ends the wait of accept.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func read(_ connection: Int32) -> Request? {
        var (text, buffer) = ("", [UInt8](repeating: 0, count: 4096))
        while !text.hasSuffix("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let lines = text.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        let pairs = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (line[..<colon].lowercased(), value)
        }
        return Request(method: words[0], path: words[1], headers: Dictionary(pairs) { $1 })
    }

    private static func write(_ reply: Reply, to connection: Int32, isHead: Bool) {
        var text = "HTTP/1.1 \(reply.status) Test\r\nConnection: close\r\n"
        for header in reply.headers { text += "\(header.name): \(header.value)\r\n" }
        text += "Content-Length: \(reply.declaredBytes ?? reply.body.count)\r\n\r\n"
        let body = isHead ? [] : Array(reply.body.prefix(reply.sentBytes ?? reply.body.count))
        var rest = (Array(text.utf8) + body)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
