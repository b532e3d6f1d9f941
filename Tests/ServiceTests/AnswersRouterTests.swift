// Routes, the key, headers, the page's files, health and metrics.

import HTTPServer
import Inference
import Service
import StrictJSON
import TestSupport
import Testing

@Suite struct AnswersRouterTests {
    private func error(_ response: HTTPResponse) throws -> JSONNode? {
        try JSONText.parse(response.body.collected ?? [])["error"]
    }

    @Test func unknownPathsAndMethods() throws {
        let fixture = try AnswersFixture()
        for target in ["/v2", "/v1", "/v1/nothing", "/v1/files/a/b", "/%zz", "//", "/v1/fine_tuning/alpha/graders/run"]
        {
            let response = fixture.send("GET", target)
            #expect(response.status == 404, "\(target)")
            #expect(try error(response)?.keys == ["message", "type", "param", "code"])
            #expect(try error(response)?["type"]?.string == "invalid_request_error")
        }
        for (method, target, allowed) in [
            ("PUT", "/v1/files", "GET, HEAD, POST"), ("TRACE", "/v1/completions", "POST"),
            ("GET", "/v1/chat/completions", "POST"), ("POST", "/v1/models/x", "DELETE, GET, HEAD"),
        ] {
            let response = fixture.send(method, target)
            #expect(response.status == 405 && response.header("Allow") == allowed, "\(method) \(target)")
            #expect(try error(response)?["code"]?.string == "method_not_supported")
        }
    }

    /// A part of a path is decoded after the path was divided; names of models may have more parts.
    @Test func encodedParts() throws {
        let fixture = try AnswersFixture()
        for target in ["/v1/models/chatty", "/v1/models/%63hatty"] {
            #expect(fixture.send("GET", target).status == 200, "\(target)")
        }
        let file = fixture.send("GET", "/v1/files/data%2Ftrain.jsonl")
        #expect(file.status == 404)
        #expect(try error(file)?["message"]?.string == "No such File object: data/train.jsonl")
        let model = fixture.send("GET", "/v1/models/owner/name")
        #expect(model.status == 404)
        #expect(try error(model)?["message"]?.string?.contains("`owner/name`") == true)
    }

    @Test func answersHaveHeaders() throws {
        let fixture = try AnswersFixture()
        for response in [fixture.send("GET", "/health"), fixture.send("GET", "/nothing")] {
            #expect(response.header("x-request-id")?.hasPrefix("req_") == true)
            #expect(response.header("luthier-version") == "1.2.3")
            #expect(response.header("Content-Type") == "application/json")
        }
        let (one, two) = (fixture.send("GET", "/health"), fixture.send("HEAD", "/health"))
        #expect(one.header("x-request-id") != two.header("x-request-id"))
        #expect(two.status == 200 && two.body.collected == [])
    }

    @Test func theKeyIsNeeded() throws {
        let fixture = try AnswersFixture(
            key: "secret", page: PageFiles(["index.html": .init(bytes: [1], contentType: "text/html")]))
        for (authorization, status) in [
            (nil, 401), ("Bearer wrong", 401), ("Bearer ", 401), ("secret", 401), ("Basic secret", 401),
            ("Bearer " + String(repeating: "x", count: 100_000), 401), ("Bearer secret", 200), ("bearer secret", 200),
        ] as [(String?, Int)] {
            let headers = authorization.map { [(name: "Authorization", value: $0)] } ?? []
            for target in ["/v1/models", "/luthier/info", "/metrics"] {
                let response = fixture.send("GET", target, headers: headers)
                #expect(response.status == status, "\(authorization ?? "") \(target)")
                if status == 401 {
                    #expect(try error(response)?["code"]?.string == "invalid_api_key")
                    #expect(response.header("x-request-id") != nil)
                }
            }
            #expect(fixture.send("GET", "/health", headers: headers).status == 200)
            #expect(fixture.send("GET", "/", headers: headers).status == 200)
        }
    }

    @Test func thePagesFiles() throws {
        let fixture = try AnswersFixture(
            page: PageFiles([
                "index.html": .init(bytes: Array("<p>".utf8), contentType: "text/html; charset=utf-8"),
                "widget.js": .init(bytes: Array("1".utf8), contentType: "text/javascript; charset=utf-8"),
                "a.css": .init(bytes: Array("p{}".utf8), contentType: "text/css; charset=utf-8"),
            ]))
        let page = fixture.send("GET", "/")
        #expect(page.status == 200 && page.body.collected == Array("<p>".utf8))
        #expect(page.header("Content-Type") == "text/html; charset=utf-8")
        #expect(page.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
        #expect(page.header("Cross-Origin-Resource-Policy") == "same-origin")
        #expect(page.header("X-Content-Type-Options") == "nosniff")
        let tag = try #require(page.header("ETag"))
        let again = fixture.send("GET", "/", headers: [("If-None-Match", "\"x\", W/\(tag)")])
        #expect(again.status == 304 && again.body.collected == [])
        #expect(fixture.send("GET", "/page/a.css").body.collected == Array("p{}".utf8))
        let widget = fixture.send("GET", "/widget.js")
        #expect(widget.header("Cross-Origin-Resource-Policy") == "cross-origin")
        #expect(widget.header("Content-Security-Policy") == nil)
        for target in ["/page/b.css", "/page/..%2f..%2fetc%2fpasswd", "/page/", "/page"] {
            #expect(fixture.send("GET", target).status == 404, "\(target)")
        }
    }

    @Test func healthAndInfo() throws {
        let fixture = try AnswersFixture { $0.allowedOrigins = ["https://example.org"] }
        let health = try JSONText.parse(fixture.send("GET", "/health").body.collected ?? [])
        #expect(health["status"]?.string == "ok" && health["version"]?.string == "1.2.3")
        let info = try JSONText.parse(fixture.send("GET", "/luthier/info").body.collected ?? [])
        #expect(
            info.keys == [
                "version", "threads", "memoryBytes", "availableBytes", "uploadBytes", "keyRequired", "allowedOrigins",
                "documents", "passages", "fetchable",
            ])
        #expect(info["keyRequired"]?.bool == false)
        #expect(info["allowedOrigins"]?.text == #"["https://example.org"]"#)
        #expect(info["fetchable"]?[0]?.string == "smollm2-135m")
    }

    @Test func metricsAreCounted() throws {
        let fixture = try AnswersFixture()
        _ = try fixture.post(
            "/v1/completions",
            #"{"model": "plain", "prompt": "\#(String(repeating: "a", count: 70))", "max_tokens": 4, "logit_bias": {"65": 100}}"#
        )
        _ = fixture.send("GET", "/v1/files/file-x")
        _ = fixture.send("GET", "/strange/\"path\"")
        let response = fixture.send("GET", "/metrics")
        #expect(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        let text = String(decoding: response.body.collected ?? [], as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        for line in [
            #"luthier_http_requests_total{route="/v1/completions",status="200"} 1"#,
            #"luthier_http_requests_total{route="/v1/files/:id",status="404"} 1"#,
            #"luthier_http_requests_total{route="none",status="404"} 1"#,
            #"luthier_prompt_tokens_total{source="read"} 70"#, "luthier_completion_tokens_total 4",
            #"luthier_generation_requests_total{end="finished"} 1"#, "luthier_http_requests_open 1",
            "luthier_models_loaded 1", #"luthier_jobs{state="running"} 0"#,
            #"luthier_generation_queue{state="waiting"} 0"#,
        ] { #expect(lines.contains(line), "\(line)") }
        for line in lines where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            #expect(parts.count == 2 && Double(parts[1]) != nil, "\(line)")
        }
        #expect(lines.contains { $0.hasPrefix("luthier_cache_bytes{use=\"kept\"} ") && !$0.hasSuffix(" 0") })
    }
}
