// `luthier train`: fine-tunes a model, or trains one from scratch.

import Arguments
import Communication
import Foundation
import Models
import StrictJSON
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train or fine-tune a model from a config file, or resume a run.",
        discussion: keyTable,
        examples: [
            "luthier train --config configs/weather.json --dry-run",
            "luthier train --config configs/weather.json --set training.learningRate=1e-4",
        ])

    @Option(help: ArgumentHelp("Config file: JSON with // comments.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("Set one config key.", valueName: "key.path=value", completion: .configKeys))
    var set: [String] = []
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Name of the run; its folder is checkpoints/<name>.", valueName: "run-name"))
    var runName: String?
    @Flag(help: "Resume from the run's newest complete checkpoint.")
    var resume = false
    @Flag(help: "Check everything, run a few steps, estimate time and memory, and write nothing.")
    var dryRun = false
    @Option(
        help:
            "Cross-validation for small datasets: train this many times, each with other held-out rows; print mean ± deviation."
    )
    var folds: Int?
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false
    @OptionGroup(title: "Shortcuts") var shortcuts: ConfigShortcuts

    mutating func validate() throws(ValidationError) {
        if folds != nil && (resume || dryRun) {
            throw ValidationError("--folds creates its own runs", hint: "omit --resume and --dry-run")
        }
        if folds != nil || dryRun, Ranks.launch != nil {
            throw ValidationError(
                "--\(dryRun ? "dry-run" : "folds") runs in one process", hint: "start it without mpirun or srun")
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
        var request = RunRequest(reader: reader, folder: try folder(), resume: resume)
        request.writesNothing = dryRun
        if dryRun {
            let estimate = try DryRun.measure(request) { Console.message("note: \($0)") }
            RunReport.show(estimate)
            Console.message("nothing was written")
            if json { Console.json(RunReport.members(estimate)) }
            return
        }
        request.ranks = try Ranks.join()
        defer { request.ranks?.leave() }
        if let ranks = request.ranks, ranks.rank > 0 {
            do { try FollowingRun.run(request, in: ranks, stopSignal: { StopSignal.reason }) } catch {
                Console.message("\(ranks.own.description):")
                ErrorReport.write(error)
                ranks.abort()
            }
            return
        }
        let run = try TrainingRun.prepare(
            request, report: { printer.show($0) }, shouldStop: { StopSignal.reason },
            shouldSave: { StopSignal.takeSaveRequest() })
        let result = try run.run()
        Console.endProgress()
        RunReport.show(result)
        if json { Console.json(RunReport.members(result)) }
        if let code = result.stopped.exitCode { throw code }
    }

    /// The run's folder: as named, or the config's name and the next free number; on resume, the newest run of that name.
    private func folder() throws -> RunFolder {
        if let runName { return try RunFolder(named: runName, in: "checkpoints") }
        let name = config.map { (($0 as NSString).lastPathComponent as NSString).deletingPathExtension } ?? "run"
        let free = RunFolder.free(name: name, in: "checkpoints")
        guard resume, let number = Int(free.name.dropFirst(name.count + 1)), number > 1 else { return free }
        return RunFolder(path: "checkpoints/\(name)-\(number - 1)")
    }

    /// All config keys with values, default and meaning.
    private static var keyTable: String {
        let rows = ConfigKey.all.map { key in
            " \(key.path)\n     \(key.meaning)\n     \(key.values); default: \(key.defaultText)"
        }
        return "CONFIG KEYS\n" + rows.joined(separator: "\n")
    }
}

/// Flags for frequently used config keys. A key's entry in `ConfigKey.all` is also the help of its flag.
struct ConfigShortcuts: ParsableArguments {
    /// The keys with a flag; the case is the flag's name.
    private enum Key: String {
        case base = "model.base"
        case train = "data.train"
        case validation = "data.validation"
        case epochs = "training.epochs"
        case steps = "training.steps"
        case batchSize = "training.batchSize"
        case learningRate = "training.learningRate"
        case contextLength = "model.contextLength"
        case precision = "training.precision"
        case method = "method.type"
        case seed = "training.seed"
        case threads = "training.threads"

        var flag: String { "--" + kebabCase("\(self)") }

        var help: ArgumentHelp {
            guard let key = ConfigKey.all.first(where: { $0.path == rawValue }) else {
                preconditionFailure("there is no config key \(rawValue)")
            }
            let isEmpty = ["null", "[]"].contains(key.defaultText)
            return ArgumentHelp(
                key.meaning, defaultText: isEmpty ? nil : key.defaultText, completion: completion(key))
        }

        private func completion(_ key: ConfigKey) -> CompletionKind? {
            switch self {
            case .base: .model
            case .train, .validation: .file
            default:
                key.values.hasPrefix("one of ")
                    ? .words(key.values.dropFirst(7).components(separatedBy: ", ")) : nil
            }
        }
    }

    @Option(help: Key.base.help) var base: String?
    @Option(help: Key.train.help) var train: [String] = []
    @Option(help: Key.validation.help) var validation: [String] = []
    @Option(help: Key.epochs.help) var epochs: String?
    @Option(help: Key.steps.help) var steps: String?
    @Option(help: Key.batchSize.help) var batchSize: String?
    @Option(help: Key.learningRate.help) var learningRate: String?
    @Option(help: Key.contextLength.help) var contextLength: String?
    @Option(help: Key.precision.help) var precision: String?
    @Option(help: Key.method.help) var method: String?
    @Option(help: Key.seed.help) var seed: String?
    @Option(help: Key.threads.help) var threads: String?

    /// Sets the keys of all given flags, with the config's own checks.
    func apply(to reader: inout ConfigReader) throws(ConfigError) {
        let values: [(Key, String?)] = [
            (.base, base), (.epochs, epochs), (.steps, steps), (.batchSize, batchSize), (.learningRate, learningRate),
            (.contextLength, contextLength), (.precision, precision), (.method, method), (.seed, seed),
            (.threads, threads),
        ]
        for (key, value) in values {
            guard let value else { continue }
            try reader.set(key.rawValue, toText: value, source: key.flag, origin: key.flag)
        }
        // Who asks for epochs does not want the steps of a config file or of the run that is resumed.
        if epochs != nil, steps == nil {
            let flag = Key.epochs.flag
            try reader.set(Key.steps.rawValue, toText: "null", source: flag, origin: flag)
        }
        let lists: [(Key, [String])] = [(.train, train), (.validation, validation)]
        for (key, paths) in lists where !paths.isEmpty {
            let list = JSONOutput.array(paths.map { .string($0) }).serialized()
            try reader.set(key.rawValue, toText: list, source: key.flag, origin: key.flag)
        }
    }
}
