// `luthier import`: a foreign model becomes a checkpoint.

import Arguments
import Interchange
import Models
import StrictJSON
import Training

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Turns a Hugging Face folder with a GPT-2 or GPT-Neo model into a checkpoint.",
        discussion:
            "A PEFT adapter is added to the weights of its base, which is looked for where the adapter's config "
            + "says, or given with --base.")

    @Argument(
        help: "The folder: config.json, model.safetensors, tokenizer files; or adapter_config.json and its weights.")
    var source: String
    @Option(help: ArgumentHelp("The model that a PEFT adapter belongs to.", valueName: "path"))
    var base: String?
    @Option(help: ArgumentHelp("The checkpoint to write.", valueName: "file.h5"))
    var output: String
    @Flag(help: "Ends with one JSON object on stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if base != nil && !PEFTAdapter.isFolder(source) {
            throw ValidationError("--base is for a folder with a PEFT adapter; \(source) has no adapter_config.json")
        }
    }

    mutating func run() throws {
        let opened = try ModelSource(path: source, base: base)
        for note in opened.notes { Console.message("note: \(note)") }
        let saved = try opened.load().withRunConfig()
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
