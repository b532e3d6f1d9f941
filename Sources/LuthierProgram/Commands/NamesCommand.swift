// `luthier names`: what completion scripts ask for, one name per line.

import Arguments
import Fetching
import Models

/// Hidden: the scripts of `luthier completion` call it.
struct NamesCommand: ParsableCommand {
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case run, model
    }

    static let configuration = CommandConfiguration(
        commandName: "names", abstract: "Print the names of runs, or of runs and fetched models.",
        examples: ["luthier names run"], isHidden: true)

    @Argument(help: "What to list.") var kind: Kind

    mutating func run() {
        var names = RunFolder.all(in: "checkpoints").map(\.name)
        if kind == .model { names += ModelCache(.process).list().map(\.name) }
        for name in names { Console.output(name + "\n") }
    }
}
