// `GET /luthier/jobs/{id}/…`: the lines of a job's run, its report, and questions that it has not learned.

import Foundation
import Service
import StrictJSON
import TestSupport
import Testing
import Training

@Suite struct LuthierJobTests {
    private static let metrics = """
        {"step":0,"validationLoss":2,"validationPerplexity":7.4}
        {"step":1,"learningRate":0.1,"loss":2}
        {"step":2,"learningRate":0.1,"loss":1.5}
        {"step":2,"validationLoss":1,"validationPerplexity":2.7}
        {"step":3,"learningRate":0.1,"loss":1}

        """

    private func plan(_ settings: [JobOrder.Setting] = []) -> JobPlan {
        JobPlan(
            epochs: 3, batchSize: 4, learningRateMultiplier: 1, promptLossWeight: 0, settings: settings,
            choices: [
                TuningChoice("training.epochs", "3", "few rows"), TuningChoice("method.type", "\"lora\"", "small"),
            ],
            totalSteps: 9, stepsPerEpoch: 3, batchEvery: nil, precision: "f32", kernel: "any", threads: 2)
    }

    private func folder(_ fixture: AnswersFixture, _ job: String) -> JobFolder {
        JobFolder(path: fixture.service.settings.path(ofJob: job))
    }

    @Test func beforeTheFirstLineThereIsNothing() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job()
        let (status, json) = try fixture.get("/luthier/jobs/\(job)/progress")
        #expect(status == 200)
        #expect(json["job"]?["id"]?.string == job)
        #expect(json["job"]?["luthier"]?["state"]?.string == "validating")
        for name in ["metrics", "timings", "samples"] { #expect(json[name]?.array?.isEmpty == true) }
        #expect(json["messages"]?[0]?["message"]?.string == "Created fine-tuning job: \(job)")
        #expect(json["messages"]?.array?.count == 2)
    }

    @Test func givesTheLinesOfTheRun() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job()
        try fixture.write(Self.metrics, "metrics.jsonl", run: job)
        try fixture.write("{\"step\":3,\"seconds\":0.5,\"tokensPerSecond\":100}\n", "timings.jsonl", run: job)
        try fixture.write("{\"step\":2,\"prompt\":\"a\",\"text\":\"b\"}\n{\"step\":3,\"pro", "samples.jsonl", run: job)
        let all = try fixture.get("/luthier/jobs/\(job)/progress").json
        #expect(all["metrics"]?.array?.count == 5)
        #expect(all["metrics"]?[3]?["validationPerplexity"]?.number == 2.7)
        #expect(all["timings"]?[0]?["tokensPerSecond"]?.number == 100)
        #expect(all["samples"]?.array?.count == 1)
        #expect(all["job"]?["luthier"]?["step"]?.integer == 3)
        let some = try fixture.get("/luthier/jobs/\(job)/progress?from=2").json
        #expect(some["metrics"]?.array?.map { $0["step"]?.integer } == [2, 2, 3])
        #expect(some["messages"]?.array?.count == 2)
        #expect(try fixture.get("/luthier/jobs/\(job)/progress?from=x").json["error"]?["param"]?.string == "from")
        for part in ["progress", "report", "questions"] {
            #expect(try fixture.get("/luthier/jobs/ftjob-none/\(part)").status == 404)
        }
    }

    @Test func manyLinesAreThinned() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job()
        let lines = (1...4999).map { step in
            "{\"step\":\(step),\"learningRate\":0.1,\"loss\":1}\n"
                + (step % 1000 == 0 ? "{\"step\":\(step),\"validationLoss\":1}\n" : "")
        }
        try fixture.write(lines.joined(), "metrics.jsonl", run: job)
        let found = try #require(fixture.get("/luthier/jobs/\(job)/progress").json["metrics"]?.array)
        let training = found.filter { $0["learningRate"] != nil }.compactMap { $0["step"]?.integer }
        #expect(training.count <= 2001)
        #expect(training.count > 1500)
        #expect(training.prefix(3) == [1, 4, 7])
        #expect(training.last == 4999)
        #expect(found.count - training.count == 4)
    }

    @Test func reportsWhatAJobWas() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job()
        let early = try fixture.get("/luthier/jobs/\(job)/report").json
        for name in ["config", "origins", "ledger", "basePerplexity", "bestPerplexity", "result"] {
            #expect(early[name]?.isNull == true, "\(name)")
        }
        for name in ["choices", "commands", "answers"] { #expect(early[name]?.array?.isEmpty == true, "\(name)") }
        try fixture.write(Self.metrics, "metrics.jsonl", run: job)
        try fixture.write("{\"training\": {\"epochs\": 3}}", "config.json", run: job)
        try fixture.write("{\"training.epochs\": \"job\"}", "origins.json", run: job)
        try fixture.write("{\"splits\": {}}", "ledger.json", run: job)
        try folder(fixture, job).write(plan().json, as: .plan)
        let outcome: JSONOutput = [
            "steps": 3, "epochs": 1.0, "seconds": 12.5, "tokensPerSecond": 100.0, "peakMemoryBytes": 1000,
            "stopped": "finished",
        ]
        try folder(fixture, job).write(outcome, as: .outcome)
        let report = try fixture.get("/luthier/jobs/\(job)/report").json
        #expect(report["config"]?["training"]?["epochs"]?.integer == 3)
        #expect(report["origins"]?["training.epochs"]?.string == "job")
        #expect(report["ledger"]?["splits"] != nil)
        #expect(report["basePerplexity"]?.number == 7.4)
        #expect(report["bestPerplexity"]?.number == 2.7)
        #expect(report["result"]?["seconds"]?.number == 12.5)
        #expect(report["choices"]?[0]?["value"]?.integer == 3)
        #expect(report["choices"]?[1]?["value"]?.string == "lora")
        #expect(report["metrics"]?.array?.count == 5)
        #expect(report["commands"]?[0]?["command"]?.string?.contains("\(job)/config.json") == true)
        #expect(report["machine"]?["precision"]?.string == "f32")
        #expect(report["machine"]?["threads"]?.integer == 2)
        #expect(report["machine"]?["version"]?.string == "1.2.3")
    }

    // MARK: Questions

    @Test func asksWhatWasHeldOut() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job(validation: LuthierRows.chats(9))
        let path = "/luthier/jobs/\(job)/questions"
        let json = try fixture.get(path + "?count=4").json
        #expect(json["of"]?.integer == 9)
        #expect(json["questions"]?.array?.count == 4)
        let first = try #require(json["questions"]?[0])
        let line = try #require(first["line"]?.integer)
        #expect(first["messages"]?.text == "[{\"role\":\"user\",\"content\":\"Question \(line)?\"}]")
        #expect(first["prompt"]?.isNull == true)
        #expect(first["expected"]?.string == "Answer \(line).")
        #expect(try fixture.get(path + "?count=4").json.text == json.text)
        #expect(try fixture.get(path + "?count=4&seed=2").json.text != json.text)
        #expect(try fixture.get(path).json["questions"]?.array?.count == 5)
        #expect(try fixture.get(path + "?count=50").json["questions"]?.array?.count == 9)
        #expect(try fixture.get(path + "?count=51").json["error"]?["param"]?.string == "count")
    }

    @Test func rawRowsAreAskedAsTheyAre() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job(rows: LuthierRows.prompts(12), validation: LuthierRows.prompts(3))
        let question = try #require(fixture.get("/luthier/jobs/\(job)/questions").json["questions"]?[0])
        let line = try #require(question["line"]?.integer)
        #expect(question["messages"]?.isNull == true)
        #expect(question["prompt"]?.string == "Question \(line) ->")
        #expect(question["expected"]?.string == " Answer \(line)\n")
    }

    @Test func aShareThatWasHeldOutCounts() throws {
        let fixture = try AnswersFixture()
        let job = try fixture.job()
        #expect(try fixture.get("/luthier/jobs/\(job)/questions").json.text == "{\"questions\":[],\"of\":0}")
        let order = try #require(folder(fixture, job).order)
        let settings = [
            JobOrder.Setting("data.train", "\"\(order.training)\""),
            JobOrder.Setting("data.validationFraction", "0.25"),
        ]
        try folder(fixture, job).write(plan(settings).json, as: .plan)
        #expect(try fixture.get("/luthier/jobs/\(job)/questions").json["of"]?.integer == 3)
    }
}
