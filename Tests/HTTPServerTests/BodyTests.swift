// Bodies of requests: small ones in memory, large ones in files, none above its limit.

import Foundation
import HTTPServer
import Synchronization
import TestSupport
import Testing

@Suite struct BodyTests {
    private final class Box: Sendable {
        let requests = Mutex<[HTTPRequest]>([])
        let files = Mutex<[[UInt8]]>([])
    }

    private static func chunked(_ target: String, _ chunks: [[UInt8]], end: String = "0\r\n\r\n") -> [UInt8] {
        let head = RawClient.request(
            "POST", target, headers: [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")])
        return Array(head.utf8)
            + chunks.flatMap { Array((String($0.count, radix: 16) + "\r\n").utf8) + $0 + Array("\r\n".utf8) }
            + Array(end.utf8)
    }

    @Test func largeBodiesAreInFiles() throws {
        try withTemporaryFolder { folder in
            let box = Box()
            let (uploads, kept) = (folder.path + "/uploads", folder.path + "/kept")
            let server = try LocalServer.make({ $0.uploadFolder = uploads }) { request in
                box.requests.withLock { $0.append(request) }
                let data = request.bodyFile.flatMap { FileManager.default.contents(atPath: $0) }
                let attributes = request.bodyFile.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
                if attributes != nil, attributes?[.posixPermissions] as? Int != 0o600 { return HTTPResponse(500) }
                box.files.withLock { $0.append(data.map { [UInt8]($0) } ?? request.body) }
                if request.target == "/keep", let path = request.bodyFile { rename(path, kept) }
                return HTTPResponse(200)
            }
            let client = try RawClient(port: server.port)
            for count in [1, 1 << 20, (1 << 20) + 1, 5_000_000] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 7) }
                let head = RawClient.request(
                    "POST", count == 5_000_000 ? "/keep" : "/",
                    headers: [("Content-Type", "application/json"), ("Content-Length", "\(count)")])
                client.send(Array(head.utf8) + bytes)
                #expect(try client.reply().status == 200)
                #expect(box.files.withLock { $0.last } == bytes)
                #expect(box.requests.withLock { $0.last?.bodyFile != nil } == (count > 1 << 20))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty)
            #expect(try folder.read("kept").count == 5_000_000)
            let mode = try FileManager.default.attributesOfItem(atPath: uploads)[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
    }

    @Test func chunkedBodies() throws {
        let server = try LocalServer.echo()
        let client = try RawClient(port: server.port)
        for sizes in [[1], [5, 1, 70_000], Array(repeating: 3, count: 1000), [2_000_000, 100_000]] {
            client.send(BodyTests.chunked("/c", sizes.map { [UInt8](repeating: 0x20, count: $0) }))
            let sum = sizes.reduce(0, +)
            #expect(try client.reply().text == "POST /c [\"c\"]  \(sum)" + (sum > 1 << 20 ? " file" : ""))
        }
        client.send(BodyTests.chunked("/c", [Array("{}".utf8)], end: "0\r\nTrailer: x\r\n\r\n"))
        #expect(try client.reply().text == "POST /c [\"c\"]  2")
        for bad in ["zz\r\n", "-1\r\n", "5\r\nab", "ffffffffffffffffff\r\n", "\r\n", "2\r\n{}3\r\n"] {
            let client = try RawClient(port: server.port)
            client.send(BodyTests.chunked("/c", [], end: bad))
            shutdown(client.descriptor, Int32(SHUT_WR))
            if client.isAtEnd() { continue }
            #expect([400, 413].contains(try client.reply().status), "\(bad)")
        }
    }

    @Test func bodiesAboveTheLimit() throws {
        try withTemporaryFolder { folder in
            let server = try LocalServer.echo {
                $0.largestBody = { method, target in target == "/large" ? 3_000_000 : method == "POST" ? 1000 : 0 }
                $0.uploadFolder = folder.path
            }
            func status(_ target: String, _ count: Int, declared: Int? = nil) throws -> Int {
                let client = try RawClient(port: server.port)
                let head = RawClient.request(
                    "POST", target,
                    headers: [("Content-Type", "application/json"), ("Content-Length", "\(declared ?? count)")])
                client.send(Array(head.utf8) + [UInt8](repeating: 0x20, count: count))
                let reply = try client.reply()
                if reply.status == 413 {
                    #expect(try RefusalTests.code(reply) == "request_too_large")
                    #expect(client.isAtEnd())
                }
                return reply.status
            }
            #expect(try status("/", 1000) == 200)
            #expect(try status("/", 1001) == 413)
            #expect(try status("/", 0, declared: 1001) == 413)
            #expect(try status("/large", 3_000_000) == 200)
            #expect(try status("/large", 3_000_001) == 413)
            #expect(try status("/", 0, declared: .max) == 413)
            // Chunks have no length in front: they are counted.
            for (target, count) in [("/", 1001), ("/large", 3_000_001)] {
                let client = try RawClient(port: server.port)
                client.send(
                    BodyTests.chunked(
                        target, Array(repeating: [UInt8](repeating: 0x20, count: 500), count: count / 500 + 1)))
                #expect(try client.reply().status == 413)
            }
            // Without an end.
            let client = try RawClient(port: server.port)
            client.send(BodyTests.chunked("/", [], end: ""))
            let chunk = Array("3e8\r\n".utf8) + [UInt8](repeating: 0x20, count: 1000) + Array("\r\n".utf8)
            var sent = 0
            while sent < 1_000_000, client.send(chunk) { sent += 1 }
            #expect(try client.reply().status == 413)
            #expect(try folder.names().isEmpty)
        }
    }

    /// Most clients read nothing before they have sent all.
    @Test func aClientThatSendsAllBeforeItReads() throws {
        let server = try LocalServer.echo { $0.largestBody = { _, _ in 1000 } }
        let client = try RawClient(port: server.port)
        let count = 24 << 20
        client.send(
            RawClient.request(
                "POST", "/x", headers: [("Content-Type", "application/json"), ("Content-Length", "\(count)")]))
        #expect(client.send([UInt8](repeating: 0x20, count: count)))
        #expect(try client.reply().status == 413)
    }

    @Test func expectContinue() throws {
        let server = try LocalServer.echo { $0.largestBody = { _, _ in 10 } }
        let client = try RawClient(port: server.port)
        func head(_ count: Int) -> String {
            RawClient.request(
                "POST", "/e",
                headers: [
                    ("Content-Type", "application/json"), ("Content-Length", "\(count)"), ("Expect", "100-continue"),
                ])
        }
        client.send(head(2))
        #expect(try client.head().status == 100)
        client.send("{}")
        #expect(try client.reply().text == "POST /e [\"e\"]  2")
        // A body that will be refused is not asked for.
        client.send(head(11))
        #expect(try client.head().status == 413)
    }

    @Test func disconnectsInTheMiddleOfUploads() throws {
        try withTemporaryFolder { folder in
            let server = try LocalServer.make({ $0.uploadFolder = folder.path }) { request in
                if request.target != "/ok" { Issue.record("the handler was asked") }
                return HTTPResponse(200)
            }
            for count in [0, 10, 500_000, 3_000_000] {
                let client = try RawClient(port: server.port)
                client.send(
                    RawClient.request(
                        "POST", "/x", headers: [("Content-Type", "application/json"), ("Content-Length", "5000000")]))
                client.send([UInt8](repeating: 0x20, count: count))
                if count > 1 << 20 { #expect(LocalServer.eventually { (try? folder.names().count) == 1 }) }
            }
            #expect(LocalServer.eventually { (try? folder.names().isEmpty) == true })
            #expect(try RawClient(port: server.port).ask("GET", "/ok").status == 200)
        }
    }

    @Test func aFolderThatCannotBeWritten() throws {
        try withTemporaryFolder { folder in
            let uploads = folder.path + "/uploads"
            try FileManager.default.createDirectory(atPath: uploads, withIntermediateDirectories: true)
            try folder.write("old", as: "uploads/upload-1-1")
            try folder.write("other", as: "uploads/mine")
            let server = try LocalServer.echo { $0.uploadFolder = uploads }
            // What an earlier server left is gone, and nothing else.
            #expect(try FileManager.default.contentsOfDirectory(atPath: uploads) == ["mine"])
            try FileManager.default.removeItem(atPath: uploads)
            let client = try RawClient(port: server.port)
            client.send(
                RawClient.request(
                    "POST", "/x", headers: [("Content-Type", "application/json"), ("Content-Length", "2000000")]))
            client.send([UInt8](repeating: 0x20, count: 2_000_000))
            let reply = try client.reply()
            #expect(reply.status == 500 && !reply.text.contains(uploads))
            #expect(reply.header("x-should-retry") == "false")
        }
        #expect(throws: HTTPServerError.uploadFolder(path: "/dev/null/x", reason: "Not a directory")) {
            try LocalServer.echo { $0.uploadFolder = "/dev/null/x" }
        }
    }
}
