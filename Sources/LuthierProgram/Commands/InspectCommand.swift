// `luthier inspect`: shows a checkpoint's content, or rows of data as the model sees them.

import Arguments
import Checkpoint
import Datasets
import Foundation
import Kernels
import Models
import StrictJSON
import Tokenizer
import Training

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show the content of a model file, or a row of data as the model sees it.",
        discussion: "A row's tokens are separated by ·. Tokens that count in the loss are green and those with a "
            + "smaller weight yellow; without a terminal they are in [brackets] and {braces}. The tokenizer and the "
            + "template are those of --checkpoint, or of the newest run; with --base, --config or --tokenizer those that "
            + "training would use.",
        examples: ["luthier inspect data/weather/train.jsonl --row 1 --base smollm2-135m"])

    @Argument(
        help: "A checkpoint, run, Hugging Face or PEFT folder, fetched model, .safetensors or .gguf file, or data.")
    var path: String
    @Option(help: "Number of the row, counted from one.")
    var row: Int?
    @Option(help: ArgumentHelp("Show the row as training from this base would see it.", valueName: "model"))
    var base: String?
    @Option(help: ArgumentHelp("Show the row as training with this config would see it.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("Show the row with this tokenizer.", valueName: "path", completion: .model))
    var tokenizer: String?
    @OptionGroup var model: CheckpointOptions

    mutating func validate() throws(ValidationError) {
        guard base != nil || config != nil || tokenizer != nil else { return }
        if row == nil { throw ValidationError("--base, --config and --tokenizer show a row", hint: "add --row N") }
        if model.checkpoint != nil {
            throw ValidationError("--checkpoint has its own tokenizer", hint: "omit --base, --config and --tokenizer")
        }
    }

    mutating func run() throws {
        if let row { return try showRow(row) }
        let location = try ModelLocation(path)
        if let note = location.note { Console.message("note: \(note)") }
        guard FileManager.default.fileExists(atPath: location.path) else { throw ModelError.notFound(path: path) }
        if try ThirdPartyInspection.show(location.path) { return }
        try showCheckpoint(location.path)
    }

    private func showCheckpoint(_ path: String) throws {
        let file = RunFolder.isRun(path) ? try RunFolder(path: path).best() : path
        let reader = try CheckpointReader(path: file)
        let parameters = reader.arrays.filter { $0.name.hasPrefix("/model/") || $0.name.hasPrefix("/adapter/") }
            .reduce(0) { $0 + $1.count }
        Console.output("\(file)\n  \(reader.byteCount) bytes, SHA-256 \(reader.hash)\n  \(parameters) parameters\n")
        for array in reader.arrays {
            Console.output("  \(array.name)  \(array.shape)  \(array.elementType.rawValue)\n")
        }
        for text in reader.texts {
            let bytes = try reader.text(text)
            Console.output("  \(text)  \(bytes.count) bytes\n")
            if text != "/tokenizer" { Console.output(indented(String(decoding: bytes, as: UTF8.self))) }
        }
    }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n").map { "      \($0)\n" }.joined()
    }

    private func showRow(_ row: Int) throws {
        let setting =
            base != nil || config != nil || tokenizer != nil ? try settingOfTraining() : try settingOfModel()
        guard row >= 1, row <= setting.documents.count else {
            throw ValidationError("--row \(row): the data has \(setting.documents.count) documents")
        }
        let document = setting.documents[row - 1]
        var options = setting.options
        if setting.usesDefaultTemplate { options.template = document.defaultTemplate ?? .raw }
        options.endsTexts = true
        options.overlong = .split
        options.dropsRowsWithoutLoss = true
        let text = try TokenizedText([document], tokenizer: setting.tokenizer, options)
        Console.raw(RowView.render(text, tokenizer: setting.tokenizer, colours: isatty(STDOUT_FILENO) == 1))
        let firsts = Set(text.sources.map(\.tokens.lowerBound))
        let partly = text.tokens.indices.count { place in
            !firsts.contains(place) && text.weight(place) > 0 && text.weight(place) < 1
        }
        Console.output(
            "\(document.path), line \(document.line): \(text.tokens.count) tokens, \(text.predictionCount) count in the loss"
                + (partly > 0 ? ", \(partly) of these with a smaller weight" : "")
                + ", context \(options.contextLength)\n")
        for remark in text.dropped { Console.output("dropped: \(remark.reason)\n") }
    }

    /// What a row is shown with.
    private struct Setting {
        var documents: [Document]
        var tokenizer: Tokenizer
        var options: EncodingOptions
        var usesDefaultTemplate = false
    }

    private func settingOfTraining() throws -> Setting {
        var reader = ConfigReader()
        if let config { try reader.read(path: config) }
        if let base { try reader.set("model.base", toText: base, source: "--base", origin: "--base") }
        try Memory.checkLimits(threads: model.threads)
        Machine.prepare(threads: model.threads)
        let given = try tokenizer.map { try TokenizerSource.tokenizer(at: $0) }
        let setting = try RowSetting(reader.config, rowsAt: path, tokenizer: given)
        return Setting(documents: setting.documents, tokenizer: setting.tokenizer, options: setting.options)
    }

    private func settingOfModel() throws -> Setting {
        guard model.checkpoint != nil || RunFolder.all(in: "checkpoints").first != nil else {
            throw ValidationError(
                "there is no run whose tokenizer could show the row", hint: "add --base, --config or --tokenizer")
        }
        let source = try model.open()
        let documents = try FileList.files(at: path).flatMap { file throws(DatasetError) in
            try Document.documents(of: TextFile(path: file), format: .auto)
        }
        var options = EncodingOptions()
        options.startToken = source.info.startToken
        options.template = source.template ?? .raw
        options.promptLossWeight = Float(source.info.promptLossWeight)
        options.contextLength = source.architecture.contextLength
        return Setting(
            documents: documents, tokenizer: source.tokenizer, options: options,
            usesDefaultTemplate: source.template == nil)
    }
}
