// `luthier list-objects NAME < FILE`: what the program lets look at other people's checkpoints before it opens them.

import Arguments
import Models

/// Hidden: `ListingProcess` starts it.
struct ListObjectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: ListingProcess.command, abstract: "Check the objects of the checkpoint on stdin, under limits.",
        isHidden: true)

    @Argument(help: ArgumentHelp("The file's name for messages.", valueName: "name")) var name: String

    mutating func run() throws { Console.raw(try ListingProcess.answer(naming: name)) }
}
