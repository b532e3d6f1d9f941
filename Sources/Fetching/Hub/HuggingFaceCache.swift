// Models that Hugging Face's own libraries have fetched: they are used where they are.

import Foundation

/// The cache of huggingface_hub ("Understand caching"): `models--owner--name/refs/<revision>` has the commit, and
/// `snapshots/<commit>` has links to the files.
package struct HuggingFaceCache {
    let root: String

    package init(_ environment: FetchEnvironment) { root = HubSettings.cacheFolder(environment) }

    /// The snapshot of a model; nil where it is missing or not complete.
    func model(_ name: HubName) -> CachedModel? {
        let folder = "\(root)/models--\(name.owner)--\(name.name)"
        let reference = FileManager.default.contents(atPath: "\(folder)/refs/\(name.revision)")
            .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
        let commit = reference ?? name.revision
        guard HubName.isFileName(commit),
            let found = CachedModel(name: name.description, folder: "\(folder)/snapshots/\(commit)")
        else { return nil }
        return found
    }

    /// The path that opens the model: its folder, or the chosen GGUF file.
    package func path(_ name: HubName) -> String? {
        guard let found = model(name) else { return nil }
        let files = CachedModel.names(in: found.folder)
            .filter { CachedModel.size(found.folder + "/" + $0) != nil }
        switch name.choice {
        case nil:
            let isFolder = files.contains("config.json") || files.contains("adapter_config.json")
            return isFolder && found.isComplete ? found.folder : nil
        case .file(let file): return files.contains(file) ? found.folder + "/" + file : nil
        case .label(let label):
            return files.first { GGUFChoice.file($0, has: label) }.map { found.folder + "/" + $0 }
        }
    }
}
