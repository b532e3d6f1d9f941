// `/v1/files` as clients use it.

import Foundation
import Service
import StrictJSON
import Testing

@Suite struct JobFilesTests {
    @Test func fromUploadToDeletion() throws {
        let fixture = try JobFixture(works: false)
        let text = JobFixture.rows(3)
        let (status, file) = try fixture.sendFile(text, name: "./dataset/träin.jsonl")
        #expect(status == 200)
        let id = try #require(file["id"]?.string)
        #expect(id.hasPrefix("file-") && file["object"]?.string == "file")
        #expect(file["bytes"]?.integer == text.utf8.count && file["status"]?.string == "processed")
        #expect(file["filename"]?.string == "./dataset/träin.jsonl" && file["purpose"]?.string == "fine-tune")
        #expect(try fixture.call("GET", "/v1/files/\(id)").json["id"]?.string == id)
        let content = fixture.send("GET", "/v1/files/\(id)/content")
        guard case .file(let path) = content.body else {
            Issue.record("the content is not sent from the disk")
            return
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        let deleted = try fixture.call("DELETE", "/v1/files/\(id)")
        #expect(deleted.status == 200 && deleted.json["deleted"]?.bool == true)
        #expect(!FileManager.default.fileExists(atPath: path))
        for (method, target) in [("GET", id), ("GET", id + "/content"), ("DELETE", id)] {
            let gone = try fixture.call(method, "/v1/files/\(target)")
            #expect(gone.status == 404 && gone.json["error"]?["message"]?.string == "No such File object: \(id)")
        }
    }

    @Test func listsInPages() throws {
        let fixture = try JobFixture(works: false)
        let ids = try (0..<5).map { try fixture.upload(JobFixture.rows(1), name: "\($0).jsonl") }
        _ = try fixture.sendFile("free text", name: "a.txt", purpose: "user_data")
        func list(_ query: String) throws -> JSONNode { try fixture.call("GET", "/v1/files?\(query)").json }
        func found(_ list: JSONNode) -> [String] { (list["data"]?.array ?? []).compactMap { $0["id"]?.string } }
        let first = try list("purpose=fine-tune&limit=2")
        #expect(found(first) == [ids[4], ids[3]] && first["has_more"]?.bool == true)
        #expect(first["first_id"]?.string == ids[4] && first["last_id"]?.string == ids[3])
        let second = try list("purpose=fine-tune&limit=3&after=\(ids[3])")
        #expect(found(second) == [ids[2], ids[1], ids[0]] && second["has_more"]?.bool == false)
        #expect(found(try list("purpose=fine-tune&order=asc")) == ids)
        #expect(found(try list("")).count == 6)
        for (query, param) in [
            ("limit=0", "limit"), ("limit=10001", "limit"), ("order=up", "order"), ("after=file-x", "after"),
            ("purpose=x", "purpose"),
        ] {
            let (status, json) = try fixture.call("GET", "/v1/files?\(query)")
            #expect(status == 400 && json["error"]?["param"]?.string == param, "\(query)")
        }
    }

    /// The old client looks first whether a path is an id of a file.
    @Test func aPathIsNotFound() throws {
        let fixture = try JobFixture(works: false)
        let (status, json) = try fixture.call("GET", "/v1/files/data%2Ftrain.jsonl")
        #expect(status == 404 && json["error"]?["message"]?.string == "No such File object: data/train.jsonl")
        #expect(try fixture.call("GET", "/v1/files/..%2F..%2Fservice.sqlite/content").status == 404)
    }

    @Test func whatIsRefused() throws {
        let fixture = try JobFixture(works: false)
        func refused(_ answer: (status: Int, json: JSONNode), _ param: String?, _ text: String) {
            #expect(answer.status == 400 && answer.json["error"]?["param"]?.string == param)
            #expect(answer.json["error"]?["message"]?.string?.contains(text) == true, "\(answer.json.text)")
        }
        refused(try fixture.sendFile("{}", purpose: "fine-tune-results"), "purpose", "is not one of")
        refused(
            try fixture.sendFile("[1]\n"), nil,
            "Expected file to have JSONL format, where every line is a JSON dictionary. Line 1 is not a dictionary")
        refused(
            try fixture.sendFile("{}", more: [("expires_after[seconds]", "60")]), "expires_after[seconds]", "3600")
        #expect(try fixture.sendFile("{}", more: [("expires_after[seconds]", "3600")]).status == 200)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.settings.filesFolder)
        #expect(names.count == 1, "what was refused is not kept")
    }
}
