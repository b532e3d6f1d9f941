// How a server starts, and how it ends while requests run.

import Foundation
import HTTPServer
import Synchronization
import Testing

@Suite struct LifecycleTests {
    private final class Gate: Sendable {
        let (started, go, ended) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
    }

    private static func waits(_ semaphore: DispatchSemaphore) -> Bool {
        semaphore.wait(timeout: .now() + 60) == .success
    }

    @Test func aTakenPortIsNamed() throws {
        let server = try LocalServer.echo()
        let error = #expect(throws: HTTPServerError.portTaken(host: "127.0.0.1", port: server.port)) {
            try LocalServer.echo { $0.port = server.port }
        }
        #expect(error?.description.contains("\(server.port)") == true && error?.hint != nil)
        server.stop(draining: 0)
        // And is free again at once.
        let next = try LocalServer.echo { $0.port = server.port }
        #expect(try RawClient(port: next.port).ask("GET", "/").status == 200)
    }

    @Test func addressesThatCannotBeUsed() {
        #expect(throws: HTTPServerError.badPort(70_000)) { try LocalServer.echo { $0.port = 70_000 } }
        for host in ["192.0.2.1", "no such host", ""] {
            let error = #expect(throws: HTTPServerError.self) { try LocalServer.echo { $0.host = host } }
            switch error {
            case .unknownHost, .needsKey: break
            default: Issue.record("\(host): \(String(describing: error))")
            }
        }
    }

    @Test func otherMachinesNeedAKey() throws {
        #expect(throws: HTTPServerError.needsKey(host: "0.0.0.0")) { try LocalServer.echo { $0.host = "0.0.0.0" } }
        let server = try LocalServer.echo {
            $0.host = "0.0.0.0"
            $0.authorize = { $0.header("authorization") == "Bearer k" ? nil : HTTPResponse.refusal(401, "No key.") }
        }
        func status(_ host: String, _ key: String) throws -> Int {
            try RawClient(port: server.port).ask("GET", "/", headers: [("Host", host), ("Authorization", key)]).status
        }
        #expect(try status("localhost", "Bearer k") == 200)
        #expect(try status("192.0.2.7:8080", "Bearer k") == 200)
        #expect(try status("192.0.2.7:8080", "Bearer x") == 401)
        #expect(try status("evil.example", "Bearer k") == 403)
    }

    @Test func names() throws {
        let server = try LocalServer.echo { $0.host = "localhost" }
        #expect(try RawClient(port: server.port).ask("GET", "/").status == 200)
    }

    @Test func missingLibrary() {
        let error = #expect(throws: HTTPServerError.self) { try MicrohttpdLibrary(fileNames: ["libnothing.so.0"]) }
        guard case .noLibrary(let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("libnothing.so.0") && error?.hint == "apt-get install libmicrohttpd12")
        let other = #expect(throws: HTTPServerError.self) { try MicrohttpdLibrary(fileNames: ["libc.so.6"]) }
        #expect(other == .noLibrary(reason: "it has no function MHD_start_daemon"))
    }

    @Test func stoppingLetsARunningRequestEnd() throws {
        let gate = Gate()
        let server = try LocalServer.make { request in
            gate.started.signal()
            #expect(LifecycleTests.waits(gate.go))
            return HTTPResponse(200, body: .bytes(Array("done".utf8)))
        }
        let idle = try RawClient(port: server.port)
        let client = try RawClient(port: server.port)
        client.send(RawClient.request("GET", "/"))
        #expect(LifecycleTests.waits(gate.started))
        Thread.detachNewThread {
            server.stop(draining: 60)
            gate.ended.signal()
        }
        // Nobody else is let in, and whoever waited for nothing is sent away.
        #expect(idle.isAtEnd())
        #expect(LocalServer.eventually { (try? RawClient(port: server.port).ask("GET", "/")) == nil })
        gate.go.signal()
        let reply = try client.reply()
        #expect(reply.text == "done" && reply.header("connection") == "close")
        #expect(client.isAtEnd())
        #expect(LifecycleTests.waits(gate.ended))
        server.stop(draining: 0)
    }

    @Test func stoppingCutsStreams() throws {
        let gate = Gate()
        let server = try LocalServer.make { _ in
            HTTPResponse(
                200,
                body: .stream { stream in
                    while stream.write("x") { usleep(1000) }
                    gate.ended.signal()
                })
        }
        let client = try RawClient(port: server.port)
        client.send(RawClient.request("GET", "/"))
        _ = try client.head()
        _ = try client.chunk()
        server.stop(draining: 0)
        #expect(LifecycleTests.waits(gate.ended))
        // The client can tell that the stream is not complete: its last chunk is missing.
        #expect(throws: RawClient.Failure.self) { while try !client.chunk().isEmpty {} }
    }

    /// The end of the server does not wait for a handler that never returns.
    @Test func aStuckHandlerDoesNotHoldTheServer() throws {
        let gate = Gate()
        let server = try LocalServer.make { request in
            gate.started.signal()
            #expect(LifecycleTests.waits(gate.go))
            #expect(!request.isConnected())
            gate.ended.signal()
            return HTTPResponse(200)
        }
        let client = try RawClient(port: server.port)
        client.send(RawClient.request("GET", "/"))
        #expect(LifecycleTests.waits(gate.started))
        let start = ContinuousClock.now
        server.stop(draining: 0)
        #expect(start.duration(to: .now) < .seconds(20))
        gate.go.signal()
        #expect(LifecycleTests.waits(gate.ended))
    }
}
