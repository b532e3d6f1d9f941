// A client made of a bare socket: it sends any bytes, valid or not, and reads responses strictly.

import Foundation

/// One connection to a server of this machine.
final class RawClient {
    struct Reply {
        var status: Int
        /// Names in lowercase.
        var headers: [(name: String, value: String)]
        var body: [UInt8]

        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    enum Failure: Error {
        case cannotConnect(Int32)
        case malformed(String)
    }

    let descriptor: Int32
    private var received: [UInt8] = []
    /// After so long, a read that gets nothing fails.
    private static let seconds = 30

    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var bytes = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var time = timeval(tv_sec: RawClient.seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure.cannotConnect(errno) }
    }

    deinit { close(descriptor) }

    /// Whether all bytes could be sent.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// More bytes; false at the end of the connection.
    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer[..<count]
        return true
    }

    /// Whether the server has closed the connection and all that it sent has been read.
    func isAtEnd() -> Bool { received.isEmpty && !fill() }

    /// Reads until the end of the connection; false if it does not end.
    func drain() -> Bool {
        received = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { return count == 0 || errno == ECONNRESET }
        }
    }

    func line() throws -> String {
        while true {
            if let end = received.firstIndex(of: 0x0A) {
                guard end > 0, received[end - 1] == 0x0D else { throw Failure.malformed("line without CR") }
                let line = String(decoding: received[..<(end - 1)], as: UTF8.self)
                received.removeFirst(end + 1)
                return line
            }
            guard fill() else { throw Failure.malformed("end in a line: \(String(decoding: received, as: UTF8.self))") }
        }
    }

    func bytes(_ count: Int) throws -> [UInt8] {
        while received.count < count {
            guard fill() else { throw Failure.malformed("\(received.count) of \(count) bytes") }
        }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// The line and headers of a response.
    func head() throws -> Reply {
        let words = try line().split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1" || words[0] == "HTTP/1.0", let status = Int(words[1]) else {
            throw Failure.malformed("status line \(words)")
        }
        var reply = Reply(status: status, headers: [], body: [])
        while true {
            let line = try line()
            if line.isEmpty { return reply }
            guard let colon = line.firstIndex(of: ":") else { throw Failure.malformed(line) }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            reply.headers.append((name: line[..<colon].lowercased(), value: value))
        }
    }

    /// The next chunk of a stream; empty for the last.
    func chunk() throws -> [UInt8] {
        guard let count = Int(try line(), radix: 16) else { throw Failure.malformed("size of a chunk") }
        let chunk = try bytes(count)
        guard try line().isEmpty else { throw Failure.malformed("end of a chunk") }
        return chunk
    }

    /// A complete response.
    func reply(isHead: Bool = false) throws -> Reply {
        var reply = try head()
        if reply.status == 100 { reply = try head() }
        if isHead || reply.status == 204 || reply.status == 304 { return reply }
        if reply.header("transfer-encoding") == "chunked" {
            while true {
                let chunk = try chunk()
                if chunk.isEmpty { return reply }
                reply.body += chunk
            }
        }
        if let length = reply.header("content-length").flatMap({ Int($0) }) {
            reply.body = try bytes(length)
        } else {
            while fill() {}
            reply.body = received
            received = []
        }
        return reply
    }

    /// Sends a request with a `Host` and reads the response.
    func ask(
        _ method: String, _ target: String, headers: [(String, String)] = [], json: String? = nil
    ) throws -> Reply {
        send(RawClient.request(method, target, headers: headers, json: json))
        return try reply(isHead: method == "HEAD")
    }

    static func request(
        _ method: String, _ target: String, headers: [(String, String)] = [], json: String? = nil
    ) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { text += "Host: localhost\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let json { text += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
        return text + "\r\n" + (json ?? "")
    }
}
