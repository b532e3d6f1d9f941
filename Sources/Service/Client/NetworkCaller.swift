// A small HTTP client for the service of this machine: one request on one connection.

import Foundation
import HTTPServer

/// Asks the service at a port of 127.0.0.1. Requests are HTTP/1.0, whose answers end with their connection.
package final class NetworkCaller: ServiceCaller {
    private let port: Int
    private let key: ServiceKey?

    package init(port: Int, key: ServiceKey?) { (self.port, self.key) = (port, key) }

    package var endsWithCommand: Bool { false }
    package func start() {}
    package func close() {}

    private var address: String { "127.0.0.1:\(port)" }

    /// Seconds without a byte until a request fails, and the most bytes of an answer.
    private static let (patience, mostBytes) = (600, 1 << 30)

    /// Whether something listens at the port.
    ///
    /// - Throws: where it is not a service of Luthier.
    package func isThere() throws -> Bool {
        let socket: Int32
        do { socket = try connect() } catch { return false }
        Foundation.close(socket)
        let (head, _) = try exchange(HTTPRequest(method: "GET", target: "/health"))
        let isLuthier = head.contains { $0.lowercased().hasPrefix("luthier-version:") }
        guard isLuthier else { throw ServiceClientError.notAService(address: address) }
        return true
    }

    package func send(_ request: HTTPRequest) throws -> ServiceAnswer {
        let (head, body) = try exchange(request)
        guard let first = head.first?.split(separator: " "), first.count >= 2, first[0].hasPrefix("HTTP/1."),
            let status = Int(first[1])
        else { throw ServiceClientError.notAService(address: address) }
        let length = head.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        if let length, length != body.count {
            throw ServiceClientError.brokenAnswer(
                address: address, reason: "it ends after \(body.count) of \(length) bytes")
        }
        return ServiceAnswer(status: status, body: body)
    }

    /// - Returns: the lines of the answer's head, and its body.
    private func exchange(_ request: HTTPRequest) throws -> (head: [String], body: [UInt8]) {
        var target = request.target
        if !request.query.isEmpty {
            target += "?" + request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        }
        var lines = ["\(request.method) \(target) HTTP/1.0", "Host: \(address)"]
        lines += request.headers.map { "\($0.name): \($0.value)" }
        if let key { lines.append("Authorization: \(key.authorization)") }
        if request.method == "POST" { lines.append("Content-Length: \(request.body.count)") }
        let socket = try connect()
        defer { Foundation.close(socket) }
        let sent = write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + request.body, to: socket)
        // A service that refuses a body may answer before it has read all of it.
        let received = try read(socket)
        guard let end = NetworkCaller.endOfHead(received) else {
            throw ServiceClientError.brokenAnswer(
                address: address, reason: sent ?? "the connection ended in its head")
        }
        let head = String(decoding: received[..<end], as: UTF8.self)
        return (head.components(separatedBy: "\r\n"), Array(received[(end + 4)...]))
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }
    }

    // MARK: Sockets

    /// A service that closes its side ends a request, not the program.
    private static let noSignal: Int32 = {
        #if canImport(Glibc)
            Int32(MSG_NOSIGNAL)
        #else
            0
        #endif
    }()

    private func connect() throws -> Int32 {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw failure() }
        var patience = timeval(tv_sec: NetworkCaller.patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = UInt16(port).bigEndian
        place.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let error = failure()
            Foundation.close(descriptor)
            throw error
        }
        return descriptor
    }

    private func failure() -> ServiceClientError {
        .notReached(address: address, reason: String(cString: strerror(errno)))
    }

    /// - Returns: what went wrong.
    private func write(_ bytes: [UInt8], to socket: Int32) -> String? {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Foundation.send(socket, bytes.baseAddress! + start, bytes.count - start, NetworkCaller.noSignal)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(cString: strerror(errno)) }
            start += count
        }
        return nil
    }

    private func read(_ socket: Int32) throws -> [UInt8] {
        var (received, block) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while received.count < NetworkCaller.mostBytes {
            let count = recv(socket, &block, block.count, 0)
            if count < 0, errno == EINTR { continue }
            // A reset after the answer has come does not undo the answer.
            guard count > 0 else {
                if count < 0, received.isEmpty {
                    throw ServiceClientError.brokenAnswer(
                        address: address, reason: String(cString: strerror(errno)))
                }
                return received
            }
            received += block[..<count]
        }
        throw ServiceClientError.brokenAnswer(address: address, reason: "it is too long")
    }
}
