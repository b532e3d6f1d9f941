// `luthier fetch`: gets an open model into the cache, and lists and clears the cache.

import Arguments
import Fetching
import Foundation
import StrictJSON

struct FetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Get an open model by its name; --base and --checkpoint then take the name.",
        discussion: "A name is a short name of --list, or owner/name on the Hugging Face hub, which :Q4_K_M or "
            + "/file.gguf may follow to choose one GGUF file, and then @revision. Models are kept in $LUTHIER_CACHE, by "
            + "default ~/.cache/luthier; one that Hugging Face's libraries have fetched is used where it is. A stopped "
            + "download resumes. The hub's variables HF_TOKEN, HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and "
            + "TRANSFORMERS_OFFLINE are respected.",
        examples: ["luthier fetch smollm2-135m"])

    @Argument(help: ArgumentHelp("Name of the model.", completion: .words(PublishedModel.named.map(\.name))))
    var name: String?
    @Option(help: ArgumentHelp("Folder for the files, instead of the cache.", valueName: "folder"))
    var output: String?
    @Option(help: "Branch, tag or commit on the hub.")
    var revision: String?
    @Flag(help: "List the cache, and the names that can be fetched.")
    var list = false
    @Option(help: ArgumentHelp("Remove a model from the cache.", valueName: "name", completion: .model))
    var remove: String?
    @Flag(help: "Print one JSON object as the last line of stdout.")
    var json = false

    mutating func validate() throws(ValidationError) {
        let given = [name != nil, list, remove != nil].count { $0 }
        guard given == 1 else {
            throw ValidationError("exactly one of a name, --list and --remove is required, not \(given)")
        }
        if name == nil, output != nil || revision != nil {
            throw ValidationError("--output and --revision need the name of a model")
        }
    }

    mutating func run() throws {
        if list {
            CacheListing.show(ModelCache(.process), json: json)
        } else if let remove {
            let freed = try ModelCache(.process).remove(ModelName(remove))
            Console.message("\(remove) removed: \(ByteText.text(freed)) freed")
            if json { Console.json([("removed", .string(remove)), ("bytes", .integer(freed))]) }
        } else if let name {
            try fetch(name)
        }
    }

    private func fetch(_ word: String) throws {
        var name = try ModelName(word)
        if let revision { name = try name.at(revision: revision) }
        let progress = FetchProgress()
        defer { Console.endProgress() }
        let model = try ModelFetcher { progress.show($0) }.fetch(name, output: output)
        Console.message(
            "\(model.name) " + FetchCommand.words(model.origin)
                + ": \(model.path), \(ByteText.text(model.record.bytes))")
        let option = PublishedModel.encoders.contains { $0.name == model.name } ? "--encoder" : "--base"
        Console.message("use it with \(option) \(FetchCommand.reference(model, name, output))")
        guard json else { return }
        func text(_ value: String?) -> JSONOutput { value.map { .string($0) } ?? .null }
        Console.json([
            ("path", .string(model.path)), ("bytes", .integer(model.record.bytes)), ("sha256", text(model.sha256)),
            ("licence", text(model.record.licence)), ("name", .string(model.name)),
            ("revision", .string(model.record.revision)), ("downloaded", .bool(model.origin == .fetched)),
        ])
    }

    private static func words(_ origin: FetchedModel.Origin) -> String {
        switch origin {
        case .fetched: "is fetched and verified"
        case .alreadyThere: "is already there, nothing was downloaded"
        case .huggingFaceCache: "is in the cache of Hugging Face's libraries and is used from there"
        }
    }

    private static func reference(_ model: FetchedModel, _ name: ModelName, _ output: String?) -> String {
        output == nil ? "\(name)" : model.path
    }
}
