// `POST /luthier/prepare`: the report of a file, what its fixes do, and the files that they become.

import Foundation
import HTTPServer
import Service
import StrictJSON
import TestSupport
import Testing

@Suite struct LuthierPrepareTests {
    /// 30 rows, of which one is there twice and one has a control character.
    static let rows =
        LuthierRows.chats(30)
            + """
            {"messages": [{"role": "user", "content": "Question 3?"}, {"role": "assistant", "content": "Answer 3."}]}
            {"messages": [{"role": "user", "content": "Bell?"}, {"role": "assistant", "content": "Yes,\\u0007 a bell."}]}

            """

    private func finding(_ rule: String, _ report: JSONNode) throws -> JSONNode {
        try #require(report["findings"]?.array?.first { $0["rule"]?.string == rule }, "\(report.text)")
    }

    @Test func reportsTheFileAsItIsAndAsItWouldBe() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(Self.rows, name: "my rows.jsonl", purpose: "user_data")
        let (status, report) = try fixture.post("/luthier/prepare", "{\"file\": \"\(file)\", \"base\": \"chatty\"}")
        try #require(status == 200, "\(report.text)")
        #expect(report["read"]?.integer == 32)
        #expect(report["kept"]?.integer == 32)
        let duplicate = try finding("duplicate", report)
        #expect(duplicate["accepted"]?.bool == true)
        #expect(duplicate["places"]?[0]?["file"]?.string == "my rows.jsonl")
        #expect(report["after"]?["kept"]?.integer == 31)
        #expect(report["after"]?["dropped"]?.integer == 1)
        #expect(report["after"]?["changed"]?.integer == 1)
        #expect(report["after"]?["train"]?.integer == 28)
        #expect(report["after"]?["validation"]?.integer == 3)
        #expect(report["acceptable"]?.array?.contains { $0.string == "duplicate" } == true)
        #expect(report["changesTotal"]?.integer == 2)
        let dropped = try #require(report["changes"]?.array?.first { $0["rules"]?[0]?.string == "duplicate" })
        #expect(dropped["line"]?.integer == 31)
        #expect(dropped["after"]?.isNull == true)
        #expect(dropped["before"]?.string?.contains("Question 3?") == true)
        let changed = try #require(report["changes"]?.array?.first { $0["line"]?.integer == 32 })
        #expect(changed["rules"]?[0]?.string == "control-character")
        #expect(changed["before"]?.string?.contains("Yes,\\u0007 a bell.") == true)
        #expect(changed["after"]?.string?.contains("Yes, a bell.") == true)
        #expect(report["written"]?.isNull == true)
        #expect(!report.text.contains(fixture.place.path))
        #expect(report["parts"] == nil)
        #expect(try fixture.get("/v1/files").json["data"]?.array?.count == 1)
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.service.settings.dataFolder + "/looks")
        #expect(left.isEmpty)
    }

    /// A chat template marks where a question ends; where there is none, the rows must.
    @Test func aTemplateMarksWherePromptsEnd() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(
            (0..<20).map { #"{"prompt": "Question \#($0)", "completion": "Answer \#($0 * 7)."}"# + "\n" }
                .joined())
        for (base, isFound) in [("plain", true), ("chatty", false)] {
            let (status, report) = try fixture.post("/luthier/prepare", #"{"file": "\#(file)", "base": "\#(base)"}"#)
            try #require(status == 200, "\(report.text)")
            let rules = report["findings"]?.array?.compactMap { $0["rule"]?.string } ?? []
            #expect(
                rules.contains("no-separator") == isFound && rules.contains("no-leading-space") == isFound, "\(rules)")
        }
    }

    @Test func leavesAndTakesWhatIsSaid() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(Self.rows)
        let left = try fixture.post(
            "/luthier/prepare", "{\"file\": \"\(file)\", \"base\": \"chatty\", \"leave\": [\"duplicate\"]}"
        ).json
        #expect(try finding("duplicate", left)["accepted"]?.bool == false)
        #expect(left["after"]?["kept"]?.integer == 32)
        // Prompts that start with a capital letter are only made lowercase where that is asked for.
        let prompts = try fixture.upload(LuthierRows.prompts(20))
        let report = try fixture.post("/luthier/prepare", "{\"file\": \"\(prompts)\", \"base\": \"plain\"}").json
        let offered = try #require(
            report["findings"]?.array?.first { $0["taken"]?.bool == false && $0["mendable"]?.bool == true },
            "\(report.text)")
        let rule = try #require(offered["rule"]?.string)
        #expect(offered["accepted"]?.bool == false)
        let taken = try fixture.post(
            "/luthier/prepare", "{\"file\": \"\(prompts)\", \"base\": \"plain\", \"take\": [\"\(rule)\"]}"
        ).json
        #expect(try finding(rule, taken)["accepted"]?.bool == true)
    }

    @Test func changesToAllRowsAreTold() throws {
        let fixture = try AnswersFixture()
        let rows = (1...20).map { "{\"prompt\": \"question \($0)\", \"completion\": \"answer \($0)\"}\n" }.joined()
        let report = try fixture.post("/luthier/prepare", "{\"file\": \"\(try fixture.upload(rows))\"}").json
        #expect(report["toAll"]?.array?.contains { $0.string?.hasPrefix("every prompt: ") == true } == true)
    }

    @Test func writesTheFixedRowsAsFiles() throws {
        let fixture = try AnswersFixture()
        let table = "prompt,completion\n" + (1...30).map { "Question \($0)?,Answer \($0).\n" }.joined()
        let file = try fixture.upload(table, name: "Table.CSV", purpose: "user_data")
        let body = "{\"file\": \"\(file)\", \"base\": \"chatty\", \"write\": true, \"validationFraction\": 0.2}"
        let (status, report) = try fixture.post("/luthier/prepare", body)
        try #require(status == 200, "\(report.text)")
        let training = try #require(report["written"]?["trainingFile"])
        let validation = try #require(report["written"]?["validationFile"])
        #expect(training["filename"]?.string == "Table.jsonl")
        #expect(validation["filename"]?.string == "Table-validation.jsonl")
        #expect(training["purpose"]?.string == "fine-tune")
        #expect(training["luthier"]?["rows"]?.integer == report["after"]?["train"]?.integer)
        #expect(validation["luthier"]?["rows"]?.integer == 6)
        let text = fixture.content(try #require(training["id"]?.string))
        #expect(text.split(separator: "\n").count == training["luthier"]?["rows"]?.integer)
        #expect(text.utf8.count == training["bytes"]?.integer)
        #expect(try fixture.get("/v1/files/" + (training["id"]?.string ?? "")).status == 200)
    }

    @Test func withoutHeldOutRowsThereIsOneFile() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(12))
        let body = "{\"file\": \"\(file)\", \"base\": \"chatty\", \"write\": true, \"validationFraction\": 0}"
        let written = try fixture.post("/luthier/prepare", body).json["written"]
        #expect(written?["trainingFile"]?["luthier"]?["rows"]?.integer == 12)
        #expect(written?["validationFile"]?.isNull == true)
    }

    @Test(
        arguments: [
            ("{\"file\": \"file-none\"}", 404, "file", nil),
            ("{\"file\": \"../../etc/passwd\"}", 404, "file", nil),
            ("{\"file\": \"FILE\", \"base\": \"nothing\"}", 404, "base", "model_not_found"),
            ("{\"file\": \"FILE\", \"take\": [\"nonsense\"]}", 400, "take", "unknown_rule"),
            ("{\"file\": \"FILE\", \"leave\": [7]}", 400, "leave", "unknown_rule"),
            ("{\"file\": \"FILE\", \"take\": [\"duplicate\"], \"leave\": [\"duplicate\"]}", 400, "leave", nil),
            ("{\"file\": \"FILE\", \"validationFraction\": 1}", 400, "validationFraction", nil),
            ("{\"file\": \"FILE\", \"colour\": 1}", 400, "colour", "unknown_parameter"),
            ("{}", 400, "file", nil),
        ] as [(String, Int, String, String?)])
    func saysWhatIsWrong(body: String, status: Int, param: String, code: String?) throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(2))
        let answer = try fixture.post("/luthier/prepare", body.replacing("FILE", with: file))
        #expect(answer.status == status)
        #expect(answer.json["error"]?["param"]?.string == param)
        #expect(answer.json["error"]?["code"]?.string == code)
    }

    @Test func bytesThatAreNotTextAreUnreadable() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(Array("PK".utf8) + [3, 4, 0, 1, 2], name: "rows.csv", purpose: "user_data")
        let (status, json) = try fixture.post("/luthier/prepare", "{\"file\": \"\(file)\"}")
        #expect(status == 400)
        #expect(json["error"]?["code"]?.string == "unreadable_file")
        #expect(json["error"]?["message"]?.string?.hasPrefix("rows.csv") == true)
        #expect(!json.text.contains(fixture.place.path))
    }

    @Test func nothingLeftIsNotWritten() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload("{\"messages\": 5}\n{\"nothing\": 1}\n")
        #expect(try fixture.post("/luthier/prepare", "{\"file\": \"\(file)\"}").status == 200)
        let (status, json) = try fixture.post(
            "/luthier/prepare", "{\"file\": \"\(file)\", \"base\": \"chatty\", \"write\": true}")
        #expect(status == 400)
        #expect(json["error"]?["code"]?.string == "nothing_left")
    }

    @Test func theProcessEndsWithTheClient() throws {
        let process = EndlessLook()
        let fixture = try AnswersFixture(look: { _ in process })
        let file = try fixture.upload(LuthierRows.chats(2))
        var request = HTTPRequest(
            method: "POST", target: "/luthier/prepare", headers: [("Content-Type", "application/json")],
            body: Array("{\"file\": \"\(file)\"}".utf8))
        request.isConnected = { false }
        #expect(fixture.handler.respond(request).status == 499)
        #expect(process.isKilled)
    }
}
