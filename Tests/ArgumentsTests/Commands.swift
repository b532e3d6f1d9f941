// A small command tree for the tests: every kind of property that the parser supports.

import Arguments

struct Forge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A tool to test the parser with.", version: "forge 1.2.3",
        subcommands: [Train.self, Inspect.self, Tokenizer.self])
}

enum Split: String, CaseIterable, ExpressibleByArgument {
    case train, validation, test
}

struct Output: ParsableArguments {
    @Flag(help: "Prints one JSON object as the last line.") var json = false
    @Option(help: "Threads to use, 0 for all.") var threads = 0

    mutating func validate() throws(ValidationError) {
        guard threads >= 0 else { throw ValidationError("--threads is \(threads)", hint: "0 means all") }
    }
}

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Fine-tunes a model.")

    @Option(name: .shortAndLong, help: ArgumentHelp("The run's settings.", valueName: "file")) var config: String
    @Option(name: .customLong("set"), help: ArgumentHelp("Changes one key.", valueName: "key=value"))
    var settings: [String] = []
    @Option var learningRate: Double?
    @Option var batchSize: Int = 8
    @Option var seed: UInt64? = nil
    @Option(help: "The split to use.") var split = Split.train
    @Option(help: ArgumentHelp("Peak rate.", valueName: "rate", defaultText: "depends on --split"))
    var peak: Double?
    @Flag(inversion: .prefixedNo, help: "Mixes the rows.") var shuffle = true
    @Flag(name: [.customLong("dry-run"), .customShort("n")]) var isDryRun = false
    @OptionGroup(title: "Output") var output: Output

    mutating func validate() throws(ValidationError) {
        if isDryRun && batchSize == 99 { throw ValidationError("99 is not dry") }
    }
}

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is in a file.",
        discussion: "A checkpoint shows its tensors, a dataset its rows, and whatever is neither shows why it is not.\n"
            + "  kept   as   it is")

    @Argument(help: "The file to look at.") var path: String
    @Argument var row: Int?
    @Option var temperature: Float = 1

    mutating func run() throws {
        switch path {
        case "code": throw ExitCode(130)
        case "wrong": throw ValidationError("the file is wrong")
        case "broken": throw Broken()
        default: break
        }
    }
}

struct Broken: Error {}

struct Tokenizer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bytes to ids and back.", subcommands: [TrainTokenizer.self, Encode.self])
}

struct TrainTokenizer: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "train", abstract: "Learns a vocabulary.")
    @Argument(help: "Text files.") var files: [String]
    @Option var vocabularySize: Int
}

struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints ids.")
    @Argument var input = "-"
}

/// The command that `line`, split at spaces, requests.
func parse<Command>(_ line: String, as type: Command.Type = Command.self) throws -> Command? {
    let words = line.split(separator: " ").map(String.init)
    guard case .run(let command, _) = try CommandLineParser.parse(Forge.self, words) else { return nil }
    return command as? Command
}
