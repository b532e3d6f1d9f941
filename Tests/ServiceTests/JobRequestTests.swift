// Requests for jobs that are refused, and what a new job looks like before anything works on it.

import Foundation
import Service
import StrictJSON
import Testing

@Suite struct JobRequestTests {
    @Test func aNewJob() throws {
        let fixture = try JobFixture(works: false)
        let file = try fixture.upload(JobFixture.rows(12))
        let (status, job) = try fixture.call(
            "POST", "/v1/fine_tuning/jobs",
            """
            {"model": "davinci", "training_file": "\(file)", "suffix": "weather", "seed": 7, "metadata": {"a": "b"},
             "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2, "batch_size": "auto"}}}}
            """)
        #expect(status == 200)
        #expect(job["object"]?.string == "fine_tuning.job" && job["status"]?.string == "validating_files")
        #expect(job["model"]?.string == "davinci" && job["training_file"]?.string == file)
        #expect(job["seed"]?.integer == 7 && job["user_provided_suffix"]?.string == "weather")
        #expect(job["metadata"]?["a"]?.string == "b" && job["result_files"]?.array?.isEmpty == true)
        for hyperparameters in [job["hyperparameters"], job["method"]?["supervised"]?["hyperparameters"]] {
            #expect(hyperparameters?["n_epochs"]?.integer == 2)
            #expect(hyperparameters?["batch_size"]?.string == "auto")
            #expect(hyperparameters?["learning_rate_multiplier"]?.string == "auto")
        }
        for key in ["finished_at", "fine_tuned_model", "validation_file", "trained_tokens", "estimated_finish"] {
            #expect(job.keys.contains(key) && job[key]?.isNull == true, "\(key)")
        }
        let id = try #require(job["id"]?.string)
        #expect(
            try fixture.messages(id) == [
                "Created fine-tuning job: \(id)", "The model davinci is tiny here",
                "Validating training file: \(file)",
            ])
        let found = try fixture.call("GET", "/v1/fine_tuning/jobs?metadata%5Ba%5D=b").json
        #expect(found["data"]?.array?.count == 1)
        #expect(try fixture.call("GET", "/v1/fine_tuning/jobs?metadata%5Ba%5D=c").json["data"]?.array?.isEmpty == true)
    }

    @Test(arguments: [
        (#""unknown": 1"#, "unknown"), (#""suffix": """#, "suffix"), (#""seed": -1"#, "seed"),
        (#""seed": 2147483648"#, "seed"), (#""metadata": {"a": 1}"#, "metadata"),
        (#""hyperparameters": {"n_epochs": 0}"#, "hyperparameters.n_epochs"),
        (#""hyperparameters": {"n_epochs": 51}"#, "hyperparameters.n_epochs"),
        (#""hyperparameters": {"batch_size": 257}"#, "hyperparameters.batch_size"),
        (#""hyperparameters": {"learning_rate_multiplier": 0}"#, "hyperparameters.learning_rate_multiplier"),
        (#""method": {"type": "reinforcement"}"#, "method.type"),
        (#""method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0}}}"#, "method.dpo.hyperparameters.beta"),
        (#""method": {"type": "dpo", "supervised": {"hyperparameters": {}}}"#, "method.supervised"),
        (
            #""method": {"type": "supervised", "supervised": {"hyperparameters": {"beta": 0.1}}}"#,
            "method.supervised.hyperparameters.beta"
        ),
        (#""luthier": {"set": {"method.objective": "dpo"}}"#, "luthier.set.method.objective"),
        (#""validation_file": "file-none""#, "validation_file"),
        (
            #""hyperparameters": {"n_epochs": 2}, "#
                + #""method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}}"#,
            "hyperparameters"
        ),
        (#""integrations": [{"type": "wandb", "wandb": {"project": "x"}}]"#, "integrations"),
    ]) func namesTheField(_ members: String, _ param: String) throws {
        let fixture = try JobFixture(works: false)
        let file = try fixture.upload(JobFixture.rows(12))
        let (status, json) = try fixture.call(
            "POST", "/v1/fine_tuning/jobs", "{\"model\": \"tiny\", \"training_file\": \"\(file)\", \(members)}")
        #expect(status == 400 && json["error"]?["param"]?.string == param, "\(json.text)")
        #expect(json["error"]?.keys == ["message", "type", "param", "code"])
        #expect(try fixture.call("GET", "/v1/fine_tuning/jobs").json["data"]?.array?.isEmpty == true)
    }

    @Test func whatIsNotHere() throws {
        let fixture = try JobFixture(works: false)
        let file = try fixture.upload(JobFixture.rows(12))
        let model = try fixture.call(
            "POST", "/v1/fine_tuning/jobs", "{\"model\": \"nothing\", \"training_file\": \"\(file)\"}")
        #expect(model.status == 400 && model.json["error"]?["param"]?.string == "model")
        #expect(model.json["error"]?["message"]?.string?.contains("`tiny`") == true)
        for path in ["", "/events", "/checkpoints"] {
            let (status, json) = try fixture.call("GET", "/v1/fine_tuning/jobs/ftjob-none\(path)")
            #expect(status == 404 && json["error"]?["code"]?.string == "fine_tune_not_found")
        }
        let legacy = try fixture.call("GET", "/v1/fine-tunes/ft-none")
        #expect(legacy.status == 404 && legacy.json["error"]?["param"]?.string == "fine_tune_id")
    }

    /// A job of one generation is not found under the other's paths, and never answers 409.
    @Test func changesOfAJobInTheQueue() throws {
        let fixture = try JobFixture(works: false)
        let id = try fixture.job()
        #expect(try fixture.call("GET", "/v1/fine-tunes/\(id)").status == 404)
        let refused = try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/resume")
        #expect(refused.status == 400 && refused.json["error"]?["code"]?.string == "invalid_status")
        #expect(try fixture.service.store.move(id, from: [.validating], to: .queued))
        let paused = try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/pause").json
        #expect(paused["status"]?.string == "queued" && paused["luthier"]?["state"]?.string == "paused")
        let resumed = try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/resume").json
        #expect(resumed["luthier"]?["state"]?.string == "queued")
        let cancelled = try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/cancel").json
        #expect(cancelled["status"]?.string == "cancelled" && cancelled["finished_at"]?.integer != nil)
        #expect(try fixture.call("POST", "/v1/fine_tuning/jobs/\(id)/cancel").status == 400)
        #expect(
            try fixture.messages(id).suffix(3) == [
                "The job has been paused; it continues when it is resumed", "The job has been resumed and is queued",
                "The job has been cancelled",
            ])
    }
}
