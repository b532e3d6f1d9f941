// `luthier tune`: from a file to a tuned model, with a small base.

import Foundation
import StrictJSON
import Testing

@Suite struct TuneTests {
    private static let rows =
        (0..<40).map { index in
            let place = ["Aston", "Birkdale", "Corby", "Dover"][index % 4]
            return "{\"prompt\": \"Day \(index) in \(place)?\", \"completion\": \" It is \(index) there.\"}\n"
        }.joined()

    /// A run of two steps, as a base.
    private func place() throws -> Workplace {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        try place.write(EndToEndTests.config, to: "sample.json")
        let made = try place.luthier("train", "--config", "sample.json", "--steps", "2", "--run", "base")
        try #require(made.code == 0, "\(made.errors)")
        try place.write(Self.rows, to: "days.jsonl")
        return place
    }

    @Test func fromDataToATunedModel() throws {
        let place = try place()
        let tuned = try place.luthier(
            "tune", "days.jsonl", "--base", "checkpoints/base", "--yes", "--json", "--set", "training.epochs=2",
            "--set",
            "training.precision=f32")
        try #require(tuned.code == 0, "\(tuned.errors)")
        let json = try tuned.json()
        #expect(json["run"]?.string == "days-1" && json["stopped"]?.string == "finished")
        let before = try #require(json["basePerplexity"]?.number)
        #expect(try #require(json["bestPerplexity"]?.number) <= before)
        #expect(json["answers"]?.array?.count == 10)
        let choices = try #require(json["choices"]?.array).compactMap { $0.object?["key"]?.string }
        #expect(choices.contains("method.type") && choices.contains("training.learningRate"))
        #expect(json["config"]?.object?["training"]?.object?["epochs"]?.integer == 2)
        #expect(tuned.errors.contains("30 to train on, 10 held out"), "\(tuned.errors)")
        #expect(tuned.output.contains("luthier chat --checkpoint days-1"))

        // A resumed run knows its choices from their file.
        let resumed = try place.luthier("tune", "days.jsonl", "--run", "days-1", "--resume", "--json")
        try #require(resumed.code == 0, "\(resumed.errors)")
        let known = try #require(try resumed.json()["choices"]?.array)
        let reasons = known.compactMap { $0.object?["reason"]?.string }
        #expect(reasons.contains("ten times what training of all weights takes"))
        let keys = Set(known.compactMap { $0.object?["key"]?.string })
        #expect(Set(choices).isSubset(of: keys), "\(choices) \(keys)")

        // The file of the choices repeats the run.
        let again = try place.luthier("train", "--config", "checkpoints/days-1.tune.json", "--run", "again")
        try #require(again.code == 0, "\(again.errors)")
        let steps = try #require(json["steps"]?.integer)
        let name = "step-" + String(repeating: "0", count: 6 - "\(steps)".count) + "\(steps).h5"
        let isEqual =
            try place.read("checkpoints/days-1/\(name)") == place.read("checkpoints/again/\(name)")
        #expect(isEqual, "the config of the choices gives another model")
    }

    @Test func whatStopsIt() throws {
        let place = try place()
        let silent = try place.luthier("tune", "days.jsonl", "--base", "checkpoints/base")
        #expect(silent.code == 2 && silent.errors.contains("--yes trains without asking"), "\(silent.errors)")
        let unknown = try place.luthier("tune", "days.jsonl", "--base", "no-such-model", "--yes")
        #expect(unknown.code == 1 && unknown.errors.contains("`luthier fetch --list` shows the names"))
        try place.write(Self.rows + "{\"prompt\": \"cut\n", to: "broken.jsonl")
        let broken = try place.luthier("tune", "broken.jsonl", "--base", "checkpoints/base", "--yes")
        #expect(broken.code == 1 && broken.errors.contains("luthier prepare broken.jsonl --fix"), "\(broken.errors)")
        #expect(place.names(in: "checkpoints") == ["base"])
    }
}
