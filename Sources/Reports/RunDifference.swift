// What is different between two runs: values of their configs, and what came of them.

import StrictJSON

package struct RunDifference: Sendable {
    /// A key of the config with two values, as JSON; nil where a run lacks the key.
    package struct Setting: Sendable, Equatable {
        package var key: String
        package var first: String?
        package var second: String?
    }

    package let first: RunRecord
    package let second: RunRecord
    /// In the order of the first run's config.
    package let settings: [Setting]

    package init(_ first: RunRecord, _ second: RunRecord) {
        (self.first, self.second) = (first, second)
        let (left, right) = (RunDifference.settings(first), RunDifference.settings(second))
        let keys = left.map(\.key) + right.map(\.key).filter { key in !left.contains { $0.key == key } }
        settings = keys.compactMap { key in
            let (one, other) = (left.first { $0.key == key }?.value, right.first { $0.key == key }?.value)
            return one == other ? nil : Setting(key: key, first: one, second: other)
        }
    }

    /// All values of a run's config by section and key.
    static func settings(_ run: RunRecord) -> [(key: String, value: String)] {
        (run.config?.members ?? []).flatMap { section -> [(key: String, value: String)] in
            guard let object = section.value.object else {
                return [(section.key, JSONOutput(section.value).serialized())]
            }
            return object.members.map { ("\(section.key).\($0.key)", JSONOutput($0.value).serialized()) }
        }
    }

    /// What came of the runs: a title and the two values.
    package var results: [(title: String, first: String, second: String)] {
        func row(_ title: String, _ figure: (RunRecord) -> String?) -> (title: String, first: String, second: String) {
            (title, figure(first) ?? "–", figure(second) ?? "–")
        }
        return [
            row("step") { String($0.lastStep) },
            row("training loss") { $0.lastLoss.map { Numbers.text($0) } },
            row("validation loss") { $0.bestValidation.map { "\(Numbers.text($0.loss)) at step \($0.step)" } },
            row("perplexity") { $0.bestValidation.map { Numbers.text($0.perplexity) } },
            row("bits per byte") { $0.bestValidation.map { Numbers.text($0.bitsPerByte) } },
            row("token accuracy") { $0.bestValidation.map { Numbers.percent($0.tokenAccuracy) } },
            row("training time") { Numbers.duration($0.seconds) },
            row("tokens per second") { $0.tokensPerSecond.map { Numbers.grouped(Int($0)) } },
            row("peak memory") { $0.peakMemoryBytes.map { Numbers.bytes($0) } },
        ]
    }

    package var text: String {
        var lines: [String] = []
        let titles = results.map(\.title) + settings.map(\.key)
        let width = titles.map(\.count).max() ?? 0
        func line(_ title: String, _ first: String, _ second: String) -> String {
            let space = String(repeating: " ", count: width - title.count)
            return "  \(title)\(space)  \(RunDifference.cut(first))  →  \(RunDifference.cut(second))"
        }
        lines.append("\(first.name)  →  \(second.name)")
        lines.append("results")
        lines += results.map { line($0.title, $0.first, $0.second) }
        lines.append(settings.isEmpty ? "the configs are the same" : "config")
        lines += settings.map { line($0.key, $0.first ?? "not set", $0.second ?? "not set") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cut(_ value: String) -> String {
        value.count > 60 ? value.prefix(59) + "…" : value
    }

    package var json: JSONOutput {
        func text(_ value: String?) -> JSONOutput { value.map { .string($0) } ?? .null }
        return .object([
            ("first", .string(first.name)), ("second", .string(second.name)),
            (
                "settings",
                .array(
                    settings.map {
                        .object([("key", .string($0.key)), ("first", text($0.first)), ("second", text($0.second))])
                    })
            ),
            (
                "results",
                .array(
                    results.map {
                        .object([
                            ("title", .string($0.title)), ("first", .string($0.first)), ("second", .string($0.second)),
                        ])
                    })
            ),
        ])
    }
}
