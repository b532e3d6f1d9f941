// `luthier export`: a model in the formats of other programs.

import Arguments
import Interchange
import Kernels
import Models
import StrictJSON
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model for Transformers, PEFT or llama.cpp, or without optimizer state.",
        discussion: "What was written is read back, and the largest difference of logits on a probe text is printed. A "
            + "Hugging Face folder may be written over the one that was loaded. peft writes the adapters of a run that was "
            + "trained with LoRA, without its base.")

    @OptionGroup var model: CheckpointOptions
    @Option(help: "What to write: a folder, a file for llama.cpp, an adapter folder, or a checkpoint.")
    var format: ExportFormat
    @Option(help: "How gguf stores matrices: f32, f16, bf16 or q8_0.")
    var type: WeightType = .f32
    @Option(help: ArgumentHelp("Where to write it.", valueName: "path"))
    var output: String
    @Flag(help: "Ends with one JSON object on stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if type != .f32 && format != .gguf {
            throw ValidationError("--type \(type.rawValue) is for --format gguf; \(format.rawValue) is float32")
        }
    }

    mutating func run() throws {
        let source = try model.open()
        let export = ModelExport(source, loaded: try source.load().withRunConfig())
        let report = try export.write(format, type: type.stored, to: output)
        Console.message(
            "\(report.parameters) parameters written to \(output); read back, their logits on a probe text differ by at "
                + "most \(report.largestDifference)")
        guard json else { return }
        Console.json([
            ("parameters", .integer(report.parameters)),
            ("maxAbsoluteDifference", .number(Double(report.largestDifference))),
        ])
    }
}

extension ExportFormat: ExpressibleByArgument {}

/// How a GGUF file stores matrices.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
    case f32, f16, bf16, q8_0

    var stored: GGUFType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        }
    }
}
