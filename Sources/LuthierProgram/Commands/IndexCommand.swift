// `luthier index`: makes documents searchable, and shows what a question finds.

import Arguments
import Foundation
import Kernels
import Models
import Retrieval
import StrictJSON

struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Make documents searchable, for answers that come from them.",
        discussion:
            "Reads texts, Markdown, HTML and JSONL, and folders of them, and cuts them into passages along their "
            + "structure. The index becomes one of exactly the documents that are named: called again, it reads what "
            + "changed, and takes out what is gone. `generate` and `chat` answer from it with --index. With --search "
            + "nothing is changed: it shows the passages for a question.",
        examples: [
            "luthier index docs handbook.html --output handbook", "luthier index --output handbook --search holidays",
        ])

    @Argument(help: ArgumentHelp("Files and folders.", valueName: "documents"))
    var documents: [String] = []
    @Option(help: ArgumentHelp("Folder of the index.", valueName: "folder"))
    var output: String
    @Option(
        help: ArgumentHelp(
            "Model that makes vectors of sentences: a fetched one, or a folder of the BERT family.",
            valueName: "name", completion: .model))
    var encoder = "all-minilm-l6-v2"
    @Option(help: ArgumentHelp("Show what is found for this question.", valueName: "question"))
    var search: String?
    @Option(help: "With --search: by meaning, by words, or by both.")
    var by: SearchWay = .both
    @Option(help: "With --search: number of passages.")
    var passages = 5
    @Option(help: "Number of threads (0 = all cores).")
    var threads: Int = 0
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        if documents.isEmpty == (search == nil) {
            throw ValidationError("exactly one of documents and --search is required")
        }
        if passages < 1 || passages > 1000 {
            throw ValidationError("--passages \(passages) must be between 1 and 1000")
        }
    }

    mutating func run() throws {
        try Memory.checkLimits(threads: threads)
        Machine.prepare(threads: threads)
        if let search { try find(search) } else { try build() }
    }

    private func build() throws {
        let files = try DocumentFile.found(in: documents)
        // A name stays a name; a folder is found from anywhere.
        let path = try ModelLocation(encoder).path
        let name = path == encoder ? URL(fileURLWithPath: path).standardizedFileURL.path : encoder
        let index = try DocumentIndex(folder: output, creatingWith: name, encoder: path)
        let start = Date()
        let update = try index.update(files) { done, embedded in
            if Console.isTerminal {
                Console.progress("\(done)/\(files.count) documents, \(embedded) passages embedded")
            }
        }
        Console.endProgress()
        let rate = Double(update.embedded) / max(Date().timeIntervalSince(start), 1e-9)
        Console.message(
            "\(update.documents) documents, \(update.passages) passages in \(output): \(update.added) added, "
                + "\(update.changed) changed, \(update.unchanged) as before, \(update.removed) taken out; "
                + "\(update.embedded) passages embedded, \(Int(rate)) per second")
        guard json else { return }
        Console.json([
            ("documents", .integer(update.documents)), ("passages", .integer(update.passages)),
            ("added", .integer(update.added)), ("changed", .integer(update.changed)),
            ("unchanged", .integer(update.unchanged)), ("removed", .integer(update.removed)),
            ("embedded", .integer(update.embedded)), ("path", .string(output)), ("encoder", .string(name)),
        ])
    }

    private func find(_ question: String) throws {
        let index = try DocumentIndex(folder: output) { try ModelLocation($0).path }
        let found = try index.search(question, count: passages, way: by)
        for (number, item) in found.enumerated() {
            Console.output("[\(number + 1)] \(item.line)\n")
            Console.output(PrintableText.bounded(item.passage.searched) + "\n\n")
        }
        if found.isEmpty { Console.message("nothing was found") }
        if json { Console.json([("found", found.json)]) }
    }
}

extension SearchWay: ExpressibleByArgument {}
