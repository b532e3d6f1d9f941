// `luthier inspect`: shows a checkpoint's content, or rows of data as the model sees them.

import Arguments
import Checkpoint
import Datasets
import Foundation
import Models
import StrictJSON
import Tokenizer

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show the content of a model file, or a row of data as the model sees it.",
        discussion: "A row's tokens are separated by ·. Tokens that count in the loss are green and those with a "
            + "smaller weight yellow; without a terminal they are in [brackets] and {braces}. The tokenizer and the "
            + "template are those of --checkpoint, or of the newest run.")

    @Argument(
        help: "A checkpoint, run, Hugging Face or PEFT folder, fetched model, .safetensors or .gguf file, or data.")
    var path: String
    @Option(help: "Number of the row, counted from one.")
    var row: Int?
    @OptionGroup var model: CheckpointOptions

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
        let saved = try SavedModel(path: try model.path())
        let documents = try FileList.files(at: path).flatMap { file throws(DatasetError) in
            try Document.documents(of: TextFile(path: file), format: .auto)
        }
        guard row >= 1, row <= documents.count else {
            throw ValidationError("--row \(row): the data has \(documents.count) documents")
        }
        let document = documents[row - 1]
        var options = EncodingOptions()
        options.startToken = saved.info.startToken
        options.template = saved.template ?? document.defaultTemplate ?? .raw
        options.promptLossWeight = Float(saved.info.promptLossWeight)
        options.contextLength = saved.model.architecture.contextLength
        options.endsTexts = true
        options.overlong = .split
        options.dropsRowsWithoutLoss = true
        let text = try TokenizedText([document], tokenizer: saved.tokenizer, options)
        Console.output(RowView.render(text, tokenizer: saved.tokenizer, colours: isatty(STDOUT_FILENO) == 1))
        let learned = text.predictionCount
        let firsts = Set(text.sources.map(\.tokens.lowerBound))
        let partly = text.tokens.indices.count { place in
            !firsts.contains(place) && text.weight(place) > 0 && text.weight(place) < 1
        }
        Console.output(
            "\(document.path), line \(document.line): \(text.tokens.count) tokens, \(learned) count in the loss"
                + (partly > 0 ? ", \(partly) of these with a smaller weight" : "")
                + ", context \(saved.model.architecture.contextLength)\n")
        for remark in text.dropped { Console.output("dropped: \(remark.reason)\n") }
    }
}
