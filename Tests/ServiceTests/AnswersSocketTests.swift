// The complete service over sockets: raw requests, as curl sends them.

import Foundation
import HTTPServer
import Kernels
import Service
import TestSupport
import Testing

@Suite struct AnswersSocketTests {
    private static let launcher = JobLauncher(launch: { _, _ in throw CancellationError() }, adopt: { _ in nil })

    /// Sends bytes to a port and reads until the other side closes.
    private func exchange(_ port: Int, _ text: String) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
        _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        var (answer, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            answer += buffer[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    private func post(_ port: Int, _ target: String, _ body: String, key: String? = nil) throws -> String {
        let authorization = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return try exchange(
            port,
            "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n\(authorization)"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
    }

    @Test func theServiceAnswersOverSockets() throws {
        let fixture = try AnswersFixture()
        var settings = fixture.service.settings
        settings.dataFolder = fixture.place.path + "/data"
        settings.allowedHosts = ["bot.example.org"]
        var address = ServiceHost.Address()
        address.port = 0
        let host = try ServiceHost(
            settings, at: address, key: ServiceKey("k"), page: PageFiles([:]), launcher: Self.launcher, log: { _ in })
        defer { host.stop(draining: 1) }
        let port = try #require(URL(string: host.url)?.port)

        let answer = try post(
            port, "/v1/completions", #"{"model": "plain", "prompt": "x", "max_tokens": 3, "logit_bias": {"65": 100}}"#,
            key: "k")
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains(#""text":"AAA""#))
        #expect(answer.lowercased().contains("x-request-id: req_"))
        let stream = try post(
            port, "/v1/chat/completions",
            #"{"model": "chatty", "max_tokens": 3, "stream": true, "logit_bias": {"65": 100}, \#(AnswersChatTests.hello)}"#,
            key: "k")
        #expect(stream.contains("text/event-stream") && stream.contains(#""delta":{"content":"A"}"#))
        #expect(stream.contains("data: [DONE]\n\n"))
        #expect(try post(port, "/v1/completions", "{}").hasPrefix("HTTP/1.1 401 "))
        #expect(try post(port, "/v1/completions", "{}", key: "k").hasPrefix("HTTP/1.1 400 "))
        let health = try exchange(port, "GET /health HTTP/1.1\r\nHost: localhost:\(port)\r\nConnection: close\r\n\r\n")
        #expect(health.contains(#""status":"ok""#))
        for (name, status) in [("bot.example.org", 200), ("other.example.org", 403)] {
            let answer = try exchange(port, "GET /health HTTP/1.1\r\nHost: \(name)\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(name)")
        }

        // One service for a folder; and another address needs a key.
        #expect(throws: ServiceError.self) {
            try ServiceHost(
                settings, at: address, key: nil, page: PageFiles([:]), launcher: Self.launcher, log: { _ in })
        }
        var other = settings
        other.dataFolder += "-other"
        address.host = "0.0.0.0"
        #expect(throws: ServiceError.addressWithoutKey(host: "0.0.0.0")) {
            try ServiceHost(other, at: address, key: nil, page: PageFiles([:]), launcher: Self.launcher, log: { _ in })
        }
    }
}
