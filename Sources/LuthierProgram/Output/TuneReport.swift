// The end of `luthier tune`: perplexity before and after, answers of the base and of the tuned model, and what to do next.

import Conversations
import Datasets
import Foundation
import Models
import StrictJSON
import Training

struct TuneReport {
    let folder: RunFolder
    let file: TuneFile
    let result: RunResult

    /// Rows whose answers are shown.
    private static let shownRows = 10

    func show(_ choices: [TuningChoice], json: Bool) throws {
        var reader = ConfigReader()
        try reader.read(path: folder.file("config.json"))
        let config = reader.config
        var members = RunReport.members(result)
        let (before, after) = perplexities()
        if let before, let after {
            let number = { (value: Double) in ProgressPrinter.number(value, digits: 2) }
            Console.output("\nperplexity of the rows held out: \(number(before)) before, \(number(after)) after\n")
            if after >= before { Console.output("training has not improved the base: more or other data may\n") }
        }
        let documents = try config.readDocuments()
        if let base = config.model.base, let best = result.bestCheckpoint, !documents[.validation].isEmpty {
            let (left, right) = (try SavedModel(path: base), try SavedModel(path: best))
            let template = right.template ?? documents.defaultTemplate ?? .raw
            let answers = try SideBySide.show(
                left, right, template: template, documents[.validation], count: TuneReport.shownRows)
            members.append(("answers", answers))
        }
        // After an early stop more of the same makes it worse.
        let longer =
            result.stopped == .earlyStopping
            ? "learn more        more rows, and the facts in several wordings; longer training did not help"
            : "train it longer   luthier train --run \(folder.name) --resume --epochs \(Int(result.epochs.rounded(.up)) + 2)"
        Console.output(
            """

            chat with it      luthier chat --checkpoint \(folder.name)
            for llama.cpp     luthier export --checkpoint \(folder.name) --format gguf --output \(folder.name).gguf
            for Ollama        the same; it writes \(folder.name).Modelfile too (not tried there): ollama create \(folder.name) -f \(folder.name).Modelfile
            \(longer)
            repeat the run    luthier train --config \(file.path) --run again

            """)
        guard json else { return }
        let list = choices.map {
            JSONOutput.object([("key", .string($0.key)), ("value", .string($0.value)), ("reason", .string($0.reason))])
        }
        func value(_ number: Double?) -> JSONOutput { number.map { .number($0) } ?? .null }
        members += [
            ("basePerplexity", value(before)), ("bestPerplexity", value(after)), ("choices", .array(list)),
            ("configFile", .string(file.path)), ("config", JSONOutput(try JSONText.parse(config.serialized()))),
        ]
        Console.json(members)
    }

    /// Of the validation rows, before the first step and at the best one, as the run has logged them.
    private func perplexities() -> (before: Double?, best: Double?) {
        let text = (try? String(contentsOfFile: folder.file("metrics.jsonl"), encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").compactMap { (try? JSONText.parse(String($0)))?.object }
        let measured = lines.compactMap { line -> (step: Int, perplexity: Double)? in
            guard let step = line["step"]?.integer, let value = line["validationPerplexity"]?.number else { return nil }
            return (step, value)
        }
        return (measured.first { $0.step == 0 }?.perplexity, measured.map(\.perplexity).min())
    }
}
