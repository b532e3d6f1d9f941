// The report as JSON.

import Datasets
import StrictJSON

extension PreparationReport {
    /// The findings as JSON: one object per rule, with at most `RuleFindings.kept` places.
    package var findingsJSON: JSONOutput {
        .array(
            findings.map { item in
                .object([
                    ("rule", .string(item.rule.name)), ("severity", .string(item.rule.severity.rawValue)),
                    ("count", .integer(item.findings.count)), ("effect", .string(item.rule.effect)),
                    ("fix", .string(item.rule.fixText)), ("mendable", .bool(item.isFixable)),
                    ("taken", .bool(item.isTaken)), ("harm", item.harm.map { .string($0) } ?? .null),
                    ("follows", cause(of: item).map { .string($0.rule.name) } ?? .null),
                    ("places", .array(item.findings.places.map(json))),
                ])
            })
    }

    private func json(_ place: Finding) -> JSONOutput {
        .object([
            ("file", .string(files[place.file].path)), ("line", .integer(place.line)),
            ("column", .integer(place.column)), ("message", .string(place.message)),
        ])
    }

    /// Everything except what was written.
    package var members: [(key: String, value: JSONOutput)] {
        [
            ("read", .integer(read)), ("kept", .integer(kept)), ("dropped", .integer(read - kept)),
            ("findings", findingsJSON), ("remedies", .integer(fixable.count)), ("task", .string(task.rawValue)),
            ("train", .integer(rows[.train] ?? 0)), ("validation", .integer(rows[.validation] ?? 0)),
            ("test", .integer(rows[.test] ?? 0)), ("overlap", .integer(overlap)),
            (
                "labels",
                .array(labels.map { .object([("label", .string($0.text)), ("rows", .integer($0.count))]) })
            ),
            ("skipped", .array(skipped.map { .string($0) })), ("bytes", .integer(bytes)),
            ("tokens", .integer(tokens)), ("seconds", .number(readingSeconds)),
            ("nearDuplicateSeconds", .number(nearDuplicateSeconds)),
            ("megabytesPerSecond", .number(Double(bytes) / 1e6 / max(readingSeconds, 1e-9))),
        ]
    }
}
