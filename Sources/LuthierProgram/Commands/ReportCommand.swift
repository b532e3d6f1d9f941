// `luthier report`: one HTML page about a run.

import Arguments
import Checkpoint
import Conversations
import Datasets
import Evaluation
import Files
import Foundation
import Inference
import Kernels
import Models
import Reports
import StrictJSON
import Training

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write one HTML page about a run: curves, data, answers, what the numbers mean.",
        discussion:
            "The page needs no network. Base and tuned model are measured on held-out rows when the report is made; "
            + "--limit 0 leaves that out and takes no time.",
        examples: ["luthier report weather-1 --output weather.html"])

    @Argument(help: ArgumentHelp("Name or folder of a run; by default the newest.", valueName: "run"))
    var name: String?
    @Option(help: ArgumentHelp("Path of the page; by default RUN.html in the current folder.", valueName: "file"))
    var output: String?
    @Option(help: "Held-out rows that both models are measured on.")
    var limit = 100
    @Option(help: "Held-out rows for which answers are shown.")
    var answers = 5
    @Option(
        help: ArgumentHelp(
            "Questions that ought to be declined, and harmless ones, such as data/safety/questions.jsonl.",
            valueName: "file"))
    var safety: String?
    @Option(help: "Number of threads (0 = all cores).")
    var threads = 0
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if limit < 0 { throw ValidationError("--limit \(limit) must be at least 0") }
        if answers < 0 { throw ValidationError("--answers \(answers) must be at least 0") }
        guard (0...1024).contains(threads) else { throw ValidationError("--threads \(threads) must be from 0 to 1024") }
    }

    mutating func run() throws {
        let folder = try folder()
        let record = RunRecord(folder)
        try Memory.checkLimits(threads: threads)
        let kernel = Machine.prepare(threads: threads)
        let probe = try safety.map { try SafetyProbe(path: $0) }
        let measurement = limit > 0 || probe != nil ? try measure(folder, probe) : nil
        let page = ReportPage(record, measurement: measurement, machine: ReportCommand.machine(kernel))
        let path = output ?? record.name + ".html"
        let html = page.html
        try AtomicFile.write(html, to: path)
        Console.message("report of \(folder.path) written to \(path) (\(html.utf8.count >> 10) KiB)")
        for finding in record.findings { Console.output("\(finding.title)\n  \(finding.advice)\n") }
        if json {
            let list = record.findings.map { finding -> JSONOutput in
                .object([
                    ("kind", .string(finding.kind.rawValue)), ("title", .string(finding.title)),
                    ("advice", .string(finding.advice)),
                ])
            }
            Console.json([
                ("run", .string(record.name)), ("output", .string(path)), ("findings", .array(list)),
                ("checkpoint", measurement.map { .string($0.checkpoint) } ?? .null),
            ])
        }
    }

    private func folder() throws -> RunFolder {
        guard let name else {
            guard let newest = RunFolder.all(in: "checkpoints").first else {
                throw ValidationError("there is no run in checkpoints/", hint: "train one, or name the folder of a run")
            }
            return newest
        }
        let named = RunFolder(path: "checkpoints/\(name)")
        let folder = !name.contains("/") && named.exists ? named : RunFolder(path: name)
        guard RunFolder.isRun(folder.path) else {
            throw ValidationError("\(name) is not a run", hint: "`luthier runs` lists what is here")
        }
        return folder
    }

    private static func machine(_ kernel: String) -> [(title: String, value: String)] {
        var rows = [
            ("Luthier", Luthier.version), ("system", ProcessInfo.processInfo.operatingSystemVersionString),
            ("threads", "\(ParallelFor.threadCount) of \(ParallelFor.availableProcessors) processors"),
            ("OpenBLAS", "\(BLASKernel.library), kernel \(kernel)"), ("oneDNN", RoundedWeight.libraryVersion),
        ]
        if let name = MachineRecord.processorName { rows.insert(("processor", name), at: 1) }
        return rows
    }

    /// Both models on the first rows that were held out; what the run's files do not say.
    private func measure(_ folder: RunFolder, _ probe: SafetyProbe?) throws -> ReportMeasurement? {
        guard !folder.checkpointSteps().isEmpty else { return nil }
        let source = try ModelSource(path: folder.path)
        Console.message("model: \(source.path)")
        for note in source.notes { Console.message("note: \(note)") }
        var reader = ConfigReader()
        try reader.read(path: folder.file("config.json"))
        var measurement = ReportMeasurement(
            checkpoint: source.path, hash: source.hash, parameters: source.parameterCount)
        let documents: RunDocuments
        do { documents = try reader.config.readDocuments() } catch let error as DatasetError {
            Console.message("note: nothing is measured, since the data cannot be read: \(error)")
            return measurement
        }
        let rows = Array(documents[.validation].prefix(limit))
        guard !rows.isEmpty || probe != nil else { return measurement }
        let tuned = try source.load()
        let before = base(reader.config)
        if let probe { try SafetyReport.add(probe, before, tuned, to: &measurement) }
        guard !rows.isEmpty else { return measurement }
        let template = tuned.template ?? documents.defaultTemplate ?? .raw
        let comparison = ModelComparison(template: template, labels: AnswerLabels.find(documents[.train]))
        let right = try comparison.measure(tuned, rows)
        measurement.overlap = (TrainingRows(run: folder) ?? TrainingRows(documents[.train])).overlap(
            documents[.validation]
        )
        .map {
            "Of the validation rows, \($0.description) are in training too: what is learned by heart does not count."
        }
        measurement.metrics = ReportCommand.metrics(right)
        measurement.worst = ReportCommand.worst(rows, right.bits)
        if let before {
            let left = try comparison.measure(before, rows)
            measurement.comparisons = [
                ReportCommand.compare(
                    "bits per byte of held-out answers", left.bits, right.bits, smallerIsBetter: true),
                ReportCommand.compare("right labels", left.labels, right.labels, smallerIsBetter: false),
            ].compactMap { $0 }
        }
        measurement.answers = try show(rows, tuned, before, template)
        return measurement
    }

    /// nil for a model from scratch, and where the base is not there any more.
    private func base(_ config: RunConfig) -> SavedModel? {
        guard let base = config.model.base else { return nil }
        do { return try SavedModel(path: base) } catch {
            Console.message("note: the base cannot be opened, so that only the tuned model is shown: \(error)")
            return nil
        }
    }

    private static func metrics(_ rows: ModelComparison.Rows) -> [ReportMeasurement.Metric] {
        let kinds: [(String, [PairedBootstrap.Item?], String)] = [
            (
                "bits per byte of answers", rows.bits,
                "Less is better; ordinary English costs a good model about 1. Where it is high: more rows, more steps, or a "
                    + "look at the worst rows below."
            ),
            (
                "share of right labels", rows.labels,
                "More is better; compare it with always saying the most frequent label. Where it is low: look at the wrong "
                    + "rows with luthier eval --lines."
            ),
        ]
        return kinds.compactMap { title, items, meaning in
            let known = items.compactMap { $0 }
            guard !known.isEmpty else { return nil }
            // Against nothing, the difference is the metric itself.
            let result = PairedBootstrap(known.map { .init(amount: 0, size: $0.size) }, known)
            return .init(
                title: title, value: result.second, low: result.low, high: result.high, rows: result.rows,
                meaning: meaning)
        }
    }

    private static func compare(
        _ title: String, _ left: [PairedBootstrap.Item?], _ right: [PairedBootstrap.Item?], smallerIsBetter: Bool
    ) -> ReportMeasurement.Comparison? {
        let pairs = zip(left, right).compactMap { pair in pair.0.flatMap { first in pair.1.map { (first, $0) } } }
        guard !pairs.isEmpty else { return nil }
        let result = PairedBootstrap(pairs.map(\.0), pairs.map(\.1))
        return .init(
            title: title, base: result.first, tuned: result.second, low: result.low, high: result.high,
            rows: result.rows, smallerIsBetter: smallerIsBetter)
    }

    private static func worst(_ rows: [Document], _ bits: [PairedBootstrap.Item?]) -> [ReportMeasurement.Row] {
        let scored = zip(rows, bits).compactMap { row, item -> (Document, Double)? in
            if case .stream = row.content { return nil }
            return item.map { (row, $0.amount / max(1, $0.size)) }
        }
        return scored.sorted { $0.1 > $1.1 }.prefix(10).map { row, bits in
            .init(place: "\(row.path):\(row.line)", bitsPerByte: bits, text: text(row))
        }
    }

    /// The last answer of a conversation, or the beginning of a text.
    private static func text(_ row: Document) -> String {
        let bytes: [UInt8] =
            switch row.content {
            case .conversation(let messages): messages.last?.content ?? []
            case .text(let text), .stream(let text): text
            }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.count > 240 ? text.prefix(239) + "…" : text
    }

    private func show(
        _ rows: [Document], _ tuned: SavedModel, _ before: SavedModel?, _ template: ChatTemplate
    ) throws -> [ReportMeasurement.Answer] {
        let asked = Array(
            rows.lazy.filter { if case .conversation = $0.content { true } else { false } }.prefix(answers))
        guard !asked.isEmpty else { return [] }
        func records(_ saved: SavedModel) throws -> [AnswerRecord] {
            var settings = saved.info.generation
            settings.maximumTokens = tuned.info.generation.maximumTokens
            let responder = Responder(
                model: saved.model, tokenizer: saved.tokenizer, template: template, settings: settings)
            return try AnswerEvaluator.answers(responder, asked)
        }
        let (right, left) = (try records(tuned), try before.map(records))
        return right.enumerated().map { index, answer in
            .init(
                place: "\(answer.path):\(answer.line)", asked: answer.prompt, wanted: answer.expected,
                base: left?[index].answer, tuned: answer.answer)
        }
    }
}
