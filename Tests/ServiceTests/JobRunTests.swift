// Jobs from their request to their end, with the real program as their process.

import Foundation
import Service
import StrictJSON
import Testing

@Suite(.serialized) struct JobRunTests {
    private static let few =
        ", \"seed\": 5, \"hyperparameters\": {\"n_epochs\": 2, \"batch_size\": 4, \"learning_rate_multiplier\": 1}"

    /// A model that is asked in a chat learns prompts as questions; the older interface continues them.
    @Test(arguments: [
        ("/v1/fine_tuning/jobs", "chatty", false), ("/v1/fine_tuning/jobs", "tiny", true),
        ("/v1/fine-tunes", "chatty", true),
    ])
    func promptsAreLearnedAsTheyWillBeAsked(path: String, model: String, isRaw: Bool) throws {
        let fixture = try JobFixture()
        let file = try fixture.upload(JobFixture.rows(12))
        let answer = try fixture.call("POST", path, "{\"model\": \"\(model)\", \"training_file\": \"\(file)\"}")
        let id = try #require(answer.json["id"]?.string, "\(answer.json.text)")
        let folder = JobFolder(path: fixture.settings.path(ofJob: id))
        try fixture.wait(id) { $0.phase.isOver || folder.check != nil }
        #expect(try #require(folder.check).isRaw == isRaw)
        try fixture.wait(id) {
            try $0.phase.isOver || !fixture.messages(id).allSatisfy { !$0.hasPrefix("Files validated") }
        }
        let isSaid = try fixture.messages(id).contains { $0.contains("ask with chat completions") }
        #expect(isSaid == !isRaw)
    }

    /// OpenAI's preference jobs.
    @Test func aPreferenceJob() throws {
        let fixture = try JobFixture()
        func side(_ text: String) -> String { #"[{"role": "assistant", "content": "\#(text)"}]"# }
        let rows = (0..<12).map { number in
            #"{"input": {"messages": [{"role": "user", "content": "Day \#(number)?"}]}, "preferred_output": "#
                + side("Sun.") + #", "non_preferred_output": "# + side("It may rain.") + "}\n"
        }.joined()
        let members = #", "seed": 5, "method": {"type": "dpo", "dpo": {"hyperparameters": "#
        let wrong = try fixture.job(members + "{}}}", rows: JobFixture.rows(12))
        let failed = try fixture.waitForEnd(wrong)
        #expect(
            failed.phase == .failed && failed.errorMessage?.contains("method.objective dpo needs two answers") == true)

        let id = try fixture.job(
            members + #"{"beta": 0.2, "n_epochs": 2, "batch_size": 4}}}"#, rows: rows, validation: rows)
        let job = try fixture.waitForEnd(id)
        try #require(job.phase == .succeeded, "\(job.errorMessage ?? "")")
        let method = try #require(try fixture.call("GET", "/v1/fine_tuning/jobs/\(id)").json["method"])
        #expect(method["type"]?.string == "dpo" && method.keys == ["type", "dpo"])
        let hyperparameters = method["dpo"]?["hyperparameters"]
        #expect(hyperparameters?["beta"]?.number == 0.2 && hyperparameters?["n_epochs"]?.integer == 2)
        #expect(try #require(fixture.metrics(id).first).hasPrefix("Step 1/6: training loss=0.69"))
    }

    @Test func whatTheRunWarnsOfIsAnEvent() throws {
        let fixture = try JobFixture()
        let id = try fixture.job(
            """
            , "seed": 5, "hyperparameters": {"n_epochs": 2, "batch_size": 4},
            "luthier": {"set": {"method.type": "full", "training.learningRate": 3, "training.warmupSteps": 0}}
            """,
            validation: JobFixture.rows(4, "Night"))
        #expect(try fixture.waitForEnd(id).phase == .succeeded)
        let warnings = try fixture.service.store.events(of: id).filter { $0.level == "warn" }.map(\.message)
        try #require(warnings.count == 2, "\(warnings)")
        #expect(warnings[0].hasPrefix("Step 3: the validation loss is above that before the first step: "))
        #expect(warnings[1].hasPrefix("Step 6: the validation loss has risen twice running: "))
    }

    @Test func aJobOfTheNewerAPI() throws {
        let fixture = try JobFixture()
        let id = try fixture.job(
            Self.few + ", \"suffix\": \"weather\"", validation: JobFixture.rows(4, "Night"))
        let job = try fixture.waitForEnd(id)
        try #require(job.phase == .succeeded, "\(job.errorMessage ?? "")")
        let json = try fixture.call("GET", "/v1/fine_tuning/jobs/\(id)").json
        #expect(json["status"]?.string == "succeeded" && json["hyperparameters"]?["batch_size"]?.integer == 4)
        let model = try #require(json["fine_tuned_model"]?.string)
        #expect(model.hasPrefix("ft:tiny:personal:weather:") && model.split(separator: ":").last?.count == 8)
        #expect(try #require(json["trained_tokens"]?.integer) > 0)

        // 12 rows in batches of 4 are 3 steps an epoch; each step is told once.
        let metrics = try fixture.metrics(id)
        #expect(metrics.count == 6)
        for (text, step) in zip(metrics, 1...) {
            #expect(text.hasPrefix("Step \(step)/6: training loss="), "\(text)")
            #expect(text.contains("full validation loss=") == (step % 3 == 0), "\(text)")
        }
        let others = try fixture.messages(id).filter { !metrics.contains($0) }
        try #require(others.count == 7, "\(others)")
        #expect(
            Array(others.prefix(4)) == [
                "Created fine-tuning job: \(id)",
                "Validating training file: \(job.trainingFile) and validation file: \(job.validationFile ?? "")",
                "Files validated, moving job to queued state", "Fine-tuning job started",
            ])
        #expect(others[4].hasPrefix("Checkpoint created at step 3 with Snapshot ID: ft:tiny:personal:weather:"))
        #expect(others[4].hasSuffix(":ckpt-step-3"))
        #expect(others[5...] == ["New fine-tuned model created: \(model)", "The job has successfully completed"])

        // Newest first, in pages.
        let page = try fixture.call("GET", "/v1/fine_tuning/jobs/\(id)/events?limit=2").json
        #expect(page["data"]?[0]?["message"]?.string == others[6] && page["has_more"]?.bool == true)
        let last = try #require(page["data"]?[1]?["id"]?.string)
        let rest = try fixture.call("GET", "/v1/fine_tuning/jobs/\(id)/events?limit=100&after=\(last)").json
        #expect(rest["data"]?.array?.count == 11 && rest["has_more"]?.bool == false)

        let checkpoints = try fixture.call("GET", "/v1/fine_tuning/jobs/\(id)/checkpoints").json["data"]
        #expect(checkpoints?.array?.map { $0["step_number"]?.integer } == [6, 3])
        #expect(checkpoints?[0]?["fine_tuned_model_checkpoint"]?.string == model)
        #expect(try #require(checkpoints?[1]?["metrics"]?["full_valid_loss"]?.number) > 0)
        let result = try #require(json["result_files"]?[0]?.string)
        let encoded = fixture.send("GET", "/v1/files/\(result)/content").body.collected ?? []
        let table = try #require(Data(base64Encoded: Data(encoded)).map { String(decoding: $0, as: UTF8.self) })
        #expect(table.hasPrefix("step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,"))
        #expect(table.split(separator: "\n").count == 7)
        #expect(try fixture.call("GET", "/v1/models/\(model)").json["id"]?.string == model)
        #expect(try fixture.call("DELETE", "/v1/models/\(model)").json["deleted"]?.bool == true)
        #expect(try fixture.call("GET", "/v1/models/\(model)").status == 404)
    }

    @Test func automaticHyperparametersBecomeNumbers() throws {
        let fixture = try JobFixture()
        let id = try fixture.job(
            ", \"hyperparameters\": {\"n_epochs\": \"auto\"}, "
                + "\"luthier\": {\"set\": {\"training.steps\": 2}}")
        let job = try fixture.waitForEnd(id)
        try #require(job.phase == .succeeded, "\(job.errorMessage ?? "")")
        let chosen = try fixture.call("GET", "/v1/fine_tuning/jobs/\(id)").json["hyperparameters"]
        #expect(try #require(chosen?["n_epochs"]?.integer) >= 1)
        #expect(try #require(chosen?["batch_size"]?.integer) >= 1)
        #expect(try #require(chosen?["learning_rate_multiplier"]?.number) > 0)
    }

    @Test func badDataFailsTheJobAlone() throws {
        let fixture = try JobFixture()
        let short = try fixture.waitForEnd(try fixture.job(rows: JobFixture.rows(9)))
        #expect(short.phase == .failed && short.errorCode == "invalid_training_file")
        #expect(short.errorMessage == "Training file must contain at least 10 examples.")
        let broken = try fixture.job(rows: JobFixture.rows(12) + "{\"prompt\": \"cut\n")
        let job = try fixture.waitForEnd(broken)
        #expect(job.phase == .failed && job.errorParam == "training_file")
        let text = try #require(job.errorMessage)
        #expect(text.hasPrefix("The job failed due to a file format error in the training file. Invalid file format."))
        #expect(text.contains("train.jsonl, line 13") && !text.contains(fixture.place.path))
        #expect(try fixture.messages(broken).last == text)
    }

    @Test func aLegacyFineTune() throws {
        let fixture = try JobFixture()
        let file = try fixture.upload(JobFixture.rows(8))
        let created = try fixture.call(
            "POST", "/v1/fine-tunes",
            "{\"training_file\": \"\(file)\", \"n_epochs\": 2, \"batch_size\": 4, \"suffix\": \"GPT-4 v1\"}"
        ).json
        let id = try #require(created["id"]?.string)
        #expect(created["object"]?.string == "fine-tune" && created["status"]?.string == "pending")
        #expect(created["model"]?.string == "curie")
        // The stream ends with the job.
        let response = fixture.send("GET", "/v1/fine-tunes/\(id)/events?stream=true")
        #expect(response.header("Content-Type") == "text/event-stream" && response.header("Connection") == "close")
        let stream = String(decoding: response.body.collected ?? [], as: UTF8.self)
        let lines = stream.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(lines.last == "data: [DONE]")
        let told = try lines.dropLast().map { line in
            try JSONText.parse(String(line.dropFirst("data: ".count)))["message"]?.string ?? ""
        }
        let job = try fixture.call("GET", "/v1/fine-tunes/\(id)").json
        let (model, result) = (job["fine_tuned_model"]?.string ?? "", job["result_files"]?[0]?["id"]?.string ?? "")
        #expect(model.hasPrefix("curie:ft-personal:gpt-4-v1-20"))
        #expect(
            told == [
                "Created fine-tune: \(id)", "The model curie is tiny here", "Fine-tune costs $0.00",
                "Fine-tune enqueued. Queue number: 0", "Fine-tune started", "Completed epoch 1/2",
                "Completed epoch 2/2", "Uploaded model: \(model)", "Uploaded result file: \(result)",
                "Fine-tune succeeded",
            ])
        #expect(job["result_files"]?[0]?["filename"]?.string == "compiled_results.csv")
        let events = try fixture.call("GET", "/v1/fine-tunes/\(id)/events").json["data"]?.array ?? []
        #expect(events.compactMap { $0["message"]?.string } == told)
    }
}
