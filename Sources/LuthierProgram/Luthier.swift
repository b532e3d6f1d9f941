// The root command and the list of all commands.

import Arguments

/// `luthier`: all commands, in the usual order of use.
struct Luthier: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "luthier",
        abstract: "Fine-tune small open language models on your CPU.",
        version: "luthier \(version)",
        subcommands: [
            TuneCommand.self, TrainCommand.self, SweepCommand.self, EvalCommand.self, CompareCommand.self,
            GenerateCommand.self,
            ChatCommand.self, PrepareCommand.self, InspectCommand.self, TokenizerCommand.self, FetchCommand.self,
            ImportCommand.self, ExportCommand.self, ServeCommand.self, FineTunesCommand.self, RunsCommand.self,
            ReportCommand.self, ReproCommand.self, VerifyResumeCommand.self, DoctorCommand.self, JobCommand.self,
            TrainFolderCommand.self,
        ])
}
