// The root command and the list of all others.

import Arguments

/// `luthier`: every command, in the order in which people meet them.
struct Luthier: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "luthier",
        abstract: "Fine-tunes small open language models on this computer's processor.",
        version: "luthier \(version)",
        subcommands: [
            TrainCommand.self, EvalCommand.self, CompareCommand.self, GenerateCommand.self, ChatCommand.self,
            PrepareCommand.self, InspectCommand.self, TokenizerCommand.self, ImportCommand.self, ExportCommand.self,
        ])
}
