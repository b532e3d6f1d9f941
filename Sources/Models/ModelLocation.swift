// The only place that decides which files a model's path or name means.

import Fetching
import Foundation
import StrictJSON

/// A path that exists, or a fetched model.
package struct ModelLocation: Equatable {
    /// Of the model's file or folder; as it was given where nothing is there, for the messages of those who open it.
    package let path: String
    /// What a person should know of it.
    package let note: String?

    /// Finds what `text` means: the file or folder of this path where there is one, otherwise the fetched model of this
    /// name, in Luthier's cache or in Hugging Face's. Throws where it is the name of a model that Luthier lists and that
    /// was not fetched.
    package init(_ text: String, environment: FetchEnvironment = .process) throws(ModelError) {
        guard !FileManager.default.fileExists(atPath: text), let name = ModelLocation.name(text) else {
            (path, note) = (text, nil)
            return
        }
        switch FetchedModels(environment).find(name) {
        case .cached(let path): (self.path, note) = (path, nil)
        case .huggingFace(let path):
            (self.path, note) = (path, "\(text) is used from the cache of Hugging Face's libraries: \(path)")
        case nil:
            if name.isKnown { throw .notFetched(name: text) }
            (path, note) = (text, nil)
        }
    }

    /// Whether `text` is the name of a fetched model.
    static func isFetched(_ text: String) -> Bool {
        name(text).map { FetchedModels(.process).find($0) != nil } ?? false
    }

    private static func name(_ text: String) -> ModelName? { try? ModelName(text) }

    /// What to do about a path where nothing is; nil if it does not look like the name of a model.
    package static func advice(_ text: String) -> String? {
        let isFile = [".h5", ".gguf", ".safetensors", ".json", "/"].contains { text.hasSuffix($0) }
        let isInFolder = FileManager.default.fileExists(atPath: text.split(separator: "/").first.map(String.init) ?? "")
        guard !isFile, !isInFolder else { return nil }
        if name(text) != nil { return "`luthier fetch \(text)` gets it if it is the name of a model on the hub" }
        let runs = (try? FileManager.default.contentsOfDirectory(atPath: "checkpoints")) ?? []
        if !text.contains("/"), let run = Suggestion.nearest(to: text, among: runs.filter { $0.first != "." }.sorted())
        {
            return "did you mean the run \(run)?"
        }
        guard !text.contains("/"), let nearest = ModelName.nearest(to: text) else { return nil }
        return "did you mean \(nearest)? `luthier fetch \(nearest)` gets it"
    }
}
