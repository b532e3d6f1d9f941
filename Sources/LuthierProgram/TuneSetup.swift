// The first half of `luthier tune`: the base is found, the data checked and divided, and everything chosen.

import Arguments
import Datasets
import Foundation
import Models
import Preparation
import StrictJSON
import Training

/// Data that cannot be trained on as it is.
struct DefectiveData: Hinting, CustomStringConvertible {
    let description: String
    let hint: String?
}

struct TuneSetup {
    let base: String
    let folder: RunFolder
    let columns: ColumnChoice

    /// The rows as they are trained on, next to the run.
    private var dataFolder: String { folder.path + "-data" }

    /// Rows held out: a tenth, but enough to look at.
    private static let fewestHeldOut = 10

    func removeData() { try? FileManager.default.removeItem(atPath: dataFolder) }

    /// Checks, divides and writes the data, and chooses the config.
    ///
    /// - Parameter overrides: `key=value`, which replace choices.
    func make(_ inputs: [String], overrides: [String]) throws -> (ConfigReader, [TuningChoice]) {
        guard FileManager.default.fileExists(atPath: try ModelLocation(place).path) else {
            throw DefectiveData(
                description: "the base \(base) is not a file, a folder, a run or a fetched model",
                hint: ModelLocation.advice(base) ?? "`luthier fetch --list` shows the names that can be fetched")
        }
        let source = try ModelSource(path: place)
        for note in source.notes { Console.message("note: \(note)") }
        Console.message("base: \(base), \(source.parameterCount) parameters")
        let files = try divide(inputs, source)
        do {
            func documents(_ path: String?) throws -> [Document] {
                try path.map { try Document.documents(of: TextFile(path: $0)) } ?? []
            }
            let facts = try TuningFacts.measure(
                train: documents(files.train), heldOut: documents(files.heldOut), base: source,
                availableBytes: Memory.availableBytes)
            var choices = Tuning.choices(for: facts)
            for text in overrides { replace(&choices, text) }
            var reader = ConfigReader()
            func set(_ key: String, _ value: String) throws(ConfigError) {
                try reader.set(key, toText: value, source: "tune", origin: "tune")
            }
            try set("model.base", JSONOutput.string(place).serialized())
            try set("data.train", JSONOutput.string(files.train).serialized())
            if let heldOut = files.heldOut {
                try set("data.validation", JSONOutput.string(heldOut).serialized())
            } else {
                try set("data.validationFraction", "0")
            }
            for choice in choices { try set(choice.key, choice.value) }
            show(choices)
            return (reader, choices)
        } catch {
            removeData()
            throw error
        }
    }

    /// The run of this name where no file or folder has it; otherwise what was given, which may be a fetched name.
    private var place: String {
        let (files, run) = (FileManager.default, "checkpoints/\(base)")
        return !files.fileExists(atPath: base) && files.fileExists(atPath: run) ? run : base
    }

    private func divide(_ inputs: [String], _ source: ModelSource) throws -> (train: String, heldOut: String?) {
        // What is left of an attempt that never became a run.
        if FileManager.default.fileExists(atPath: dataFolder + "/splits.lock") { removeData() }
        func check(_ share: Double) throws -> Preparer {
            var request = PreparationRequest(inputs: inputs)
            (request.columns, request.tokenizer) = (columns, source.tokenizer)
            request.contextLength = source.architecture.contextLength
            request.framesPairs = source.template != nil
            request.shares = SplitShares(validation: share)
            return try Preparer.check(request, progress: PrepareCommand.progress())
        }
        var preparer = try check(0.1)
        Console.endProgress()
        let held = preparer.report.rows[.validation] ?? 0
        if held < TuneSetup.fewestHeldOut, preparer.report.kept > 2 * TuneSetup.fewestHeldOut {
            preparer = try check(min(0.25, (Double(TuneSetup.fewestHeldOut) + 0.5) / Double(preparer.report.kept)))
        }
        let report = preparer.report
        for item in report.findings where item.rule.severity != .note {
            Console.message(
                "\(item.rule.severity.rawValue): \(item.rule.name), \(item.findings.count) "
                    + "\(item.findings.count == 1 ? "place" : "places"): \(item.rule.effect)")
        }
        let names = inputs.joined(separator: " ")
        if report.findings.contains(where: { $0.rule.severity == .error }) {
            throw DefectiveData(
                description: "the data has errors; `luthier prepare \(names)` shows each place",
                hint: "`luthier prepare \(names) --fix --output clean` fixes what can be fixed; then tune clean")
        }
        if report.fixable.contains(where: { $0.rule.severity != .note }) {
            Console.message("note: `luthier prepare \(names)` shows the places and fixes")
        }
        let written = try preparer.write(to: dataFolder)
        Console.message(
            "data: \(report.kept) of \(report.read) rows; \(written.rows(.train)) to train on, "
                + "\(written.rows(.validation)) held out to measure with")
        guard let train = written.parts.first(where: { $0.split == .train }) else {
            throw TrainingError.nothingToTrain("no row is left for training")
        }
        return (train.path, written.parts.first { $0.split == .validation }?.path)
    }

    private func replace(_ choices: inout [TuningChoice], _ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return }
        let (key, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
        choices.removeAll { $0.key == key }
        let isJSON = (try? JSONText.parse(value)) != nil
        choices.append(
            TuningChoice(key, isJSON ? value : JSONOutput.string(value).serialized(), "given with --set"))
    }

    private func show(_ choices: [TuningChoice]) {
        Console.output("chosen:\n")
        let width = choices.map { $0.key.count }.max() ?? 0
        let widest = choices.map { $0.value.count }.max() ?? 0
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        for choice in choices {
            Console.output("  \(padded(choice.key, width))  \(padded(choice.value, widest))  \(choice.reason)\n")
        }
    }
}
