// Fetches a model from the hub: listing, choice of files, downloads, and the record of the folder.

import Checkpoint
import Files
import Foundation

struct HubFetch {
    private let name: HubName
    private let environment: FetchEnvironment
    private let policy: RetryPolicy
    private let cache: ModelCache
    private let report: (FetchEvent) -> Void
    private let settings: HubSettings

    init(
        _ name: HubName, _ environment: FetchEnvironment, _ policy: RetryPolicy, _ cache: ModelCache,
        _ report: @escaping (FetchEvent) -> Void
    ) throws(FetchError) {
        (self.name, self.environment, self.policy) = (name, environment, policy)
        (self.cache, self.report) = (cache, report)
        settings = try HubSettings(environment)
    }

    func run(output: String?) throws(FetchError) -> FetchedModel {
        if output == nil, let found = try present() { return found }
        if let variable = settings.offlineVariable {
            throw .offline(name.description, variable: variable, copying: copying(output))
        }
        do throws(FetchError) {
            return try download(output: output)
        } catch {
            guard case .noNetwork(let name, let reason, _) = error else { throw error }
            throw .noNetwork(name, reason: reason, copying: copying(output))
        }
    }

    /// The model in the cache, if it is right; or that of Hugging Face's cache.
    private func present() throws(FetchError) -> FetchedModel? {
        if let cached = cache.model(.hub(name)), cached.isComplete {
            guard let record = cached.record else {
                // Somebody has copied it there.
                let files = [ModelFile(name: "", bytes: cached.bytes, sha256: nil)]
                return FetchedModel(
                    name: cached.name, path: cached.path, origin: .alreadyThere,
                    record: ModelRecord(name: cached.name, revision: name.revision, licence: nil, files: files))
            }
            if let found = try verified(record, in: cached.folder, report) { return found }
        }
        let other = HuggingFaceCache(environment)
        guard let path = other.path(name), let snapshot = other.model(name) else { return nil }
        let files = [ModelFile(name: "", bytes: CachedModel.size(path) ?? snapshot.bytes, sha256: nil)]
        let revision = (snapshot.folder as NSString).lastPathComponent
        return FetchedModel(
            name: name.description, path: path, origin: .huggingFaceCache,
            record: ModelRecord(name: name.description, revision: revision, licence: nil, files: files))
    }

    /// How to do without a network here.
    private func copying(_ output: String?) -> String {
        let folder = output ?? cache.folder(of: .hub(name))
        let include = name.choice == nil ? "" : " --include '*.gguf'"
        return
            "on another machine run `hf download \(name.repository)\(include) --revision \(name.revision) --local-dir DIR` "
            + "(pip install huggingface_hub), and copy the files of DIR into \(folder) here"
    }

    private func download(output: String?) throws(FetchError) -> FetchedModel {
        let http = try HTTPClient(environment, library: CurlLibrary())
        let client = HubClient(settings: settings, name: name, http: http, policy: policy, report: report)
        let address = settings.listing(name)
        guard let listing = HubListing(try client.body(address)) else {
            throw .badAnswer(url: address, reason: "this is not how the hub describes a model")
        }
        let selection = try HubSelection(listing, for: name)
        var record = ModelRecord(
            name: selection.name.description, revision: listing.commit, licence: listing.licence, files: selection.files
        )
        for index in record.files.indices where record.files[index].bytes == nil {
            let found = try client.head(settings.file(record.files[index].name, of: name, at: listing.commit))
            (record.files[index].bytes, record.files[index].sha256) = (found.bytes, found.sha256)
        }
        let folder = output ?? cache.folder(of: .hub(selection.name))
        if output != nil, let there = CachedModel(name: record.name, folder: folder)?.record,
            there.revision == record.revision, there.name == record.name,
            let found = try verified(there, in: folder, report)
        {
            return found
        }
        announce(record, folder)
        let staging = try StagingFolder(for: folder)
        defer { staging.release() }
        try prepare(staging, record, folder)
        record.files = try files(record, client, staging)
        try FetchError.wrapping { () throws(FileError) in try record.write(to: staging.files) }
        try staging.publish()
        let path = CachedModel(name: record.name, folder: folder)?.path ?? folder
        return FetchedModel(name: record.name, path: path, origin: .fetched, record: record)
    }

    private func announce(_ record: ModelRecord, _ folder: String) {
        let count = record.files.count == 1 ? "one file" : "\(record.files.count) files"
        report(
            .note(
                "\(record.name): \(ByteText.text(record.bytes)) in \(count), licence \(record.licence ?? "not stated"), "
                    + "to \(folder)"))
    }

    private func prepare(_ staging: StagingFolder, _ record: ModelRecord, _ folder: String) throws(FetchError) {
        let names = CachedModel.names(in: folder)
        if !names.isEmpty {
            guard ModelRecord(folder: folder) != nil || CachedModel.isInside(folder, cache.root) else {
                throw .inTheWay(path: folder)
            }
            try staging.takeOver()
        }
        staging.removeOthers(than: record.files.map(\.name))
        let there = CachedModel.names(in: staging.files)
            .reduce(0) { $0 + (CachedModel.size(staging.files + "/" + $1) ?? 0) }
        try DiskSpace.check(staging.files, needed: max(0, record.bytes - there))
        try FetchError.wrapping { () throws(FileError) in try record.write(to: staging.files) }
    }

    /// Downloads what is missing, the small files first.
    private func files(
        _ record: ModelRecord, _ client: HubClient, _ staging: StagingFolder
    ) throws(FetchError) -> [ModelFile] {
        var (done, finished): (Int, [ModelFile]) = (0, [])
        for file in record.files.sorted(by: { ($0.bytes ?? 0, $0.name) < ($1.bytes ?? 0, $1.name) }) {
            let destination = staging.files + "/" + file.name
            var result = try kept(file, at: destination)
            if result == nil {
                let (before, url) = (done, settings.file(file.name, of: name, at: record.revision))
                let download = FileDownload(client: client, url: url, file: file) { bytes in
                    report(.received(before + bytes, of: record.bytes))
                }
                result = try download.run(to: destination)
            }
            if let result { finished.append(result) }
            done += result?.bytes ?? 0
        }
        return finished
    }

    /// A file that an earlier process has finished; one without a known hash is fetched again.
    private func kept(_ file: ModelFile, at path: String) throws(FetchError) -> ModelFile? {
        guard let expected = file.sha256, CachedModel.size(path) == file.bytes else { return nil }
        let found = try FetchError.wrapping { () throws(FileError) in try SHA256Digest.hex(ofFile: path) }
        return found == expected ? file : nil
    }
}

extension CachedModel {
    /// Whether a folder is directly inside another one.
    static func isInside(_ folder: String, _ parent: String) -> Bool { parentFolder(of: folder) == parent }
}
