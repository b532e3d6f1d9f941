// The root command and the list of all commands.

import Arguments

/// `luthier`: all commands, in the usual order of use.
package struct Luthier: ParsableCommand {
    package init() {}

    package static let version = "0.1.0"
    /// The day of the version, for the manual page.
    package static let date = "2026-11-26"

    package static let configuration = CommandConfiguration(
        commandName: "luthier",
        abstract: "Fine-tune small open language models on your CPU.",
        version: "luthier \(version)",
        subcommands: [JobCommand.self, TrainFolderCommand.self, NamesCommand.self, ListObjectsCommand.self],
        groups: [
            CommandGroup("Start", [TuneCommand.self, FetchCommand.self, DoctorCommand.self]),
            CommandGroup("Data", [PrepareCommand.self, InspectCommand.self, TokenizerCommand.self, IndexCommand.self]),
            CommandGroup("Train", [TrainCommand.self, SweepCommand.self, VerifyResumeCommand.self]),
            CommandGroup("Look at runs", [RunsCommand.self, ReportCommand.self, ReproCommand.self]),
            CommandGroup(
                "Use a model", [ChatCommand.self, GenerateCommand.self, EvalCommand.self, CompareCommand.self]),
            CommandGroup("Serve", [ServeCommand.self, FineTunesCommand.self]),
            CommandGroup("Move models", [ImportCommand.self, ExportCommand.self]),
            CommandGroup("This program", [CompletionCommand.self]),
        ],
        examples: [
            "luthier fetch smollm2-135m",
            "luthier tune questions.jsonl --base smollm2-135m",
            "luthier chat",
        ])
}
