// The folder in which fetched models are kept: where a name's folder is, what is there, and removal.

import Files
import Foundation

/// `$LUTHIER_CACHE`, or `~/.cache/luthier`: one folder per model.
package struct ModelCache: Sendable {
    package let root: String

    package init(_ environment: FetchEnvironment) {
        root =
            environment["LUTHIER_CACHE"].map { environment.expanded($0) }
            ?? environment.home + "/.cache/luthier"
    }

    /// The folder of a model: `smollm2-135m`, `owner--name`, `owner--name--file@revision`. The hub allows no `--` in a
    /// name, so different models have different folders. A label must have become a file.
    package func folder(of name: ModelName) -> String { root + "/" + ModelCache.folderName(name) }

    static func folderName(_ name: ModelName) -> String {
        switch name {
        case .published(let model): return model.name
        case .hub(let hub):
            let file =
                switch hub.choice {
                case .file(let file): "--" + file.dropLast(5)
                case .label(let label): "--" + label
                case nil: ""
                }
            let revision =
                hub.revision == HubName.defaultRevision ? "" : "@" + hub.revision.replacing("/", with: "--")
            return hub.owner + "--" + hub.name + file + revision
        }
    }

    /// The model of this name, complete or not; nil where nothing of it is there.
    package func model(_ name: ModelName) -> CachedModel? {
        guard case .hub(let hub) = name, case .label(let label) = hub.choice else {
            guard var found = CachedModel(name: name.description, folder: folder(of: name)) else { return nil }
            if case .published(let model) = name { found.complete(from: model) }
            return found
        }
        // The name of the file that has this label is in the folder's record.
        return list().first { cached in
            guard let other = try? ModelName(cached.name), case .hub(let stored) = other,
                case .file(let file) = stored.choice
            else { return false }
            return stored.repository == hub.repository && stored.revision == hub.revision
                && GGUFChoice.file(file, has: label)
        }
    }

    /// All models in the cache, also those that are being fetched or were interrupted.
    package func list() -> [CachedModel] {
        CachedModel.names(in: root).compactMap { entry in
            if let staged = StagingFolder.model(ofFolder: entry) {
                guard
                    var found = CachedModel(name: staged, folder: root + "/" + entry + "/" + StagingFolder.filesName)
                else { return nil }
                found.defect = "its download is not complete"
                if let record = found.record { found.name = record.name }
                return found
            }
            guard !entry.hasPrefix("."), var found = CachedModel(name: entry, folder: root + "/" + entry) else {
                return nil
            }
            if let model = PublishedModel.named.first(where: { $0.name == entry }) { found.complete(from: model) }
            if let record = found.record { found.name = record.name }
            return found
        }
    }

    /// Removes a model and what is left of an interrupted download.
    ///
    /// - Returns: bytes that were freed.
    package func remove(_ name: ModelName) throws(FetchError) -> Int {
        let final = model(name)?.folder ?? folder(of: name)
        let staging = StagingFolder.path(for: final)
        let present = [final, staging].filter { FileManager.default.fileExists(atPath: $0) }
        guard !present.isEmpty else {
            throw .notInCache(name.description, nearest: nearestName(to: name.description, here: list().map(\.name)))
        }
        var freed = 0
        for path in present {
            freed +=
                CachedModel(name: "", folder: path == staging ? staging + "/" + StagingFolder.filesName : path)?.bytes
                ?? 0
            do { try FileManager.default.removeItem(atPath: path) } catch {
                throw .file(FileError(.remove, path, code: (error as? POSIXError)?.code.rawValue ?? errno))
            }
        }
        return freed
    }
}

extension CachedModel {
    /// A short name's files are known without a record: people may have put them there.
    fileprivate mutating func complete(from model: PublishedModel) {
        let known = ModelRecord(model)
        record = record ?? known
        let lacking = model.files.first { CachedModel.size(folder + "/" + $0.name) != $0.bytes }
        defect = lacking.map { "\($0.name) is missing or not complete" }
    }
}

extension ModelRecord {
    /// What is known of a published model.
    init(_ model: PublishedModel) {
        self.init(
            name: model.name, revision: model.version, licence: model.licence,
            files: model.files.map { ModelFile(name: $0.name, bytes: $0.bytes, sha256: $0.sha256) })
    }
}
