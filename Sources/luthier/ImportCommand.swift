// `luthier import`: a foreign model becomes a checkpoint.

import Arguments
import StrictJSON
import Training

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turns a Hugging Face folder with a GPT-2 or GPT-Neo model into a checkpoint.")

    @Argument(help: "The folder: config.json, model.safetensors, tokenizer files.")
    var source: String
    @Option(help: ArgumentHelp("The checkpoint to write.", valueName: "file.h5"))
    var output: String
    @Flag(help: "Ends with one JSON object on stdout.")
    var json = false

    mutating func run() throws {
        let opened = try ModelSource(path: source)
        for note in opened.notes { Console.message("note: \(note)") }
        let saved = try opened.load()
        try saved.write(to: output)
        // What was written is read again, the only proof that it can be.
        let readBack = try SavedModel(path: output)
        let difference = saved.largestDifference(from: readBack)
        let parameters = saved.model.layout.parameterCount
        Console.message(
            "\(parameters) parameters written to \(output); read back, they differ by at most \(difference)")
        guard json else { return }
        Console.json([
            ("parameters", .integer(parameters)), ("maxAbsoluteDifference", .number(Double(difference))),
        ])
    }
}
