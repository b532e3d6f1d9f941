// Runs all benchmarks that need no files.

import Arguments

struct AllBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all",
        abstract: "Run all benchmarks except the tokenizer's, which needs files, in every precision.")
    @OptionGroup var machine: MachineOptions
    @Flag(help: "Print only the JSON lines.") var json = false

    private static let commands = [
        ["matmul"], ["train"], ["train", "--precision", "bf16"], ["train", "--method", "lora"],
        ["generate"], ["generate", "--precision", "bf16"], ["generate", "--precision", "int8"], ["checkpoint"],
    ]

    mutating func run() throws {
        try machine.prepare()
        let common = ["--threads", "\(machine.threads)"] + (json ? ["--json"] : [])
        for command in Self.commands {
            if !json { print("\n# benchmarks " + command.joined(separator: " ")) }
            var failure: (any Error)?
            _ = Benchmarks.execute(command + common) { error, _ in
                failure = error
                return ExitCode.failure.rawValue
            }
            if let failure { throw failure }
        }
    }
}
