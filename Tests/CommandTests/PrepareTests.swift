// From a raw file to an evaluated model: check, fix, train, evaluate, compare.

import Foundation
import StrictJSON
import Testing

@Suite struct PrepareTests {
    /// Two classes that differ in one word, with some duplicates and one broken row.
    private static let table =
        "kind,message\n"
        + (0..<240).map { index in
            let (kind, word) = index % 2 == 0 ? ("warm", "sunny") : ("cold", "snowy")
            return "\(kind),\"Day \(index % 230): it is \(word), they say\"\n"
        }.joined() + "cold\n"

    @Test func checkWritesNothing() throws {
        let place = try Workplace()
        try place.write(Self.table, to: "days.csv")
        let outcome = try place.luthier(
            "prepare", "days.csv", "--prompt-column", "message", "--completion-column", "kind")
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(
            outcome.output.contains(
                "error: ragged-record, 1 place: 1 fields, where 2 are expected; days.csv:242:5\n"))
        #expect(
            outcome.output.contains("warning: duplicate, 10 places: the same row as days.csv, line 2; days.csv:232:1, ")
        )
        #expect(outcome.output.contains("task: classification, 2 labels: cold 120, warm 120"))
        #expect(outcome.errors.contains("nothing was written"))
        #expect(place.names(in: "") == ["days.csv"])
    }

    @Test func usageErrorsAreReported() throws {
        let place = try Workplace()
        try place.write(Self.table, to: "days.csv")
        #expect(try place.luthier("prepare", "days.csv", "--fix").code == 2)
        #expect(try place.luthier("prepare", "days.csv", "--output", "out", "--fix").code == 2)
        #expect(try place.luthier("prepare", "days.csv", "--leave", "dublicate").errors.contains("duplicate"))
        let columns = try place.luthier("prepare", "days.csv")
        #expect(columns.code == 1)
        #expect(columns.errors.contains("The columns are kind, message"))
        #expect(try place.luthier("prepare", "none.csv").code == 1)
    }

    @Test func fromATableToAnEvaluatedModel() throws {
        let place = try Workplace()
        try place.write(Self.table, to: "days.csv")
        let made = try place.luthier(
            "prepare", "days.csv", "--prompt-column", "message", "--completion-column", "kind", "--output", "days",
            "--validation-fraction", "0.2", "--fix", "--yes", "--json")
        #expect(made.code == 0, "\(made.errors)")
        let json = try made.json()
        #expect(json["read"]?.integer == 241)
        #expect(json["kept"]?.integer == 230)
        #expect(json["dropped"]?.integer == 11)
        #expect(json["overlap"]?.integer == 0)
        let counts = ["train", "validation", "test"].compactMap { json[$0]?.integer }
        #expect(counts.reduce(0, +) == 230)
        #expect(abs(counts[1] - 46) <= 4)
        #expect(json["findings"]?.array?.isEmpty == false)
        #expect(place.names(in: "days") == ["changes.diff", "splits.lock", "train.jsonl", "validation.jsonl"])
        #expect(try place.luthier("prepare", "days").errors.contains("nothing to fix"))

        try place.write(
            """
            { "model": { "blockCount": 1, "headCount": 2, "modelWidth": 32, "contextLength": 48 },
              "tokenizer": { "vocabularySize": 320 },
              "data": { "train": "days/train.jsonl", "validation": "days/validation.jsonl" },
              "training": { "epochs": 8, "batchSize": 8, "learningRate": 5e-3 } }
            """, to: "days.json")
        let trained = try place.luthier("train", "--config", "days.json")
        try #require(trained.code == 0, "\(trained.errors)")
        #expect(trained.errors.contains("in training: none of \(counts[1]) rows"))

        let judged = try place.luthier("eval", "--beta", "2", "--lines", "lines.jsonl", "--json")
        try #require(judged.code == 0, "\(judged.errors)")
        let result = try judged.json()
        let report = try #require(result["classification"]?.object)
        #expect(report["accuracy"]?.number ?? 0 >= 0.95)
        #expect(report["auroc"]?.number ?? 0 >= 0.95)
        #expect(report["classes"]?.array?.count == 2)
        #expect(result["overlap"]?.integer == 0)
        let lines = String(decoding: try place.read("lines.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == counts[1])
        let losses = try lines.compactMap { try JSONText.parse(String($0)).object?["loss"]?.number }
        #expect(losses == losses.sorted(by: >))

        // Rows of training, measured as if they were new.
        let leaked = try place.luthier("eval", "--data", "days/train.jsonl", "--skip-classes")
        #expect(leaked.output.contains("in training: \(counts[0]) of \(counts[0]) rows"))

        // A run of one step as the base model.
        let base = try place.luthier("train", "--config", "days.json", "--run", "base", "--steps", "1")
        try #require(base.code == 0, "\(base.errors)")
        try place.write("Nobody says anything about days.\nNor about snow.\n", to: "general.txt")
        let compared = try place.luthier(
            "compare", "--base", "checkpoints/base", "--checkpoint", "days-1", "--general", "general.txt", "--shots",
            "0,1", "--json")
        try #require(compared.code == 0, "\(compared.errors)")
        #expect(compared.output.contains("validation, correct labels: base "))
        #expect(compared.output.contains("the tuned model is better"))
        let task = try #require(try compared.json()["task"]?.array)
        #expect(task.count == 2)
        #expect(compared.output.contains("    wanted: ") && compared.output.contains("    tuned:  "))
        #expect(try compared.json()["answers"]?.array?.count == 3)
        #expect(task[0].object?["accuracy"]?.object?["low"]?.number ?? 0 > 0)
        let general = try #require(try compared.json()["general"]?.object)
        for (key, run) in [("basePerplexity", "base"), ("tunedPerplexity", "days-1")] {
            let alone = try place.luthier("eval", "--checkpoint", run, "--data", "general.txt", "--json")
            let perplexity = try #require(try alone.json()["perplexity"]?.number)
            #expect(abs(try #require(general[key]?.number) / perplexity - 1) < 1e-6)
        }
        #expect(compared.output.contains("general text, perplexity: base "))
    }

    @Test func foldsMeasureEachRowOnce() throws {
        let place = try Workplace()
        let rows = (0..<24).map {
            "{\"prompt\":\"Number \($0) ->\",\"completion\":\" \($0 % 2 == 0 ? "even" : "odd")\"}\n"
        }.joined()
        try place.write(rows, to: "rows.jsonl")
        let outcome = try place.luthier(
            "train", "--train", "rows.jsonl", "--folds", "3", "--run", "few", "--epochs", "1", "--set",
            "tokenizer.vocabularySize=257", "--set", "model.blockCount=1", "--set", "model.modelWidth=32", "--json")
        try #require(outcome.code == 0, "\(outcome.errors)")
        let json = try outcome.json()
        #expect(json["folds"]?.integer == 3)
        let loss = try #require(json["loss"]?.object)
        #expect(loss["folds"]?.array?.count == 3)
        #expect(loss["deviation"]?.number ?? 0 > 0)
        #expect(place.names(in: "checkpoints").filter { $0.hasPrefix("few-fold-") }.count == 3)
    }
}
