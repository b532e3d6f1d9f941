// `luthier train-folder FOLDER`: trains like `train`, in any folder; `verify-resume` starts it and kills it.

import Arguments
import Foundation
import Models
import Training

struct TrainFolderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-folder", abstract: "Train or resume the run in a folder, for verify-resume.",
        isHidden: true)

    @Argument(help: ArgumentHelp("Folder of the run.", valueName: "folder")) var folder: String
    @Option(help: "Config file.") var config: String
    @Option(help: "Set one config key.") var set: [String] = []

    mutating func run() throws {
        StopSignal.install()
        var reader = ConfigReader()
        try reader.read(path: config)
        for assignment in set { try reader.set(assignment: assignment) }
        let printer = ProgressPrinter(logEvery: reader.config.training.logEvery)
        let run = try TrainingRun.prepare(
            RunRequest(reader: reader, folder: RunFolder(path: folder), resume: true),
            report: { printer.show($0) }, shouldStop: { StopSignal.reason })
        if let code = try run.run().stopped.exitCode { throw code }
    }
}
