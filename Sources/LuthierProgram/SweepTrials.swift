// The trials of a sweep, trained from rung to rung and measured on the same held-out rows.

import Arguments
import Conversations
import Datasets
import Evaluation
import Foundation
import Kernels
import Models
import StrictJSON
import Training

/// Drives a sweep. Its record is written after every trial of every rung, and a trial that was stopped is resumed from its
/// own run's checkpoint.
struct SweepTrials {
    /// The config with what all trials share.
    let reader: ConfigReader
    /// The sweep's folder; the runs of trials are next to it.
    let folder: RunFolder
    private(set) var record: SweepRecord
    private let rows: [Document]
    private let defaultTemplate: ChatTemplate?

    /// - Throws: where nothing is held out.
    init(_ reader: ConfigReader, folder: RunFolder, record: SweepRecord) throws {
        (self.reader, self.folder, self.record) = (reader, folder, record)
        let documents = try reader.config.readDocuments()
        let held = documents[.validation]
        guard !held.isEmpty else { throw SweepError.noHeldOutRows }
        if held.count > record.limit {
            var generator = SplitMix64(seed: 1, stream: 0x5407)
            rows = generator.permutation(held.count).prefix(record.limit).sorted().map { held[Int($0)] }
        } else {
            rows = held
        }
        defaultTemplate = documents.defaultTemplate
    }

    /// The run of a trial.
    func run(of trial: Int) -> RunFolder { RunFolder(path: "\(folder.path)-trial-\(trial + 1)") }

    /// Trains and measures what has no result yet.
    mutating func run() throws {
        for rung in record.rungs.indices {
            let contenders = record.contenders(at: rung)
            for trial in contenders where record.result(trial: trial, rung: rung) == nil {
                let words = record.trials[trial].map(\.assignment).joined(separator: " ")
                Console.message("trial \(trial + 1), to step \(record.rungs[rung].steps): \(words)")
                let result = try train(trial, to: rung)
                Console.endProgress()
                record.results.append(result)
                try record.write(to: folder.path)
                let outcome =
                    result.failure ?? "\(ProgressPrinter.number(result.bitsPerByte)) bits per byte of held-out rows"
                Console.message("trial \(trial + 1), step \(record.rungs[rung].steps): \(outcome)")
            }
            let order = record.order(at: rung)
            // Where all fail at a later rung, the one before has the ranking.
            guard !order.isEmpty else {
                guard rung == 0 else { return }
                throw SweepError.everyTrialFailed(reason: record.results.lazy.compactMap(\.failure).first ?? "")
            }
            guard rung + 1 < record.rungs.count else { return }
            let stopped = order.dropFirst(record.rungs[rung + 1].trials).map { "\($0 + 1)" }
            if !stopped.isEmpty {
                Console.message(
                    "stopped after step \(record.rungs[rung].steps): trials \(stopped.joined(separator: ", "))")
            }
        }
    }

    /// The config of one trial.
    static func reader(
        _ reader: ConfigReader, _ settings: [SweepGrid.Setting], steps: Int?, precision: String?
    ) throws(ConfigError) -> ConfigReader {
        var own = reader
        if let precision { try own.set("training.precision", toText: precision, source: "sweep", origin: "sweep") }
        for setting in settings {
            try own.set(
                setting.key, toText: setting.value, source: "--set \(setting.assignment)", origin: "sweep")
        }
        guard let steps else { return own }
        // Trials are measured at rungs, and a rung leaves a checkpoint.
        for key in ["training.steps", "training.saveEvery", "evaluation.every"] {
            try own.set(key, toText: "\(steps)", source: "sweep", origin: "sweep")
        }
        return own
    }

    private mutating func train(_ trial: Int, to rung: Int) throws -> SweepRecord.Result {
        let target = run(of: trial)
        let own = try SweepTrials.reader(
            reader, record.trials[trial], steps: record.rungs.last?.steps, precision: record.precision)
        let printer = ProgressPrinter(logEvery: own.config.training.logEvery)
        let request = RunRequest(reader: own, folder: target, resume: target.exists)
        do {
            let run = try TrainingRun.prepare(
                request, report: { printer.show($0) }, shouldStop: { StopSignal.reason },
                shouldSave: { StopSignal.takeSaveRequest() })
            // All trials compute in the precision that the first one has measured.
            if record.precision == nil {
                record.precision = run.config.training.precision
                try record.write(to: folder.path)
            }
            run.stopsAfter = record.rungs[rung].steps
            _ = try run.run()
            if let code = StopSignal.reason?.exitCode { throw code }
            return SweepRecord.Result(trial: trial, rung: rung, rows: try measure(run.saved))
        } catch let error as TrainingError {
            switch error {
            case .diverged, .spikesInARow, .lossNotFinite, .everyStepSkipped:
                return SweepRecord.Result(trial: trial, rung: rung, rows: [], failure: "\(error)")
            default: throw error
            }
        }
    }

    /// Bits and bytes of each held-out row; of plain text, of each line.
    private func measure(_ saved: SavedModel) throws -> [PairedBootstrap.Item?] {
        let comparison = ModelComparison(
            template: saved.template ?? defaultTemplate ?? .raw, labels: nil,
            batchSize: reader.config.evaluation.batchSize)
        let streams = rows.compactMap { row -> [UInt8]? in
            if case .stream(let bytes) = row.content { return bytes }
            return nil
        }
        guard streams.count == rows.count else { return try comparison.measure(saved, rows).bits }
        let text = try TextFile(path: "held-out text", bytes: Array(streams.joined()))
        let lines = try comparison.measure(saved, text: text).items
        return (0...(lines.keys.max() ?? 0)).map { lines[$0] }
    }
}
