// `luthier report` of a run on plain text, whose only held-out document has many lines.

import Foundation
import Testing

@Suite struct ReportTests {
    @Test func aPlainTextOfManyLines() throws {
        let place = try Workplace()
        try place.write(SampleText.paragraphs, to: "text.txt")
        let config = """
            {"model": {"blockCount": 1, "headCount": 1, "modelWidth": 16, "contextLength": 32},
             "tokenizer": {"vocabularySize": 257}, "data": {"train": "text.txt"},
             "training": {"steps": 2, "batchSize": 2, "threads": 1, "precision": "f32"}}
            """
        try place.write(config, to: "tiny.json")
        let trained = try place.luthier("train", "--config", "tiny.json", "--run", "tiny")
        #expect(trained.code == 0, "\(trained.errors)")
        let report = try place.luthier("report", "tiny", "--output", "tiny.html")
        #expect(report.code == 0, "\(report.errors)")
        #expect(
            String(decoding: try place.read("tiny.html"), as: UTF8.self).contains("Rows that the model predicts worst")
                == false)
        // A card is next to the GGUF file, and somebody's file of its name stays.
        let export = ["export", "--checkpoint", "tiny", "--format", "gguf", "--output", "out.gguf"]
        #expect(
            try place.luthier(export[0], export[1], export[2], export[3], export[4], export[5], export[6]).code == 0)
        #expect(String(decoding: try place.read("out.md"), as: UTF8.self).contains("library_name: gguf"))
        try place.write("mine", to: "out.md")
        #expect(
            try place.luthier(export[0], export[1], export[2], export[3], export[4], export[5], export[6]).code == 0)
        #expect(String(decoding: try place.read("out.md"), as: UTF8.self) == "mine")
        #expect(place.names(in: ".").contains("out-card.md"))
    }
}
