// Whom the server answers, and which requests it accepts: what a page elsewhere, or a hostile client, tries.

import Foundation
import HTTPServer
import StrictJSON
import Testing

@Suite struct RefusalTests {
    /// The code of an error body in the form of OpenAI's API; nil if it has another form.
    static func code(_ reply: RawClient.Reply) throws -> String? {
        #expect(reply.header("content-type") == "application/json")
        let error = try #require(try JSONText.parse(reply.body, options: JSONOptions()).object?["error"]?.object)
        #expect(error["message"]?.string?.isEmpty == false && error["type"]?.string == "invalid_request_error")
        #expect(error.members.map(\.key) == ["message", "type", "param", "code"])
        return error["code"]?.string
    }

    @Test(arguments: [
        "localhost", "LOCALHOST:1", "127.0.0.1", "127.8.9.1:8080", "[::1]", "[::1]:80", "localhost.", "named.example:5",
    ])
    func hostsOfThisMachine(_ host: String) throws {
        let server = try LocalServer.echo { $0.allowedHosts = ["Named.example"] }
        #expect(try RawClient(port: server.port).ask("GET", "/", headers: [("Host", host)]).status == 200)
    }

    @Test(arguments: [
        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "0.0.0.0",
        "evillocalhost",
    ])
    func otherHosts(_ host: String) throws {
        let server = try LocalServer.echo()
        let reply = try RawClient(port: server.port).ask("GET", "/", headers: [("Host", host)])
        #expect(reply.status == 403)
        #expect(try RefusalTests.code(reply) == "host_not_allowed")
    }

    @Test(arguments: ["", "a b", "localhost:x", "localhost:99999", "[::1", "a/b", "user@localhost", "127.0.0.1:80:80"])
    func malformedHosts(_ host: String) throws {
        let server = try LocalServer.echo()
        let reply = try RawClient(port: server.port).ask("GET", "/", headers: [("Host", host)])
        #expect(reply.status == 400)
        #expect(try RefusalTests.code(reply) == "invalid_host")
    }

    @Test func missingAndDoubleHosts() throws {
        let server = try LocalServer.echo()
        for text in [
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        ] {
            let client = try RawClient(port: server.port)
            client.send(text)
            let reply = try client.reply()
            #expect(reply.status == 400)
            #expect(try RefusalTests.code(reply) == "invalid_host")
        }
    }

    @Test func originsOfOtherPages() throws {
        let server = try LocalServer.echo { $0.allowedOrigins = ["https://good.example", "http://127.0.0.1:3000/"] }
        func ask(_ origin: String) throws -> RawClient.Reply {
            try RawClient(port: server.port).ask("POST", "/v1/x", headers: [("Origin", origin)], json: "{}")
        }
        for origin in [
            "https://evil.example", "null", "http://good.example", "https://good.example.evil.example", "",
            "https://localhost", "http://localhost:1", "http://127.0.0.1",
        ] {
            let reply = try ask(origin)
            #expect(reply.status == 403, "\(origin)")
            #expect(try RefusalTests.code(reply) == "origin_not_allowed")
            #expect(reply.header("access-control-allow-origin") == nil)
        }
        for origin in ["https://good.example", "http://127.0.0.1:3000"] {
            let reply = try ask(origin)
            #expect(reply.status == 200 && reply.header("access-control-allow-origin") == origin)
            #expect(reply.header("vary") == "Origin")
        }
        // The server's own page.
        let own = try RawClient(port: server.port).ask(
            "POST", "/v1/x",
            headers: [("Host", "localhost:\(server.port)"), ("Origin", "http://localhost:\(server.port)")], json: "{}")
        #expect(own.status == 200 && own.header("access-control-allow-origin") == nil)
        // An error is as readable for the page as a result.
        let error = try RawClient(port: server.port).ask("GET", "/%zz", headers: [("Origin", "https://good.example")])
        #expect(error.status == 400 && error.header("access-control-allow-origin") == "https://good.example")
    }

    @Test func preflights() throws {
        let server = try LocalServer.echo {
            $0.allowedOrigins = ["https://good.example"]
            $0.authorize = { _ in HTTPResponse.refusal(401, "No key.") }
        }
        func ask(_ origin: String) throws -> RawClient.Reply {
            try RawClient(port: server.port).ask(
                "OPTIONS", "/v1/chat/completions",
                headers: [
                    ("Origin", origin), ("Access-Control-Request-Method", "POST"),
                    ("Access-Control-Request-Headers", "authorization, Content-Type,x-stainless-os, bad header"),
                    ("Access-Control-Request-Private-Network", "true"),
                ])
        }
        let good = try ask("https://good.example")
        #expect(good.status == 204 && good.header("access-control-allow-origin") == "https://good.example")
        #expect(good.header("access-control-allow-methods")?.contains("POST") == true)
        #expect(good.header("access-control-allow-headers") == "authorization, content-type, x-stainless-os")
        #expect(good.header("access-control-allow-private-network") == "true")
        let bad = try ask("https://evil.example")
        #expect(bad.status == 403 && bad.headers.allSatisfy { !$0.name.hasPrefix("access-control") })
        // Without a key, and from the server's own or no page, OPTIONS is a request like any other.
        #expect(try RawClient(port: server.port).ask("OPTIONS", "/").status == 401)
    }

    @Test func typesOfBodies() throws {
        let server = try LocalServer.echo { $0.acceptsMultipart = { _, target in target == "/upload" } }
        func ask(_ target: String, _ type: String?, extra: [(String, String)] = []) throws -> RawClient.Reply {
            let client = try RawClient(port: server.port)
            var headers = [("Content-Length", "2")] + extra
            if let type { headers.append(("Content-Type", type)) }
            client.send(RawClient.request("POST", target, headers: headers) + "{}")
            return try client.reply()
        }
        for type in ["application/json", "Application/JSON; charset=utf-8"] {
            #expect(try ask("/", type).status == 200)
        }
        for type in [
            "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
            nil,
        ] {
            let reply = try ask("/", type)
            #expect(reply.status == 415, "\(type ?? "none")")
            #expect(try RefusalTests.code(reply) == "unsupported_media_type")
        }
        #expect(try ask("/upload", "multipart/form-data; boundary=x").status == 200)
        #expect(try ask("/", "application/json", extra: [("Content-Encoding", "gzip")]).status == 415)
        // Without a body there is nothing to have a type.
        #expect(
            try RawClient(port: server.port).ask("POST", "/cancel", headers: [("Content-Length", "0")]).status == 200)
        #expect(
            try RawClient(port: server.port).ask("POST", "/cancel", headers: [("Content-Type", "text/plain")]).status
                == 200)
    }

    @Test func keys() throws {
        let server = try LocalServer.echo {
            $0.authorize = { head in
                head.header("authorization") == "Bearer k"
                    ? nil : HTTPResponse.refusal(401, "No key.", code: "invalid_api_key")
            }
        }
        #expect(
            try RawClient(port: server.port).ask("GET", "/", headers: [("Authorization", "Bearer k")]).status == 200)
        // The body is not waited for.
        let client = try RawClient(port: server.port)
        client.send(
            RawClient.request("POST", "/", headers: [("Content-Type", "application/json"), ("Content-Length", "1000")]))
        let reply = try client.reply()
        #expect(reply.status == 401)
        #expect(try RefusalTests.code(reply) == "invalid_api_key")
        #expect(client.isAtEnd())
    }

    @Test func longURLs() throws {
        let server = try LocalServer.echo()
        let long = "/" + String(repeating: "a", count: 8192)
        #expect(try RawClient(port: server.port).ask("GET", String(long.dropLast())).status == 200)
        let reply = try RawClient(port: server.port).ask("GET", long)
        #expect(reply.status == 414)
        #expect(try RefusalTests.code(reply) == "url_too_long")
        let huge = try RawClient(port: server.port)
        huge.send("GET /" + String(repeating: "a", count: 1 << 20))
        #expect(try huge.reply().status == 414)
        #expect(huge.drain())
        #expect(try RawClient(port: server.port).ask("GET", "/").status == 200)
    }

    @Test func longHeaders() throws {
        let server = try LocalServer.echo()
        func status(_ headers: [(String, String)]) throws -> Int {
            try RawClient(port: server.port).ask("GET", "/", headers: headers).status
        }
        #expect(try status([("X-Long", String(repeating: "a", count: 32_000))]) == 200)
        #expect(try status((0..<199).map { ("X-\($0)", "") }) == 200)
        #expect(try status([("X-Long", String(repeating: "a", count: 32_769))]) == 431)
        #expect(try status((0..<200).map { ("X-\($0)", "") }) == 431)
        for headers in [
            [("X-Long", String(repeating: "a", count: 1 << 20))], (0..<10_000).map { ("X-\($0)", "value") },
        ] {
            let client = try RawClient(port: server.port)
            client.send(RawClient.request("GET", "/", headers: headers))
            #expect(try client.reply().status == 431)
        }
        #expect(try status([]) == 200)
    }

    @Test(arguments: [
        "GET a HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /?a=%f HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /\u{E9} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "G\u{1}T / HTTP/1.1\r\nHost: localhost\r\n\r\n", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\u{7F}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
    ])
    func malformedRequests(_ text: String) throws {
        let server = try LocalServer.make { _ in
            Issue.record("the handler was asked")
            return HTTPResponse(200)
        }
        let client = try RawClient(port: server.port)
        client.send(text)
        #expect(try client.reply().status == 400)
    }

    /// What cannot be a request has no answer, or one with a status of the client's fault.
    @Test func whatCannotBeRead() throws {
        let server = try LocalServer.make { _ in
            Issue.record("the handler was asked")
            return HTTPResponse(200)
        }
        for text in [
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0", "hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
            "GET / XTTP/1.1\r\n\r\n",
        ] {
            let client = try RawClient(port: server.port)
            client.send(text)
            shutdown(client.descriptor, Int32(SHUT_WR))
            if client.isAtEnd() { continue }
            let reply = try client.reply()
            #expect(reply.status == 400 || reply.status == 505, "\(text)")
        }
    }

    /// Each would be two different requests to two readers; none reaches the handler, and the connection ends.
    @Test(arguments: [
        "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: +5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: 0x5\r\n", "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ])
    func ambiguousLengths(_ lines: String) throws {
        let server = try LocalServer.make { _ in
            Issue.record("the handler was asked")
            return HTTPResponse(200)
        }
        let client = try RawClient(port: server.port)
        client.send(
            "POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(lines)\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        let status = try client.reply().status
        #expect(status == 400 || status == 413)
        // libmicrohttpd may repeat itself before it closes.
        #expect(client.drain())
    }
}
