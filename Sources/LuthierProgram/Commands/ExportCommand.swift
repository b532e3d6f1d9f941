// `luthier export`: writes a model in the formats of other programs.

import Arguments
import Interchange
import Kernels
import Models
import StrictJSON
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export a model for Transformers, PEFT or llama.cpp, or without optimizer state.",
        discussion: "The export is read back, and the maximum difference of logits on a probe text is printed. A "
            + "Hugging Face folder may replace the folder that was loaded. peft writes the adapters of a LoRA run "
            + "without the base. A model card is written: README.md of a folder, NAME.md next to NAME.gguf; a README.md that "
            + "is not Luthier's stays, and the card is README-card.md. Next to a GGUF file a Modelfile is written, with which Ollama runs it.",
        examples: ["luthier export --checkpoint weather-1 --format gguf --type q8_0 --output weather.gguf"])

    @OptionGroup var model: CheckpointOptions
    @Option(help: "Format: a Hugging Face folder, a GGUF file for llama.cpp, a PEFT adapter folder, or a checkpoint.")
    var format: ExportFormat
    @Option(help: "Data type of matrices in a GGUF file.")
    var type: WeightType = .f32
    @Option(help: ArgumentHelp("Path of the export.", valueName: "path"))
    var output: String
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if type != .f32 && format != .gguf {
            throw ValidationError("--type \(type.rawValue) needs --format gguf; \(format.rawValue) is always float32")
        }
    }

    mutating func run() throws {
        let source = try model.open()
        let export = ModelExport(source, loaded: try source.load().withRunConfig())
        let report = try export.write(format, type: type.stored, to: output)
        Console.message(
            "\(report.parameters) parameters written to \(output); after reading back, logits on a probe text differ by "
                + "at most \(report.largestDifference)")
        if let note = report.note { Console.message("note: \(note)") }
        if let card = report.card { Console.message("model card: \(card)") }
        if let modelfile = report.modelfile {
            Console.message(
                "for Ollama (not tried there): ollama create NAME -f \(modelfile); llama.cpp needs the GGUF file alone")
        }
        guard json else { return }
        Console.json([
            ("parameters", .integer(report.parameters)),
            ("maxAbsoluteDifference", .number(Double(report.largestDifference))),
            ("checkpoint", .string(source.path)),
        ])
    }
}

extension ExportFormat: ExpressibleByArgument {}

/// The data type of matrices in a GGUF file.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
    case f32, f16, bf16, q8_0, q4_0

    var stored: GGUFType {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .q8_0: .q8_0
        case .q4_0: .q4_0
        }
    }
}
