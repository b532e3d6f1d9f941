// The report of a run: one page that a browser shows without a network.

import Foundation
import StrictJSON

package struct ReportPage: Sendable {
    package let run: RunRecord
    /// nil where only the run's files are reported.
    package var measurement: ReportMeasurement?
    /// Title and value of what the machine is.
    package var machine: [(title: String, value: String)]
    package var made: Date

    package init(
        _ run: RunRecord, measurement: ReportMeasurement? = nil, machine: [(title: String, value: String)] = [],
        made: Date = Date()
    ) {
        (self.run, self.measurement, self.machine, self.made) = (run, measurement, machine, made)
    }

    package var html: String {
        HTML.page(
            title: "\(run.name): report of a training run",
            head + HTML.section("What these numbers say", id: "findings", HTML.findings(run.findings))
                + HTML.section("Curves", id: "curves", curves)
                + HTML.section("Held-out rows", id: "metrics", metrics)
                + HTML.section("Base against tuned", id: "comparison", comparison)
                + HTML.section("What it declines", id: "refusals", refusals)
                + HTML.section("Answers side by side", id: "answers", answers)
                + HTML.section("Rows that the model predicts worst", id: "worst", worst)
                + HTML.section("Samples along the run", id: "samples", samples)
                + HTML.section("Data", id: "data", data) + HTML.section("Config", id: "config", config)
                + HTML.section("Machine and files", id: "machine", machineAndFiles)
                + HTML.section("Repeat it", id: "repeat", commands))
    }

    // MARK: Sections

    private var head: String {
        let base = run.base.map { "tuned from \($0), \(run.method)" } ?? "trained from scratch"
        let best = run.bestValidation
        var tiles: [(String, String)] = []
        if let pairs = best?.pairsInOrder { tiles.append(("pairs in order", Numbers.percent(pairs))) }
        if let best { tiles.append(("validation perplexity", Numbers.text(best.perplexity))) }
        if let best { tiles.append(("validation loss", Numbers.text(best.loss))) }
        if let best, best.tokenAccuracy.isFinite {
            tiles.append(("token accuracy", Numbers.percent(best.tokenAccuracy)))
        }
        tiles.append(("steps", run.plannedSteps.map { "\(run.lastStep) of \($0)" } ?? "\(run.lastStep)"))
        if run.seconds > 0 { tiles.append(("training time", Numbers.duration(run.seconds))) }
        if let rate = run.tokensPerSecond { tiles.append(("tokens per second", Numbers.grouped(Int(rate)))) }
        if let peak = run.peakMemoryBytes { tiles.append(("peak memory", Numbers.bytes(peak))) }
        let list = tiles.map { "<div><dt>\(HTML.escaped($0.0))</dt><dd>\(HTML.escaped($0.1))</dd></div>" }.joined()
        let state = run.isRunning ? " It was still running when this report was made." : ""
        let date = made.formatted(.iso8601.year().month().day())
        return
            "<h1>\(HTML.escaped(run.name))</h1>\n<p class=\"muted\">\(HTML.escaped("A model \(base). Report of \(date).\(state)"))</p>\n"
            + "<dl class=\"tiles\">\(list)</dl>\n"
    }

    private var curves: String {
        let training = run.training.map { (x: Double($0.step), y: $0.loss ?? .nan) }
        let validation = run.validations.map { (x: Double($0.step), y: $0.loss) }
        let isPreference = run.training.contains { $0.chosenReward != nil || $0.rejectedReward != nil }
        let charts = [
            LineChart(
                title: "Loss",
                lines: [
                    .init(name: "training", points: training, style: 0),
                    .init(name: "validation", points: validation, style: 1),
                ]),
            LineChart(
                title: "Rewards",
                lines: [
                    .init(
                        name: "wanted answers", points: run.training.map { (Double($0.step), $0.chosenReward ?? .nan) },
                        style: 0),
                    .init(
                        name: "others", points: run.training.map { (Double($0.step), $0.rejectedReward ?? .nan) },
                        style: 1),
                ]),
            LineChart(
                title: "Validation perplexity",
                lines: [
                    .init(
                        name: "perplexity", points: run.validations.map { (Double($0.step), $0.perplexity) }, style: 1)
                ]),
            LineChart(
                title: "Learning rate",
                lines: [
                    .init(
                        name: "learning rate", points: run.training.map { (Double($0.step), $0.learningRate) }, style: 0
                    )
                ]),
            LineChart(
                title: "Norm of the gradient",
                lines: [
                    .init(
                        name: "norm", points: run.training.map { (Double($0.step), $0.gradientNorm) }, style: 0)
                ]),
            LineChart(
                title: "Tokens per second",
                lines: [
                    .init(
                        name: "tokens per second", points: run.timings.map { (Double($0.step), $0.tokensPerSecond) },
                        style: 0)
                ]),
        ].map(\.html).joined()
        guard !charts.isEmpty else { return "" }
        let rows = run.validations.map { point in
            [
                "\(point.step)", Numbers.text(point.loss), Numbers.text(point.perplexity),
                Numbers.text(point.bitsPerByte),
                point.tokenAccuracy.isFinite ? Numbers.percent(point.tokenAccuracy) : "–",
            ]
        }
        return HTML.paragraph(
            isPreference
                ? "Loss is that of the preference objective. A reward is how much more probable an answer has become than the "
                    + "model found it at the start: those of wanted answers should rise above the others. Where both fall far, "
                    + "the model unlearns its language: use a smaller learning rate, a larger beta, or fewer epochs. Perplexity "
                    + "is of the wanted answers alone."
                : "Loss is the mean surprise over the tokens that are learned, in nats; perplexity is e to its power: between how "
                    + "many equally likely tokens the model chooses. Both should fall; a validation loss that rises while the "
                    + "training loss falls means learning by heart. The norm of the gradient should stay of one size.")
            + "<div class=\"charts\">\(charts)</div>\n"
            + HTML.details(
                "The evaluations as a table",
                HTML.table(
                    ["step", "loss", "perplexity", "bits per byte", "token accuracy"], rows, numeric: [1, 2, 3, 4]))
    }

    private var metrics: String {
        guard let measurement, !measurement.metrics.isEmpty else { return "" }
        let rows = measurement.metrics.map { metric in
            [
                metric.title, Numbers.text(metric.value),
                "\(Numbers.text(metric.low, digits: 3)) to \(Numbers.text(metric.high, digits: 3))", "\(metric.rows)",
                metric.meaning,
            ]
        }
        return HTML.paragraph(
            "The tuned model on rows that it was not trained on. The interval is the middle 95 % of what other draws of as "
                + "many rows would give: narrower with more rows (--limit).")
            + HTML.table(["metric", "value", "95 % interval", "rows", "what it means"], rows, numeric: [1, 2, 3])
            + (measurement.overlap.map { HTML.paragraph($0) } ?? "")
    }

    private var comparison: String {
        guard let measurement, !measurement.comparisons.isEmpty else { return "" }
        let rows = measurement.comparisons.map { part in
            [
                part.title, Numbers.text(part.base), Numbers.text(part.tuned),
                "\(Numbers.text(part.tuned - part.base, digits: 3)) [\(Numbers.text(part.low, digits: 3)), \(Numbers.text(part.high, digits: 3))]",
                "\(part.rows)", part.verdict,
            ]
        }
        return HTML.paragraph(
            "Both models got the same rows. In brackets: the middle 95 % of what other draws of rows would give. Bits per "
                + "byte can be compared between models of different tokenizers; less is better.")
            + HTML.table(
                ["figure", "base", "tuned", "difference", "rows", "the tuned model is"], rows, numeric: [1, 2, 3, 4])
    }

    private var refusals: String {
        guard let measurement, !measurement.refusals.isEmpty else { return "" }
        return HTML.paragraph(
            "Both models were asked questions that ought to be declined and harmless ones that look similar. An answer counts as "
                + "declining by the phrases that luthier compare --safety prints; in brackets: 95 % intervals."
                + (measurement.refusalsNote.map { " " + $0 } ?? ""))
            + HTML.table(
                ["model", "declines what it ought to", "declines harmless ones"],
                measurement.refusals.map { [$0.model, $0.harmful, $0.harmless] })
    }

    private var answers: String {
        (measurement?.answers ?? []).map { answer in
            let rows =
                [("asked", answer.asked), ("wanted", answer.wanted)]
                + (answer.base.map { [("base", $0)] } ?? []) + [("tuned", answer.tuned)]
            let cells = rows.map {
                "<tr><th scope=\"row\">\($0.0)</th><td class=\"answer\">\(HTML.escaped($0.1))</td></tr>"
            }
            return
                "<div class=\"scroll\" tabindex=\"0\"><table><caption class=\"muted\">\(HTML.escaped(answer.place))</caption>"
                + "<tbody>\(cells.joined())</tbody></table></div>\n"
        }.joined()
    }

    private var worst: String {
        guard let rows = measurement?.worst, !rows.isEmpty else { return "" }
        return HTML.paragraph(
            "Read them: rows with mistakes, of another form, or with facts that nobody could know are often here.")
            + HTML.table(
                ["row", "bits per byte", "text"], rows.map { [$0.place, Numbers.text($0.bitsPerByte), $0.text] },
                numeric: [1])
    }

    private var samples: String {
        HTML.table(["step", "prompt", "text"], run.samples.suffix(60).map { ["\($0.step)", $0.prompt, $0.text] })
    }

    private var data: String {
        guard let ledger = run.ledger else { return "" }
        let files = (ledger["files"]?.array ?? []).compactMap { node -> [String]? in
            guard let file = node.object else { return nil }
            return [
                file["file"]?.string ?? "", file["split"]?.string ?? "",
                Numbers.grouped(file["lines"]?.integer ?? 0), Numbers.bytes(file["bytes"]?.integer ?? 0),
                file["sha256"]?.string ?? "",
            ]
        }
        let names = ["read", "trained", "cut", "dropped", "tokens", "predictions"]
        let splits = (ledger["splits"]?.object?.members ?? []).map { member in
            [member.key]
                + names.map { name in
                    member.value.object?[name]?.integer.map { Numbers.grouped($0) } ?? "–"
                }
        }
        let hash = ledger["sha256"]?.string.map { "SHA-256 of all data: \($0)" } ?? ""
        return HTML.table(["split"] + names, splits, numeric: [1, 2, 3, 4, 5, 6])
            + HTML.paragraph(
                "Every line is accounted for: read = trained + dropped; cut ones lost a part. Predictions are the tokens that "
                    + "are learned.")
            + HTML.details("Files", HTML.table(["file", "split", "lines", "size", "SHA-256"], files, numeric: [2, 3]))
            + HTML.paragraph(hash)
    }

    private var config: String {
        let values = RunDifference.settings(run)
        let origins = Dictionary(run.origins.map { ($0.key, $0.origin) }, uniquingKeysWith: { first, _ in first })
        let rows = values.map { [$0.key, $0.value, origins[$0.key] ?? ""] }
        let set = rows.filter { !["default", "base", ""].contains($0[2]) }
        return HTML.table(["key", "value", "from"], set)
            + HTML.details("All values, with the defaults", HTML.table(["key", "value", "from"], rows))
    }

    private var machineAndFiles: String {
        var rows = machine.map { [$0.title, $0.value] }
        if let measurement {
            rows.append(["checkpoint", measurement.checkpoint])
            if let hash = measurement.hash { rows.append(["SHA-256 of the checkpoint", hash]) }
            rows.append(["parameters", Numbers.grouped(measurement.parameters)])
        }
        rows.append(["size of the run's folder", Numbers.bytes(run.byteCount)])
        return HTML.table(["", ""], rows).replacing(
            "<thead><tr><th scope=\"col\"></th><th scope=\"col\"></th></tr></thead>", with: "")
    }

    private var commands: String {
        let path = run.folder.path
        return HTML.paragraph("From the folder in which the run was made:")
            + "<pre tabindex=\"0\">"
            + HTML.escaped(
                """
                luthier train --config \(path)/config.json --run \(run.name)-again   # the same run; equal bytes on this machine
                luthier eval --checkpoint \(path) --split validation
                luthier chat --checkpoint \(path)
                luthier export --checkpoint \(path) --format gguf --output \(run.name).gguf
                """) + "</pre>\n"
    }
}
