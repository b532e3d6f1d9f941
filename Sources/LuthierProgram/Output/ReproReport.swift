// What `luthier repro` found, as lines and as JSON.

import StrictJSON
import Training

enum ReproReport {
    /// One line for each part that was compared, and one for each difference of the small ones.
    static func lines(_ comparison: RepetitionComparison) -> [String] {
        let (checkpoint, log) = (comparison.checkpoint, comparison.log)
        var lines: [String] = []
        if comparison.recordedStep != comparison.repeatedStep {
            lines.append("steps: \(comparison.recordedStep) recorded, \(comparison.repeatedStep) repeated")
        }
        lines.append("weights: " + text(checkpoint.weights))
        lines.append("optimizer state: " + text(checkpoint.optimizer))
        for difference in checkpoint.texts { lines.append("checkpoint\(row(difference))") }
        let lineCount = "\(log.equalLines) \(log.equalLines == 1 ? "line" : "lines")"
        guard let first = log.first else { return lines + ["metrics.jsonl: equal, \(lineCount)"] }
        let reach = log.equalUpToStep.map { "equal up to step \($0), \(lineCount)" } ?? "no line is equal"
        lines.append("metrics.jsonl: \(reach); the first step that differs is \(first.step)")
        return lines + first.values.map { "  \(row($0))" }
    }

    private static func row(_ difference: RecordedDifference) -> String {
        "\(difference.name): \(difference.recorded) recorded, \(difference.here) repeated"
    }

    private static func text(_ arrays: CheckpointComparison.Arrays) -> String {
        guard let first = arrays.different.first else { return "equal, \(arrays.count) arrays" }
        let largest = arrays.largestDifference.map { ", the largest difference is \($0)" } ?? ""
        return "\(arrays.different.count) of \(arrays.count) arrays differ, the first is \(first)\(largest)"
    }

    static func members(
        _ comparison: RepetitionComparison, _ machine: [RecordedDifference], base: String?
    ) -> [(key: String, value: JSONOutput)] {
        let (checkpoint, log) = (comparison.checkpoint, comparison.log)
        return [
            ("machine", list(machine)), ("baseSHA256", base.map { .string($0) } ?? .null),
            ("weights", arrays(checkpoint.weights)), ("optimizer", arrays(checkpoint.optimizer)),
            ("state", list(checkpoint.texts)),
            (
                "metrics",
                .object([
                    ("equal", .bool(log.isEqual)), ("lines", .integer(log.equalLines)),
                    ("equalUpToStep", log.equalUpToStep.map { .integer($0) } ?? .null),
                    ("firstDifferentStep", log.first.map { .integer($0.step) } ?? .null),
                    ("differences", list(log.first?.values ?? [])),
                ])
            ),
        ]
    }

    private static func list(_ rows: [RecordedDifference]) -> JSONOutput {
        .array(
            rows.map {
                .object([
                    ("name", .string($0.name)), ("recorded", .string($0.recorded)), ("here", .string($0.here)),
                ])
            })
    }

    private static func arrays(_ arrays: CheckpointComparison.Arrays) -> JSONOutput {
        .object([
            ("equal", .bool(arrays.isEqual)), ("arrays", .integer(arrays.count)),
            ("different", .integer(arrays.different.count)),
            ("largestDifference", arrays.largestDifference.map { .number(Double($0)) } ?? .null),
        ])
    }
}
