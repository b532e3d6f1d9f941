// `luthier tune`: from data to a tuned model in one command: checks, chooses with reasons, estimates, asks, trains, compares.

import Arguments
import Foundation
import Kernels
import Models
import StrictJSON
import Training

struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune", abstract: "Fine-tune a base model on your data, with everything chosen for you.",
        discussion: "Checks the data, chooses how to train and says why, estimates time and memory, asks, trains, and "
            + "shows the answers of the base and of the tuned model to rows that were held out. The choices are "
            + "written to checkpoints/<run>.tune.json, which `luthier train --config` repeats.",
        examples: ["luthier tune questions.jsonl --base smollm2-135m"])

    @Argument(help: ArgumentHelp("Files and folders, as `luthier prepare` reads them.", valueName: "data"))
    var inputs: [String]
    @Option(
        help: ArgumentHelp(
            "Base model: a fetched name, a file, a folder or a run.", valueName: "name",
            completion: .model))
    var base: String = "smollm2-135m"
    @Option(
        help: ArgumentHelp(
            "Set a config key instead of its choice.", valueName: "key.path=value", completion: .configKeys))
    var set: [String] = []
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Name of the run; its folder is checkpoints/<name>.", valueName: "run-name"))
    var runName: String?
    @Option(help: ArgumentHelp("Column or key of the prompt.", valueName: "column"))
    var promptColumn: String?
    @Option(help: ArgumentHelp("Column or key of the answer.", valueName: "column"))
    var completionColumn: String?
    @Flag(help: "Train without asking.")
    var yes = false
    @Flag(help: "Continue an interrupted run with what was chosen for it.")
    var resume = false
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if !yes && !resume && isatty(STDIN_FILENO) != 1 {
            throw ValidationError(
                "tune asks before it trains, but stdin is not a terminal", hint: "--yes trains without asking")
        }
    }

    mutating func run() throws {
        StopSignal.install()
        let folder = try folder()
        let file = TuneFile(run: folder)
        var (reader, choices) = (ConfigReader(), [TuningChoice]())
        if resume {
            try reader.read(path: file.path)
            choices = try file.choices()
        } else {
            if folder.exists { throw TrainingError.runExists(path: folder.path) }
            try Memory.checkLimits(threads: 0)
            Machine.prepare(threads: 0)
            let setup = TuneSetup(
                base: base, folder: folder, columns: .init(prompt: promptColumn, completion: completionColumn))
            (reader, choices) = try setup.make(inputs, overrides: set)
            guard try confirm(reader, folder) else {
                setup.removeData()
                Console.message("nothing was trained")
                return
            }
        }
        let result = try train(reader, choices, folder, file)
        RunReport.show(result)
        if let code = result.stopped.exitCode {
            Console.message(
                "continue with: luthier tune \(inputs.joined(separator: " ")) --run \(folder.name) --resume")
            throw code
        }
        try TuneReport(folder: folder, file: file, result: result).show(choices, json: json)
    }

    /// As named; otherwise the data's name and a number: the next free one, or on resume the newest.
    private func folder() throws -> RunFolder {
        if let runName { return try RunFolder(named: runName, in: "checkpoints") }
        let name = ((inputs[0] as NSString).lastPathComponent as NSString).deletingPathExtension
        let free = RunFolder.free(name: name.isEmpty || name == "." ? "tuned" : name, in: "checkpoints")
        guard resume, let number = Int(free.name.split(separator: "-").last ?? ""), number > 1 else { return free }
        return RunFolder(path: "checkpoints/\(free.name.dropLast(String(number).count))\(number - 1)")
    }

    /// Measures a few steps, and asks unless `--yes` is given.
    private func confirm(_ reader: ConfigReader, _ folder: RunFolder) throws -> Bool {
        var request = RunRequest(reader: reader, folder: folder, resume: false)
        request.writesNothing = true
        RunReport.show(try DryRun.measure(request) { Console.message("note: \($0)") }, settings: false)
        if StopSignal.reason != nil { return false }
        if yes { return true }
        Console.output("Train now? [Y/n] ")
        guard let answer = readLine() else { return false }
        return !answer.lowercased().hasPrefix("n")
    }

    private func train(
        _ reader: ConfigReader, _ choices: [TuningChoice], _ folder: RunFolder, _ file: TuneFile
    ) throws -> RunResult {
        let printer = ProgressPrinter(logEvery: reader.config.training.logEvery)
        let request = RunRequest(reader: reader, folder: folder, resume: resume)
        let run = try TrainingRun.prepare(
            request, report: { printer.show($0) }, shouldStop: { StopSignal.reason },
            shouldSave: { StopSignal.takeSaveRequest() })
        if !resume { try file.write(run.config, choices) }
        let result = try run.run()
        Console.endProgress()
        return result
    }
}
