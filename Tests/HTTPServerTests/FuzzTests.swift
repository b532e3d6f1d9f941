// Random requests: no crash, no descriptor lost, and the server still answers.

import Foundation
import HTTPServer
import Kernels
import Synchronization
import TestSupport
import Testing

@Suite struct FuzzTests {
    /// How many requests are tried; 100,000 with LUTHIER_THOROUGH.
    static let requests = ProcessInfo.processInfo.environment["LUTHIER_THOROUGH"] == nil ? 20_000 : 100_000

    private static let seeds: [[UInt8]] = [
        "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
        "HEAD /v1/files/file-1/content?x=%20&limit=10 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"model\":\"x\"}",
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n",
        "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 90\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n{\"a\": 1}\n\r\n--b--\r\n",
        "OPTIONS /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: https://good.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
        "DELETE /v1/models/ft%3Aa%3Ab HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer k\r\nCookie: a=b; c=\"d\"\r\n\r\n",
        "POST /v1/fine_tuning/jobs HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    ].map { Array($0.utf8) }

    private static let pieces: [[UInt8]] = [
        "\r\n", "\r\n\r\n", "\n", "\r", "\0", ":", " ", "\t", "%", "%2F", "?", "&", "=", ";", "\"", "../", "HTTP/1.1",
        "HTTP/9.9",
        "Host: localhost\r\n", "Content-Length: 3\r\n", "Content-Length: 18446744073709551616\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Cookie: a=\"b\r\n", "Connection: close\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "GET / HTTP/1.1\r\n",
        "\r\n folded",
        "X: " + String(repeating: "a", count: 5000) + "\r\n",
    ].map { Array($0.utf8) }

    /// A seed with a few random changes.
    private static func request(_ generator: inout SplitMix64) -> [UInt8] {
        var bytes = seeds.randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...12, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &generator)
            case 1: bytes.insert(contentsOf: pieces.randomElement(using: &generator)!, at: place)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4: bytes.removeSubrange(place...)
            default:
                bytes.insert(contentsOf: (0..<3).map { _ in UInt8.random(in: 0...255, using: &generator) }, at: place)
            }
        }
        return bytes
    }

    private static func server(_ uploads: String) throws -> HTTPServer {
        try LocalServer.make {
            $0.allowedOrigins = ["https://good.example"]
            ($0.bytesInMemory, $0.uploadFolder) = (64, uploads)
        } _: { request in
            if request.header("content-type")?.hasPrefix("multipart") == true { _ = try? Multipart(request) }
            if request.target == "/stream" {
                return HTTPResponse(200, body: .stream { stream in for _ in 0..<3 { _ = stream.write("data: x\n\n") } })
            }
            return HTTPResponse(200, body: .bytes(Array(request.segments.joined(separator: " ").utf8)))
        }
    }

    /// How many files and sockets the process has open.
    private static func descriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    @Test func randomRequests() throws {
        try withTemporaryFolder { folder in
            let answers = Mutex<[Int: Int]>([:])
            let server = try FuzzTests.server(folder.path)
            let before = try FuzzTests.descriptors()
            let (threads, perConnection) = (4, 4)
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                var generator = SplitMix64(seed: UInt64(thread + 1))
                for _ in 0..<(FuzzTests.requests / threads / perConnection) {
                    guard let client = try? RawClient(port: server.port) else {
                        Issue.record("the server does not accept connections")
                        return
                    }
                    for _ in 0..<perConnection { client.send(FuzzTests.request(&generator)) }
                    // Most leave politely, some in the middle.
                    if Int.random(in: 0..<8, using: &generator) == 0 { continue }
                    shutdown(client.descriptor, Int32(SHUT_WR))
                    while let reply = try? client.reply() { answers.withLock { $0[reply.status, default: 0] += 1 } }
                }
            }
            let counts = answers.withLock { $0 }
            // Enough is still a request, and enough is not.
            #expect(
                counts[200, default: 0] > FuzzTests.requests / 20 && counts[400, default: 0] > FuzzTests.requests / 50,
                "\(counts)")
            #expect(counts.keys.allSatisfy { [200, 204, 400, 403, 413, 414, 415, 431, 505].contains($0) }, "\(counts)")
            #expect(try RawClient(port: server.port).ask("GET", "/").status == 200)
            // Other tests open files at the same time, but not one for each request.
            #expect(LocalServer.eventually { ((try? FuzzTests.descriptors()) ?? .max) < before + 500 })
            #expect(LocalServer.eventually { (try? folder.names().isEmpty) == true })
        }
    }

    /// Thousands of complete requests of each kind: a connection, a stream, a file and an upload leave nothing open.
    @Test func descriptorsStayFlat() throws {
        try withTemporaryFolder { folder in
            let path = try folder.write("content of a file", as: "file")
            let server = try LocalServer.make {
                ($0.bytesInMemory, $0.uploadFolder) = (64, folder.path + "/uploads")
            } _: { request in
                switch request.target {
                case "/stream": HTTPResponse(200, body: .stream { _ = $0.write("x") })
                case "/file": HTTPResponse(200, body: .file(path: path))
                default: HTTPResponse(request.method == "POST" && request.bodyFile == nil ? 500 : 200)
                }
            }
            let before = try FuzzTests.descriptors()
            let json = String(repeating: " ", count: 100)
            for round in 0..<800 {
                let client = try RawClient(port: server.port)
                #expect(try client.ask("GET", "/stream").text == "x")
                #expect(try client.ask("GET", "/file").text == "content of a file")
                #expect(try client.ask("POST", "/upload", json: json).status == 200)
                if round % 4 == 0 { _ = client.send(RawClient.request("GET", "/stream")) }
            }
            #expect(LocalServer.eventually { ((try? FuzzTests.descriptors()) ?? .max) < before + 400 })
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/uploads").isEmpty)
        }
    }
}
