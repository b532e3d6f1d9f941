// `luthier train`: fine-tunes, or trains from nothing.

import Arguments
import Foundation
import Models
import StrictJSON
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Trains a model as a config says; goes on with a run that was stopped.",
        discussion: keyTable)

    @Option(help: ArgumentHelp("The config: JSON with // comments.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("Sets one key of the config; may be repeated.", valueName: "key.path=value"))
    var set: [String] = []
    @Option(name: .customLong("run"), help: "The run's name; its folder is checkpoints/<name>.")
    var runName: String?
    @Flag(help: "Goes on from the run's newest whole checkpoint.")
    var resume = false
    @Flag(help: "Checks everything, takes a few steps, says what time and memory to expect, and writes nothing.")
    var dryRun = false
    @Option(help: "For few rows: trains that many times, each time holding back other rows, and gives mean ± spread.")
    var folds: Int?
    @Flag(help: "Ends with one JSON object on stdout.")
    var json = false
    @OptionGroup var shortcuts: ConfigShortcuts

    mutating func validate() throws(ValidationError) {
        if folds != nil && (resume || dryRun) {
            throw ValidationError("--folds makes runs of its own", hint: "leave --resume and --dry-run out")
        }
    }

    mutating func run() throws {
        StopSignal.install()
        var reader = ConfigReader()
        if let config { try reader.read(path: config) }
        for assignment in set { try reader.set(assignment: assignment) }
        try shortcuts.apply(to: &reader)
        if let folds {
            try FoldRuns.run(reader, folds: folds, folder: folder(), json: json)
            return
        }
        let printer = ProgressPrinter(logEvery: reader.config.training.logEvery)
        var request = RunRequest(reader: reader, folder: folder(), resume: resume)
        request.writesNothing = dryRun
        if dryRun {
            let estimate = try DryRun.measure(request) { Console.message("note: \($0)") }
            show(estimate)
            return
        }
        let run = try TrainingRun.prepare(
            request, report: { printer.show($0) }, shouldStop: { StopSignal.reason })
        let result = try run.run()
        Console.endProgress()
        finish(result)
        switch result.stopped {
        case .interrupt: throw ExitCode(130)
        case .terminate: throw ExitCode(143)
        case .finished, .earlyStopping: break
        }
    }

    /// The run's folder: named, or the config's name and the next free number; on resume the newest of that name.
    private func folder() -> RunFolder {
        if let runName { return RunFolder(path: "checkpoints/\(runName)") }
        let name = config.map { (($0 as NSString).lastPathComponent as NSString).deletingPathExtension } ?? "run"
        let free = RunFolder.free(name: name, in: "checkpoints")
        guard resume, let number = Int(free.name.dropFirst(name.count + 1)), number > 1 else { return free }
        return RunFolder(path: "checkpoints/\(name)-\(number - 1)")
    }

    /// What `--dry-run` says.
    private func show(_ estimate: DryRun) {
        Console.message(
            "\(estimate.summary.parameters) parameters, \(estimate.summary.totalSteps) steps, "
                + "\(estimate.summary.stepsPerEpoch) an epoch")
        for line in estimate.summary.data { Console.message("  \(line)") }
        Console.message(
            "measured over \(estimate.measuredSteps) steps: \(Int(estimate.tokensPerSecond)) tokens per second; "
                + "the run would take about \(ProgressPrinter.duration(estimate.expectedSeconds)) "
                + "and \(estimate.peakMemoryBytes >> 20) MiB of memory, "
                + "and each checkpoint \(estimate.checkpointBytes >> 20) MiB on the disk")
        Console.message("nothing was written")
        guard json else { return }
        Console.json([
            ("parameters", .integer(estimate.summary.parameters)), ("steps", .integer(estimate.summary.totalSteps)),
            ("tokensPerSecond", .number(estimate.tokensPerSecond)), ("seconds", .number(estimate.expectedSeconds)),
            ("peakMemoryBytes", .integer(estimate.peakMemoryBytes)),
            ("checkpointBytes", .integer(estimate.checkpointBytes)),
        ])
    }

    private func finish(_ result: RunResult) {
        let words: [StopReason: String] = [
            .finished: "finished", .earlyStopping: "stopped early: no better validation loss",
            .interrupt: "interrupted; --resume goes on", .terminate: "terminated; --resume goes on",
        ]
        Console.message(
            "\(words[result.stopped] ?? "") after step \(result.steps), "
                + "\(ProgressPrinter.duration(result.seconds)), \(Int(result.tokensPerSecond)) tokens per second, "
                + "peak memory \(result.peakMemoryBytes >> 20) MiB")
        if let best = result.bestCheckpoint { Console.message("best checkpoint: \(best)") }
        guard json else { return }
        func text(_ value: String?) -> JSONOutput { value.map { .string($0) } ?? .null }
        func number(_ value: Double?) -> JSONOutput { value.map { .number($0) } ?? .null }
        Console.json([
            ("run", .string(result.run)), ("steps", .integer(result.steps)), ("epochs", .number(result.epochs)),
            ("trainLoss", number(result.trainLoss)), ("validationLoss", number(result.validation?.loss)),
            ("validationPerplexity", number(result.validation?.perplexity)),
            ("bestCheckpoint", text(result.bestCheckpoint)), ("lastCheckpoint", text(result.lastCheckpoint)),
            ("tokensPerSecond", .number(result.tokensPerSecond)),
            ("peakMemoryBytes", .integer(result.peakMemoryBytes)), ("seconds", .number(result.seconds)),
            ("stopped", .string(result.stopped.rawValue)),
        ])
    }

    /// Every key with its values, default and meaning: the config's documentation.
    private static var keyTable: String {
        let rows = ConfigKey.all.map { key in
            " \(key.path)\n     \(key.meaning)\n     \(key.values); default: \(key.defaultText)"
        }
        return "KEYS OF THE CONFIG\n" + rows.joined(separator: "\n")
    }
}

/// Flags that stand for one key of the config each.
struct ConfigShortcuts: ParsableArguments {
    @Option(help: "model.base") var base: String?
    @Option(help: "data.train; may be repeated") var train: [String] = []
    @Option(help: "data.validation; may be repeated") var validation: [String] = []
    @Option(help: "training.epochs") var epochs: String?
    @Option(help: "training.steps") var steps: String?
    @Option(help: "training.batchSize") var batchSize: String?
    @Option(help: "training.learningRate") var learningRate: String?
    @Option(help: "model.contextLength") var contextLength: String?
    @Option(help: "training.precision") var precision: String?
    @Option(help: "method.type") var method: String?
    @Option(help: "training.seed") var seed: String?
    @Option(help: "training.threads") var threads: String?

    /// Hands each flag that was given to the config's own check.
    func apply(to reader: inout ConfigReader) throws(ConfigError) {
        let single: [(flag: String, key: String, value: String?)] = [
            ("--base", "model.base", base), ("--epochs", "training.epochs", epochs),
            ("--steps", "training.steps", steps), ("--batch-size", "training.batchSize", batchSize),
            ("--learning-rate", "training.learningRate", learningRate),
            ("--context-length", "model.contextLength", contextLength),
            ("--precision", "training.precision", precision), ("--method", "method.type", method),
            ("--seed", "training.seed", seed),
            ("--threads", "training.threads", threads),
        ]
        for (flag, key, value) in single {
            guard let value else { continue }
            try reader.set(key, toText: value, source: flag, origin: flag)
        }
        for (flag, key, paths) in [("--train", "data.train", train), ("--validation", "data.validation", validation)]
        where !paths.isEmpty {
            let list = JSONOutput.array(paths.map { .string($0) }).serialized()
            try reader.set(key, toText: list, source: flag, origin: flag)
        }
    }
}
