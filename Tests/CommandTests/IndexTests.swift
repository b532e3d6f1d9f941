// Documents with the program: an index, what is found, answers with their places, and what has no place in them.

import Foundation
import StrictJSON
import Testing

@Suite struct IndexTests {
    private static let encoder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/bert").path

    /// A folder with two documents.
    private func furnished() throws -> Workplace {
        let place = try Workplace()
        try place.write("# Snow\n\nSnow is white over all, 2 degrees.\n", to: "docs/snow.md")
        try place.write("<h1>Coal</h1>\n<p>Coal is black.", to: "docs/coal.html")
        return place
    }

    private func indexed() throws -> Workplace {
        let place = try furnished()
        let made = try place.luthier("index", "docs", "--output", "found", "--encoder", Self.encoder, "--json")
        try #require(made.code == 0, "\(made.errors)")
        let keys = try made.json()
        #expect(keys["documents"]?.integer == 2 && keys["passages"]?.integer == 2 && keys["added"]?.integer == 2)
        return place
    }

    @Test func searchedAndBroughtUpToDate() throws {
        let place = try indexed()
        let found = try place.luthier(
            "index", "--output", "found", "--search", "what is black?", "--by", "words", "--json")
        #expect(found.output.hasPrefix("[1] docs/coal.html:2  (similarity "), "\(found.output)\(found.errors)")
        #expect(found.output.contains("\nCoal\nCoal is black.\n"))
        let first = try found.json()["found"]?.array?.first?.object
        #expect(first?["path"]?.string == "docs/coal.html" && first?["firstLine"]?.integer == 2)
        try place.write("Blood is red.", to: "docs/coal.html")
        let again = try place.luthier("index", "docs", "--output", "found", "--encoder", Self.encoder)
        #expect(
            again.errors.contains("0 added, 1 changed, 1 as before, 0 taken out; 1 passages embedded"),
            "\(again.errors)")
        let gone = try place.luthier("index", "--output", "found", "--search", "black", "--by", "words")
        #expect(gone.code == 0 && gone.output.isEmpty && gone.errors.contains("nothing was found"))
    }

    @Test func mistakesAreNamed() throws {
        let place = try furnished()
        func fails(_ code: Int32, _ message: String, _ arguments: [String]) throws {
            let outcome = try Running(arguments, in: place.path, input: "").wait()
            #expect(outcome.code == code && outcome.errors.contains(message), "\(arguments): \(outcome.errors)")
        }
        let empty = ["LUTHIER_CACHE": place.file("cache"), "HF_HUB_CACHE": place.file("none")]
        let missing = try place.luthier("index", "docs", "--output", "x", environment: empty)
        #expect(
            missing.code == 1 && missing.errors.contains("`luthier fetch all-minilm-l6-v2` gets it"),
            "\(missing.errors)")
        #expect(!FileManager.default.fileExists(atPath: place.file("x")))
        try fails(2, "exactly one of documents and --search", ["index", "--output", "x"])
        try fails(1, "none cannot be read", ["index", "none", "--output", "x", "--encoder", Self.encoder])
        try fails(
            1, "docs is not an index of documents", ["index", "docs", "--output", "docs", "--encoder", Self.encoder])
        try fails(1, "docs is not an index of documents", ["index", "--output", "docs", "--search", "x"])
        try fails(1, "config.json cannot be read", ["index", "docs", "--output", "x", "--encoder", "docs"])
        #expect(!FileManager.default.fileExists(atPath: place.file("x")))
        try fails(2, "--ground writes data", ["prepare", "docs/snow.md", "--ground", "found"])
    }

    @Test func answersNameTheirPlaces() throws {
        let place = try indexed()
        try place.write(ChatTests.rows, to: "chat.jsonl")
        let config = ChatTests.config.replacing("\"contextLength\": 64", with: "\"contextLength\": 512")
        try place.write(config, to: "chat.json")
        let trained = try place.luthier("train", "--config", "chat.json", "--steps", "2")
        try #require(trained.code == 0, "\(trained.errors)")
        let near = ["--index", "found", "--nearness", "-1"]
        let answer = try Running(
            ["generate", "--prompt", "Is coal black?", "--json"] + near, in: place.path, input: ""
        ).wait()
        let sources = try answer.json()["sources"]?.array
        #expect(sources?.count == 2 && sources?[0].object?["path"]?.string == "docs/coal.html", "\(answer.errors)")
        let far = try place.luthier("generate", "--prompt", "Is coal black?", "--index", "found", "--nearness", "1")
        #expect(far.code == 0 && far.output == "Not in the documents.\n", "\(far.output)\(far.errors)")
        let chat = try Running(["chat"] + near, in: place.path, input: "Is coal black?\nAnd snow?\n").wait()
        #expect(chat.code == 0 && chat.errors.contains("[1] docs/coal.html:2  (similarity "), "\(chat.errors)")
        #expect(chat.errors.contains("[1] docs/snow.md:3  (similarity "), "\(chat.errors)")
        try place.write("{\"prompt\": \"coal\"}\n{\"prompt\": \"snow\"}\n", to: "asked.jsonl")
        let batch = try place.luthier(
            "generate", "--batch", "asked.jsonl", "--output", "answers.jsonl", "--index", "found", "--nearness", "1")
        #expect(batch.code == 0, "\(batch.errors)")
        let lines = String(decoding: try place.read("answers.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(
            lines.count == 2
                && lines.allSatisfy { $0.contains("\"Not in the documents.\"") && $0.contains("\"sources\":[]") })
    }

    @Test func rowsWithPassages() throws {
        let place = try indexed()
        let rows = (0..<10).map { index in
            "{\"prompt\": \"Question \(index): what colour is coal?\", \"completion\": \"Coal is black.\"}"
        }
        let unsupported = "{\"prompt\": \"How much is a ticket?\", \"completion\": \"It costs 7 euros.\"}"
        try place.write((rows + [unsupported]).joined(separator: "\n"), to: "rows.jsonl")
        let made = try place.luthier(
            "prepare", "rows.jsonl", "--output", "out", "--fix", "--yes", "--leave", "near-duplicate",
            "--validation-fraction",
            "0", "--ground", "found", "--json")
        #expect(made.code == 0, "\(made.errors)")
        let keys = try made.json()
        #expect(keys["groundedRows"]?.integer == 10 && keys["unsupportedRows"]?.integer == 1, "\(made.errors)")
        #expect(keys["decliningRows"]?.integer == 2)
        let text = String(decoding: try place.read("out/grounded/train.jsonl"), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 12 && lines.allSatisfy { $0.contains("Answer from these passages.") })
        let declining = lines.filter { $0.contains("\"content\":\"Not in the documents.\"") }
        #expect(declining.count == 2 && declining.allSatisfy { !$0.contains("Coal is black") }, "\(declining)")
    }
}
