// Connections: kept open, used for several requests, closed when they must be.

import Foundation
import HTTPServer
import Testing

@Suite struct ConnectionTests {
    @Test func servesARequest() throws {
        let server = try LocalServer.echo()
        let reply = try RawClient(port: server.port).ask("GET", "/a%2Fb?x=1%202&y", headers: [("X-Any", "thing")])
        #expect(reply.status == 200)
        #expect(reply.text == "GET /a%2Fb [\"a/b\"] x=1 2,y= 0")
        #expect(reply.header("x-request-id")?.hasPrefix("req_") == true)
        #expect(reply.header("x-content-type-options") == "nosniff" && reply.header("date") != nil)
    }

    @Test func oneConnectionServesManyRequests() throws {
        let server = try LocalServer.echo()
        let client = try RawClient(port: server.port)
        for number in 0..<50 {
            #expect(try client.ask("GET", "/\(number)").text == "GET /\(number) [\"\(number)\"]  0")
            #expect(
                try client.ask("POST", "/p", json: String(repeating: " ", count: number)).text
                    == "POST /p [\"p\"]  \(number)")
            // A refusal without a body does not end the connection.
            #expect(try client.ask("GET", "/", headers: [("Host", "evil.example")]).status == 403)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let server = try LocalServer.echo()
        let client = try RawClient(port: server.port)
        var text = ""
        for number in 0..<20 {
            text += RawClient.request("GET", "/\(number)")
            text += RawClient.request("POST", "/\(number)", json: "{}")
        }
        client.send(text)
        for number in 0..<20 {
            #expect(try client.reply().text == "GET /\(number) [\"\(number)\"]  0")
            #expect(try client.reply().text == "POST /\(number) [\"\(number)\"]  2")
        }
    }

    @Test func closesWhereItIsAsked() throws {
        let server = try LocalServer.make { _ in
            HTTPResponse(200, headers: [("Connection", "close")], body: .bytes(Array("end".utf8)))
        }
        let byHandler = try RawClient(port: server.port)
        #expect(try byHandler.ask("GET", "/").text == "end")
        #expect(byHandler.isAtEnd())
        let echo = try LocalServer.echo()
        let byClient = try RawClient(port: echo.port)
        #expect(try byClient.ask("GET", "/", headers: [("Connection", "close")]).status == 200)
        #expect(byClient.isAtEnd())
        let old = try RawClient(port: echo.port)
        old.send("GET /old HTTP/1.0\r\nHost: localhost\r\n\r\n")
        #expect(try old.reply().text == "GET /old [\"old\"]  0")
        #expect(old.isAtEnd())
    }

    @Test func headHasNoBody() throws {
        let server = try LocalServer.echo()
        let client = try RawClient(port: server.port)
        let reply = try client.ask("HEAD", "/x")
        #expect(reply.status == 200 && reply.header("content-length") == "16" && reply.body.isEmpty)
        // What follows is the next response, not a body.
        #expect(try client.ask("GET", "/y").status == 200)
        let refused = try client.ask("HEAD", "/", headers: [("Host", "evil.example")])
        #expect(refused.status == 403)
        #expect(try client.ask("GET", "/y").status == 200)
    }

    @Test func manyConnectionsAtOnce() throws {
        let server = try LocalServer.echo()
        let clients = try (0..<200).map { _ in try RawClient(port: server.port) }
        for (number, client) in clients.enumerated() { client.send(RawClient.request("GET", "/\(number)")) }
        for (number, client) in clients.enumerated() {
            #expect(try client.reply().text == "GET /\(number) [\"\(number)\"]  0")
        }
        // And all are still open.
        for client in clients.reversed() { #expect(try client.ask("GET", "/again").status == 200) }
    }

    /// Connections that wait give way to one that asks.
    @Test func waitingConnectionsDoNotLockOthersOut() throws {
        let server = try LocalServer.echo {
            $0.connectionLimit = 8
            ($0.requestSeconds, $0.idleSeconds) = (3600, 3600)
        }
        let idle = try (0..<120).map { _ in try RawClient(port: server.port) }
        for _ in 0..<20 { #expect(try RawClient(port: server.port).ask("GET", "/").status == 200) }
        #expect(LocalServer.eventually { server.connectionCount <= 8 })
        withExtendedLifetime(idle) {}
    }

    /// Where all connections are busy, one more is told so.
    @Test func moreBusyConnectionsThanAllowed() throws {
        let (started, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let server = try LocalServer.make({ $0.connectionLimit = 2 }) { _ in
            started.signal()
            _ = go.wait(timeout: .now() + 60)
            return HTTPResponse(200)
        }
        let busy = try (0..<2).map { _ in try RawClient(port: server.port) }
        for client in busy {
            client.send(RawClient.request("GET", "/"))
            #expect(started.wait(timeout: .now() + 60) == .success)
        }
        let third = try RawClient(port: server.port)
        #expect(try third.reply().status == 503)
        for _ in busy { go.signal() }
        for client in busy { #expect(try client.reply().status == 200) }
    }

    @Test func largeResponses() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 8) }
        let server = try LocalServer.make { _ in HTTPResponse(200, body: .bytes(bytes)) }
        let client = try RawClient(port: server.port)
        for _ in 0..<3 { #expect(try client.ask("GET", "/").body == bytes) }
    }

    @Test func headersThatWouldBreakTheResponse() throws {
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200,
                headers: [("X-Bad", "a\r\nX-Injected: 1"), ("Content-Length", "3"), ("X-Good", "yes")],
                body: .bytes(Array("four".utf8)))
        }
        let reply = try RawClient(port: server.port).ask("GET", "/")
        #expect(reply.text == "four" && reply.header("x-injected") == nil && reply.header("x-good") == "yes")
    }
}
