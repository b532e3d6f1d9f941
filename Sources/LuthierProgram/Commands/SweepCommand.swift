// `luthier sweep`: short paired runs with different settings, of which the worse half is stopped at every rung.

import Arguments
import Checkpoint
import Files
import Foundation
import Models
import Reports
import StrictJSON
import Training

struct SweepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep", abstract: "Compare settings by short paired runs, and stop the worse half early.",
        discussion:
            "Every --set with several values is an axis of the grid: --set training.learningRate=1e-5,3e-5,1e-4. "
            + "All trials start from the same weights and see the same rows in the same order. Successive halving "
            + "(Jamieson & Talwalkar 2016, arXiv 1502.07943): at every rung the better half of the trials continues to twice "
            + "as many steps, and the last two train to the end. Trials are ranked by bits per byte of held-out rows; ± is "
            + "the standard error, over rows, of the paired difference against the best. It does not say what another "
            + "seed would change. A trial's learning-rate schedule spans its own --steps, so the best setting of a short run "
            + "need not be the best of a long one.",
        examples: ["luthier sweep --config configs/weather.json --set training.learningRate=1e-5,3e-5,1e-4"])

    @Option(help: ArgumentHelp("Config file: JSON with // comments.", valueName: "file"))
    var config: String
    @Option(
        help: ArgumentHelp(
            "A config key with one value or several.", valueName: "key.path=value,value", completion: .configKeys))
    var set: [String] = []
    @Option(help: ArgumentHelp("Steps of a trial that is not stopped.", defaultText: "the config's, at most 200"))
    var steps: Int?
    @Option(help: "Maximum number of held-out rows that trials are measured on.")
    var limit: Int = 500
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Name of the sweep; its folder is checkpoints/<name>.", valueName: "run-name"))
    var runName: String?
    @Flag(help: "Resume a sweep that was stopped: finished trials are not repeated.")
    var resume = false
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    private static let mostStepsByDefault = 200

    mutating func validate() throws(ValidationError) {
        if let steps, steps < 1 { throw ValidationError("--steps \(steps) must be at least 1") }
        if limit < 2 { throw ValidationError("--limit \(limit) must be at least 2") }
    }

    mutating func run() throws {
        StopSignal.install()
        let grid = try SweepGrid(set)
        var reader = ConfigReader()
        try reader.read(path: config)
        for setting in grid.fixed { try reader.set(assignment: setting.assignment) }
        let folder = try folder()
        let isNew = !folder.exists
        if !isNew && !resume { throw SweepError.exists(path: folder.path) }
        let earlier = try isNew ? nil : SweepRecord(folder: folder.path)
        try earlier?.check(grid, steps: steps, limit: limit, path: folder.path)
        let record: SweepRecord
        if let earlier, earlier.stepsLeft == 0 {
            record = earlier
        } else {
            record = try plan(reader, grid, earlier)
        }
        // What is wrong with the held-out rows is found before anything is written.
        var trials = try SweepTrials(reader, folder: folder, record: record)
        if isNew {
            for trial in grid.trials.indices where trials.run(of: trial).exists {
                throw SweepError.exists(path: trials.run(of: trial).path)
            }
            try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        }
        let lock = try RunLock(directory: folder.path)
        defer { lock.release() }
        if isNew { try record.write(to: folder.path) }
        do { try trials.run() } catch let code as ExitCode {
            Console.endProgress()
            Console.message("the sweep is stopped; the same command with --resume --run \(folder.name) continues it")
            throw code
        }
        let report = SweepReport(trials.record, folder: folder, config: config) { trials.run(of: $0) }
        try AtomicFile.write(report.chart.svg, to: folder.file("sweep.svg"))
        let page = report.page(command: report.sweepCommand(settings: set, limit: limit))
        try AtomicFile.write(page.html, to: folder.file("sweep.html"))
        Console.output(report.table)
        Console.output("page: \(folder.file("sweep.html")); plot: \(folder.file("sweep.svg"))\n")
        Console.output("train with the best:\n  \(report.command)\n")
        if json { Console.json(report.members) }
    }

    /// The sweep's folder: as named, or the config's name and the next free number; on resume, the newest one.
    private func folder() throws -> RunFolder {
        if let runName { return try RunFolder(named: runName, in: "checkpoints") }
        let name = ((config as NSString).lastPathComponent as NSString).deletingPathExtension + "-sweep"
        let free = RunFolder.free(name: name, in: "checkpoints")
        guard resume, let number = Int(free.name.dropFirst(name.count + 1)), number > 1 else { return free }
        return RunFolder(path: "checkpoints/\(name)-\(number - 1)")
    }

    /// Measures a few steps of the first trial, as `train --dry-run` does, and says how long all of them will take.
    ///
    /// - Returns: the record of the sweep; a new one with its rungs where there is none yet.
    private func plan(_ reader: ConfigReader, _ grid: SweepGrid, _ earlier: SweepRecord?) throws -> SweepRecord {
        let own = try SweepTrials.reader(
            reader, grid.trials[0], steps: earlier?.rungs.last?.steps ?? steps, precision: earlier?.precision)
        var request = RunRequest(reader: own, folder: RunFolder(path: "checkpoints/sweep-estimate"), resume: false)
        request.writesNothing = true
        let estimate = try DryRun.measure(request) { Console.message("note: \($0)") }
        let (usual, total) = (SweepCommand.mostStepsByDefault, estimate.summary.totalSteps)
        let length = earlier?.rungs.last?.steps ?? steps ?? min(usual, total)
        let halving = SuccessiveHalving(trials: grid.trials.count, steps: length)
        let record = earlier ?? SweepRecord(grid, rungs: halving.rungs, limit: limit)
        let rungs = record.rungs.map { "\($0.trials) to step \($0.steps)" }.joined(separator: ", ")
        Console.message(
            "\(grid.trials.count) trials, the better half kept at each rung: \(rungs); \(halving.totalSteps) steps "
                + "instead of \(halving.stepsWithoutStopping)")
        let seconds = estimate.expectedSeconds / Double(max(1, total)) * Double(record.stepsLeft)
        Console.message(
            "measured with the first trial: \(Int(estimate.tokensPerSecond)) tokens per second; the "
                + "\(record.stepsLeft) steps to take need about \(ProgressPrinter.duration(seconds)) and "
                + "\(estimate.peakMemoryBytes >> 20) MiB of memory")
        return record
    }
}
