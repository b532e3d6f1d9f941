// `luthier train --folds`: one run per fold, and a summary.

import Arguments
import Datasets
import Evaluation
import Foundation
import Models
import StrictJSON
import Training

enum FoldRuns {
    /// Trains and evaluates `count` times, each time on other rows.
    ///
    /// - Parameter folder: prefix of the runs' folders, `<folder>-fold-1` and so on; rows are written to `<folder>-folds`.
    static func run(_ reader: ConfigReader, folds count: Int, folder: RunFolder, json: Bool) throws {
        var data = reader.config.data
        (data.validationFraction, data.testFraction) = (0, 0)
        let documents = try RunDocuments.read(data)[.train]
        guard documents.allSatisfy({ if case .stream = $0.content { false } else { true } }) else {
            throw ValidationError("--folds needs rows, but this data is a stream of text")
        }
        guard count >= 2, count <= documents.count else {
            throw ValidationError("--folds \(count) must be between 2 and the \(documents.count) rows")
        }
        if documents.count >= Folds.manyRows {
            Console.message(
                "note: \(documents.count) rows are enough for a single validation split, which is \(count) times faster"
            )
        }
        let divided = Folds.divide(documents, into: count, seed: UInt64(data.splitSeed))
        let files = try Folds.write(documents, divided, to: folder.path + "-folds")
        var results: [EvaluationResult] = []
        var reader = reader
        for (index, file) in files.enumerated() {
            Console.message("fold \(index + 1) of \(count): \(divided[index].count) rows are held out")
            var own = reader
            try own.set("data.train", toText: file.train, source: "--folds", origin: "--folds")
            try own.set("data.validation", toText: file.validation, source: "--folds", origin: "--folds")
            let printer = ProgressPrinter(logEvery: own.config.training.logEvery)
            let request = RunRequest(
                reader: own, folder: RunFolder(path: "\(folder.path)-fold-\(index + 1)"), resume: false)
            let run = try TrainingRun.prepare(request, report: { printer.show($0) }, shouldStop: { StopSignal.reason })
            // All folds compute in the precision that the first one has measured.
            let precision = run.config.training.precision
            try reader.set("training.precision", toText: precision, source: "--folds", origin: "--folds")
            let result = try run.run()
            Console.endProgress()
            if let code = result.stopped.exitCode { throw code }
            guard let validation = result.validation else { continue }
            results.append(validation)
        }
        show(results, json: json)
    }

    private static func show(_ results: [EvaluationResult], json: Bool) {
        func row(_ name: String, _ values: [Double], percent: Bool = false) -> (name: String, JSONOutput) {
            let (mean, deviation) = Folds.spread(values)
            func text(_ value: Double) -> String {
                percent ? ProgressPrinter.percent(value) : ProgressPrinter.number(value)
            }
            Console.output(
                "\(name): \(text(mean)) ± \(text(deviation))   (" + values.map(text).joined(separator: ", ") + ")\n")
            return (
                name,
                .object([
                    ("mean", .number(mean)), ("deviation", .number(deviation)),
                    ("folds", .array(values.map { .number($0) })),
                ])
            )
        }
        let loss = row("loss", results.map(\.loss))
        let perplexity = row("perplexity", results.map(\.perplexity))
        let accuracy = row("token accuracy", results.map(\.tokenAccuracy), percent: true)
        let correct = results.compactMap(\.sequenceAccuracy)
        let answers = correct.count == results.count ? row("row accuracy", correct, percent: true).1 : .null
        if json {
            Console.json([
                ("folds", .integer(results.count)), ("loss", loss.1), ("perplexity", perplexity.1),
                ("tokenAccuracy", accuracy.1), ("sequenceAccuracy", answers),
            ])
        }
    }
}
