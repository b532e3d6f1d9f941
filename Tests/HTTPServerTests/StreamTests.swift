// Streamed responses: each write arrives at once, a slow client slows the producer, and one that leaves ends it.

import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

@Suite struct StreamTests {
    private final class Signal: Sendable {
        let semaphore = DispatchSemaphore(value: 0)
        let count = Mutex(0)

        func wait() -> Bool { semaphore.wait(timeout: .now() + 60) == .success }
    }

    /// The producer writes one piece after the client has got the one before: nothing waits to be sent with more.
    @Test func eachWriteArrivesAtOnce() throws {
        let go = Signal()
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200, headers: [("Content-Type", "text/event-stream")],
                body: .stream { stream in
                    for number in 0..<200 where go.wait() {
                        if !stream.write("data: \(number)\n\n") { return }
                    }
                })
        }
        let client = try RawClient(port: server.port)
        client.send(RawClient.request("GET", "/"))
        let start = ContinuousClock.now
        go.semaphore.signal()
        let head = try client.head()
        #expect(head.status == 200 && head.header("transfer-encoding") == "chunked")
        for number in 0..<200 {
            if number > 0 { go.semaphore.signal() }
            #expect(try client.chunk() == Array("data: \(number)\n\n".utf8))
        }
        // A delayed acknowledgement would cost 40 ms, a corked socket 200 ms, each time.
        #expect(start.duration(to: .now) < .seconds(6))
        #expect(try client.chunk().isEmpty)
        // The connection is as good as before.
        go.semaphore.signal()
        client.send(RawClient.request("HEAD", "/"))
        #expect(try client.reply(isHead: true).status == 200)
    }

    @Test func headStartsNoProducer() throws {
        let server = try LocalServer.make { _ in
            HTTPResponse(200, body: .stream { _ in Issue.record("the producer runs") })
        }
        let client = try RawClient(port: server.port)
        for _ in 0..<3 { #expect(try client.ask("HEAD", "/").status == 200) }
    }

    @Test func oldClientsGetAStreamThatEnds() throws {
        let server = try LocalServer.make { _ in
            HTTPResponse(200, body: .stream { stream in for _ in 0..<3 { _ = stream.write("abc") } })
        }
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        let reply = try client.reply()
        #expect(reply.text == "abcabcabc" && reply.header("transfer-encoding") == nil)
    }

    @Test func largeAndEmptyWrites() throws {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 5) }
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200,
                body: .stream { stream in
                    #expect(stream.write("") && stream.write(bytes) && stream.write("") && stream.write("end"))
                })
        }
        #expect(try RawClient(port: server.port).ask("GET", "/").body == bytes + Array("end".utf8))
    }

    @Test func aClientThatDoesNotReadSlowsTheProducer() throws {
        let ended = Signal()
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200,
                body: .stream { stream in
                    let block = [UInt8](repeating: 0x61, count: 65_536)
                    for _ in 0..<4096 where stream.write(block) { ended.count.withLock { $0 += block.count } }
                    ended.semaphore.signal()
                })
        }
        var client: RawClient? = try RawClient(port: server.port, receiveBuffer: 65_536)
        client?.send(RawClient.request("GET", "/"))
        // Until nothing moves any more; if this stops too early, less has been written.
        var (last, quiet) = (-1, 0)
        while quiet < 30 {
            usleep(10_000)
            let now = ended.count.withLock { $0 }
            (last, quiet) = (now, now == last && now > 0 ? quiet + 1 : 0)
        }
        #expect(last < 64 << 20)
        client = nil
        #expect(ended.wait())
        #expect(ended.count.withLock { $0 } < 128 << 20)
    }

    @Test func aClientThatLeavesEndsTheProducer() throws {
        let (started, ended) = (Signal(), Signal())
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200,
                body: .stream { stream in
                    started.semaphore.signal()
                    while stream.write("token ") { usleep(1000) }
                    #expect(!stream.isOpen && !stream.write("more"))
                    ended.semaphore.signal()
                })
        }
        for _ in 0..<20 {
            var client: RawClient? = try RawClient(port: server.port)
            client?.send(RawClient.request("GET", "/"))
            #expect(started.wait())
            _ = try client?.head()
            _ = try client?.chunk()
            client = nil
            #expect(ended.wait())
        }
    }

    /// A producer that waits for something else asks whether anybody still listens.
    @Test func leavingIsSeenWhileNothingIsWritten() throws {
        let ended = Signal()
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200,
                body: .stream { stream in
                    _ = stream.write("first")
                    while stream.isOpen { usleep(1000) }
                    ended.semaphore.signal()
                })
        }
        var client: RawClient? = try RawClient(port: server.port)
        client?.send(RawClient.request("GET", "/"))
        _ = try client?.head()
        #expect(try client?.chunk() == Array("first".utf8))
        client = nil
        let start = ContinuousClock.now
        #expect(ended.wait())
        #expect(start.duration(to: .now) < .seconds(5))
    }

    /// The same for a handler that takes long without a stream.
    @Test func aHandlerSeesThatItsClientHasLeft() throws {
        let (started, ended) = (Signal(), Signal())
        let server = try LocalServer.make { request in
            #expect(request.isConnected())
            started.semaphore.signal()
            while request.isConnected() { usleep(1000) }
            ended.semaphore.signal()
            return HTTPResponse(200)
        }
        var client: RawClient? = try RawClient(port: server.port)
        client?.send(RawClient.request("GET", "/"))
        #expect(started.wait())
        client = nil
        #expect(ended.wait())
    }

    @Test func manyStreamsAtOnce() throws {
        let server = try LocalServer.make { request in
            HTTPResponse(
                200,
                body: .stream { stream in
                    for number in 0..<50 { _ = stream.write("\(request.target)-\(number) ") }
                })
        }
        let clients = try (0..<64).map { _ in try RawClient(port: server.port) }
        for (number, client) in clients.enumerated() { client.send(RawClient.request("GET", "/\(number)")) }
        for (number, client) in clients.enumerated() {
            #expect(try client.reply().text == (0..<50).map { "/\(number)-\($0) " }.joined())
        }
    }

    @Test func files() throws {
        try withTemporaryFolder { folder in
            let bytes = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 6) }
            try folder.write(bytes, as: "large")
            try folder.write("", as: "empty")
            let path = folder.path
            let server = try LocalServer.make { request in
                HTTPResponse(200, body: .file(path: path + request.target))
            }
            let client = try RawClient(port: server.port)
            #expect(try client.ask("GET", "/large").body == bytes)
            #expect(try client.ask("HEAD", "/large").header("content-length") == "2000000")
            #expect(try client.ask("GET", "/empty").body.isEmpty)
            for name in ["/absent", "/", "/large/x"] {
                let reply = try client.ask("GET", name)
                #expect(reply.status == 404 && !reply.text.contains(path))
            }
        }
    }
}
