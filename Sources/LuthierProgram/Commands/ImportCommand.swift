// `luthier import`: converts a third-party model to a checkpoint.

import Arguments
import Foundation
import Interchange
import Models
import StrictJSON
import Training

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Convert a model folder for Transformers or a PEFT adapter to a checkpoint.",
        discussion:
            "A PEFT adapter is merged into its base, which is the model that the adapter's config names, or the one "
            + "given with --base.",
        examples: ["luthier import gpt2/ --output gpt2.h5"])

    @Argument(
        help:
            "Folder with config.json, model.safetensors and tokenizer files, or with adapter_config.json and its weights."
    )
    var source: String
    @Option(help: ArgumentHelp("The base model of a PEFT adapter.", valueName: "path"))
    var base: String?
    @Option(help: ArgumentHelp("The checkpoint to write.", valueName: "file.h5"))
    var output: String
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if base != nil && !PEFTAdapter.isFolder(source) {
            throw ValidationError("--base needs a folder with a PEFT adapter; \(source) has no adapter_config.json")
        }
    }

    mutating func run() throws {
        try checkOutput()
        let opened = try ModelSource(path: source, base: base)
        for note in opened.notes { Console.message("note: \(note)") }
        let saved = try opened.load().withRunConfig()
        try saved.write(to: output)
        // Read the file back to prove that it is valid.
        let readBack = try SavedModel(path: output)
        let difference = saved.largestDifference(from: readBack)
        let parameters = saved.model.layout.parameterCount
        Console.message(
            "\(parameters) parameters written to \(output); after reading back, they differ by at most \(difference)")
        guard json else { return }
        Console.json([
            ("parameters", .integer(parameters)), ("maxAbsoluteDifference", .number(Double(difference))),
        ])
    }

    /// A file of the source must stay: a checkpoint in its place could not be read as the source's any more.
    private func checkOutput() throws {
        let files = FileManager.default
        guard files.fileExists(atPath: output) else { return }
        func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        let (target, sources) = (real(output), [source] + (base.map { [$0] } ?? []))
        for path in sources.map(real) where target == path || target.hasPrefix(path + "/") {
            throw ValidationError(
                "\(output) belongs to the model that is imported", hint: "give --output the name of a new file")
        }
    }
}
