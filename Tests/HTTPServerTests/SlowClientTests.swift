// Clients that send or read a byte now and then: they are cut off, and nobody else notices them.

import Foundation
import HTTPServer
import Testing

@Suite struct SlowClientTests {
    @Test func fiveHundredSlowClients() throws {
        let server = try LocalServer.echo { ($0.requestSeconds, $0.idleSeconds) = (2, 60) }
        let slow = try (0..<500).map { number in
            let client = try RawClient(port: server.port)
            switch number % 4 {
            case 0: client.send("GET / HT")
            case 1: client.send("GET / HTTP/1.1\r\nHost: local")
            case 2:
                client.send(
                    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
                )
            default: break
            }
            return client
        }
        for _ in 0..<20 { #expect(try RawClient(port: server.port).ask("GET", "/").status == 200) }
        // One more byte does not buy more time.
        for client in slow { client.send("a") }
        for (number, client) in slow.enumerated() {
            if number % 4 == 1 || number % 4 == 2 {
                // Told, unless the byte came after the end and made the system drop the answer.
                if let reply = try? client.reply() { #expect(reply.status == 408) }
            } else {
                #expect(client.isAtEnd())
            }
        }
        #expect(try RawClient(port: server.port).ask("GET", "/").status == 200)
    }

    @Test func slowRequestsAreTold() throws {
        let server = try LocalServer.echo { $0.requestSeconds = 0.2 }
        for text in [
            "GET / HTTP/1.1\r\nHost: local",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        ] {
            let client = try RawClient(port: server.port)
            client.send(text)
            let reply = try client.reply()
            #expect(reply.status == 408)
            #expect(try RefusalTests.code(reply) == "request_timeout")
            #expect(client.isAtEnd())
        }
    }

    /// A large body that keeps coming may take longer than a small one.
    @Test func aBodyThatKeepsComingHasTime() {
        var settings = HTTPServerSettings()
        (settings.requestSeconds, settings.slowestBytesPerSecond) = (10, 1000)
        let ends: [Int32] = [-1, -1]
        var pair = ends
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { pair.forEach { close($0) } }
        let client = ClientConnection(descriptor: pair[0])
        client.enter(.body(received: 0))
        client.receive(50_000)
        client.hangUpIfOverdue(settings, now: .now + .seconds(59))
        #expect(client.isConnected)
        client.hangUpIfOverdue(settings, now: .now + .seconds(61))
        #expect(!client.isConnected)
    }

    @Test func deadlinesOfEachPhase() {
        var settings = HTTPServerSettings()
        (settings.requestSeconds, settings.idleSeconds) = (10, 100)
        for (phase, limit) in [
            (ClientConnection.Phase.waiting(isNew: true), 10), (.waiting(isNew: false), 100), (.head, 10),
            (.body(received: 0), 10), (.sending, 100),
        ] as [(ClientConnection.Phase, Int)] {
            var pair: [Int32] = [-1, -1]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            defer { pair.forEach { close($0) } }
            let client = ClientConnection(descriptor: pair[0])
            client.enter(phase)
            client.hangUpIfOverdue(settings, now: .now + .seconds(limit - 1))
            #expect(client.isConnected, "\(phase)")
            client.hangUpIfOverdue(settings, now: .now + .seconds(limit + 1))
            #expect(!client.isConnected, "\(phase)")
        }
        var pair: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { pair.forEach { close($0) } }
        let client = ClientConnection(descriptor: pair[0])
        client.enter(.working)
        client.hangUpIfOverdue(settings, now: .now + .seconds(1_000_000))
        #expect(client.isConnected)
        client.end()
        #expect(!client.isConnected)
    }

    @Test func connectionsThatWaitTooLong() throws {
        let server = try LocalServer.echo { ($0.requestSeconds, $0.idleSeconds) = (60, 0.2) }
        let client = try RawClient(port: server.port)
        #expect(try client.ask("GET", "/").status == 200)
        #expect(client.isAtEnd())
    }

    @Test func aReaderThatDoesNotRead() throws {
        let ended = DispatchSemaphore(value: 0)
        let server = try LocalServer.make({ ($0.requestSeconds, $0.idleSeconds) = (60, 0.5) }) { request in
            guard request.target == "/stream" else {
                return HTTPResponse(200, body: .bytes([UInt8](repeating: 0x61, count: 32 << 20)))
            }
            return HTTPResponse(
                200,
                body: .stream { stream in
                    while stream.write([UInt8](repeating: 0x61, count: 65_536)) {}
                    ended.signal()
                })
        }
        let stream = try RawClient(port: server.port, receiveBuffer: 65_536)
        stream.send(RawClient.request("GET", "/stream"))
        #expect(ended.wait(timeout: .now() + 60) == .success)
        let bytes = try RawClient(port: server.port, receiveBuffer: 65_536)
        bytes.send(RawClient.request("GET", "/bytes"))
        _ = try bytes.head()
        // The server has closed it: what comes now was on its way.
        #expect(LocalServer.eventually { server.connectionCount == 0 })
        #expect(bytes.drain())
    }
}
