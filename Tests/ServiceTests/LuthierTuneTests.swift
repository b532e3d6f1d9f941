// `POST /luthier/rows` and `POST /luthier/tune`: a row as a model sees it, and what would be chosen for a job.

import Foundation
import HTTPServer
import Service
import StrictJSON
import TestSupport
import Testing

@Suite struct LuthierTuneTests {
    private func row(_ fixture: AnswersFixture, _ file: String, _ row: Int, model: String = "chatty") throws -> (
        status: Int, json: JSONNode
    ) {
        try fixture.post("/luthier/rows", "{\"file\": \"\(file)\", \"model\": \"\(model)\", \"row\": \(row)}")
    }

    private func text(_ row: JSONNode, trained: Bool? = nil) -> String {
        (row["tokens"]?.array ?? []).filter { token in
            trained.map { $0 == ((token["weight"]?.number ?? 0) > 0) } ?? true
        }.compactMap { $0["text"]?.string }.joined()
    }

    @Test func showsARow() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(3))
        let (status, json) = try row(fixture, file, 2)
        try #require(status == 200, "\(json.text)")
        #expect(json["row"]?.integer == 2)
        #expect(json["rows"]?.integer == 3)
        #expect(json["line"]?.integer == 2)
        #expect(json["template"]?.string == "base")
        #expect(text(json).contains("Question 2?"))
        #expect(text(json, trained: true).hasPrefix(" Answer 2."))
        #expect(json["tokens"]?[0]?["weight"]?.number == 0)
        #expect(json["total"]?.integer == json["tokens"]?.array?.count)
        let trained = json["tokens"]?.array?.count { ($0["weight"]?.number ?? 0) > 0 }
        #expect(json["trained"]?.integer == trained)
        #expect(json["cut"] == nil)
    }

    /// As a job of the newer interface learns them: a model without a template continues prompts, others are asked.
    @Test func promptRowsAreShownAsTheyAreLearned() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.prompts(3))
        let turns = try row(fixture, file, 3).json
        #expect(turns["template"]?.string == "base")
        #expect(text(turns).hasPrefix("User: Question 3 ->\nAssistant:  Answer 3"), "\(text(turns))")
        let json = try row(fixture, file, 3, model: "plain").json
        #expect(json["template"]?.string == "raw")
        #expect(text(json).hasPrefix("Question 3 -> Answer 3\n"))
        #expect(text(json, trained: true).hasPrefix(" Answer 3\n"))
    }

    @Test func rowsHaveErrors() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(3))
        let missing = try row(fixture, file, 4)
        #expect(missing.status == 400)
        #expect(missing.json["error"]?["param"]?.string == "row")
        #expect(try row(fixture, file, 0).json["error"]?["param"]?.string == "row")
        #expect(try row(fixture, "file-none", 1).status == 404)
        #expect(try row(fixture, file, 1, model: "nothing").status == 404)
        let broken = try fixture.upload(LuthierRows.chats(1) + "{\"messages\": oops}\n", name: "broken.jsonl")
        let (status, json) = try row(fixture, broken, 1)
        #expect(status == 400)
        #expect(json["error"]?["code"]?.string == "invalid_training_file")
        #expect(json["error"]?["message"]?.string?.contains("broken.jsonl") == true)
        #expect(!json.text.contains(fixture.place.path))
        let table = try fixture.upload("prompt,completion\nq,a\n", name: "table.csv", purpose: "user_data")
        #expect(try row(fixture, table, 1).json["error"]?["code"]?.string == "invalid_training_file")
    }

    // MARK: Choices

    private func tune(_ fixture: AnswersFixture, _ file: String, _ more: String = "") throws -> (
        status: Int, json: JSONNode
    ) {
        try fixture.post("/luthier/tune", "{\"model\": \"chatty\", \"trainingFile\": \"\(file)\"\(more)}")
    }

    private func choice(_ key: String, _ json: JSONNode) -> JSONNode? {
        json["choices"]?.array?.first { $0["key"]?.string == key }
    }

    @Test func choosesWithReasons() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(40))
        let other = try fixture.upload(LuthierRows.chats(10))
        let (status, json) = try tune(fixture, file, ", \"validationFile\": \"\(other)\"")
        try #require(status == 200, "\(json.text)")
        #expect(choice("method.type", json)?["value"]?.string == "lora")
        #expect(choice("training.batchSize", json)?["value"]?.integer == 4)
        #expect(json["choices"]?.array?.allSatisfy { $0["reason"]?.string?.isEmpty == false } == true)
        #expect(json["rows"]?.integer == 40)
        #expect(json["heldOut"]?.integer == 10)
        let estimate = try #require(json["estimate"])
        let epochs = try #require(choice("training.epochs", json)?["value"]?.integer)
        #expect(estimate["stepsPerEpoch"]?.integer == 10)
        #expect(estimate["steps"]?.integer == 10 * epochs)
        #expect(estimate["parameters"]?.integer == fixture.transformer.layout.parameterCount)
        #expect((estimate["estimatedMemoryBytes"]?.integer ?? 0) > 4 * fixture.transformer.layout.parameterCount)
        #expect(estimate["measured"]?.bool == false)
        #expect(estimate["seconds"]?.isNull == true)
        #expect(estimate["note"]?.isNull == true)
        #expect(json["check"] == nil)
    }

    @Test func whatIsSetStays() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(40))
        let first = try tune(fixture, file).json
        let set = ", \"set\": {\"training.epochs\": 3, \"training.batchSize\": 8}"
        let json = try tune(fixture, file, set).json
        #expect(choice("training.epochs", json)?["value"]?.integer == 3)
        #expect(choice("training.epochs", json)?["reason"]?.string == "chosen by you")
        #expect(json["estimate"]?["steps"]?.integer == 15)
        #expect(json["answerTokens"]?.integer == first["answerTokens"]?.integer)
    }

    @Test(arguments: [
        (", \"set\": {\"training.epochz\": 3}", 400, "set.training.epochz"),
        (", \"set\": {\"training.epochs\": -3}", 400, "set.training.epochs"),
        (", \"set\": {\"data.train\": \"/etc/passwd\"}", 400, "set.data.train"),
        (", \"set\": {\"method.targets\": [\"nothing\"]}", 400, "set.method.targets"),
        (", \"validationFile\": \"file-none\"", 404, "validationFile"),
        (", \"validationFile\": \"FEW\", \"set\": 5", 400, "set"),
    ])
    func saysWhatIsWrong(more: String, status: Int, param: String) throws {
        let fixture = try AnswersFixture()
        let (file, few) = (try fixture.upload(LuthierRows.chats(20)), try fixture.upload(LuthierRows.chats(2)))
        let answer = try tune(fixture, file, more.replacing("FEW", with: few))
        #expect(answer.status == status, "\(answer.json.text)")
        #expect(answer.json["error"]?["param"]?.string == param)
    }

    @Test func filesMustBeGoodEnough() throws {
        let fixture = try AnswersFixture()
        let few = try tune(fixture, fixture.upload(LuthierRows.chats(9)))
        #expect(few.status == 400)
        #expect(few.json["error"]?["param"]?.string == "trainingFile")
        #expect(few.json["error"]?["message"]?.string?.contains("at least 10") == true)
        let file = try fixture.upload(LuthierRows.chats(20))
        let broken = try fixture.upload("{\"messages\": []}\n", name: "held.jsonl")
        let held = try tune(fixture, file, ", \"validationFile\": \"\(broken)\"")
        #expect(held.json["error"]?["param"]?.string == "validationFile")
        #expect(held.json["error"]?["message"]?.string?.contains("held.jsonl") == true)
        let other = try tune(fixture, fixture.upload(LuthierRows.chats(20), purpose: "user_data"))
        #expect(other.json["error"]?["param"]?.string == "trainingFile")
        #expect(try fixture.post("/luthier/tune", "{\"model\": \"no\", \"trainingFile\": \"\(file)\"}").status == 404)
    }

    @Test func measuresRealSteps() throws {
        let fixture = try AnswersFixture()
        let file = try fixture.upload(LuthierRows.chats(12))
        let set = ", \"measure\": true, \"set\": {\"training.precision\": \"f32\", \"training.steps\": 5}"
        let (status, json) = try tune(fixture, file, set)
        try #require(status == 200, "\(json.text)")
        let estimate = try #require(json["estimate"])
        #expect(estimate["measured"]?.bool == true)
        #expect(estimate["steps"]?.integer == 5)
        #expect((estimate["tokensPerSecond"]?.number ?? 0) > 0)
        #expect((estimate["seconds"]?.number ?? 0) > 0)
        #expect((estimate["peakMemoryBytes"]?.integer ?? 0) > 0)
        #expect((estimate["checkpointBytes"]?.integer ?? 0) > 0)
    }

    @Test func nothingIsMeasuredWhileAJobWaits() throws {
        let fixture = try AnswersFixture()
        _ = try fixture.job()
        let json = try tune(fixture, fixture.upload(LuthierRows.chats(12)), ", \"measure\": true").json
        #expect(json["estimate"]?["measured"]?.bool == false)
        #expect(json["estimate"]?["note"]?.string?.contains("job") == true)
    }
}
