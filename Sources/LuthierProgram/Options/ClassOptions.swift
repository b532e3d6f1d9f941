// The classification report of `luthier eval`.

import Arguments
import Conversations
import Datasets
import Evaluation
import Models
import StrictJSON

struct ClassOptions: ParsableArguments {
    @Flag(help: "Skip the classification report.")
    var skipClasses = false
    @Option(help: "Which of two classes is the positive one; by default the rarer one.")
    var positiveClass: String?
    @Option(help: "Also report F-beta: above 1 recall counts more, below 1 precision.")
    var beta: Double = 1

    /// Classifies every row, prints the report, and returns it for JSON.
    func report(
        _ saved: SavedModel, template: ChatTemplate, _ documents: [Document], labels: [[UInt8]]
    ) throws -> [(key: String, value: JSONOutput)] {
        guard !skipClasses else { return [] }
        guard beta > 0 else { throw ValidationError("--beta \(beta) must be above 0") }
        let report = try ClassOptions.judge(saved, template: template, documents, labels: labels)
        guard !report.rows.isEmpty else { return [] }
        let positive = try positive(report)
        Console.output(report.render(beta: beta, positive: positive))
        return [("classification", report.json(beta: beta, positive: positive))]
    }

    static func judge(
        _ saved: SavedModel, template: ChatTemplate, _ documents: [Document], labels: [[UInt8]]
    ) throws -> ClassificationReport {
        let evaluator = try LabelEvaluator(
            saved.model, tokenizer: saved.tokenizer, template: template, labels: labels)
        let rows = try evaluator.classify(documents) { done in
            if Console.isTerminal { Console.progress("\(done)/\(documents.count) rows classified") }
        }
        Console.endProgress()
        return ClassificationReport(
            labels: labels.map { String(decoding: $0, as: UTF8.self) },
            rows: rows.map {
                ClassifiedRow(right: $0.right, probabilities: $0.probabilities, path: $0.path, line: $0.line)
            })
    }

    /// The positive class, if there are two.
    private func positive(_ report: ClassificationReport) throws -> Int? {
        func plain(_ label: String) -> Substring { label.drop { $0 == " " } }
        if let positiveClass {
            guard let index = report.labels.firstIndex(where: { plain($0) == plain(positiveClass) }) else {
                throw ValidationError(
                    "--positive-class \(positiveClass) is not one of the labels",
                    hint: "the labels are " + report.labels.prefix(12).map { String(plain($0)) }.joined(separator: ", ")
                )
            }
            return index
        }
        guard report.labels.count == 2 else { return nil }
        return report.classes[0].support <= report.classes[1].support ? 0 : 1
    }
}
