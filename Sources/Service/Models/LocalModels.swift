// The models that are here, by the names that requests may give: fetched ones, runs, and those that jobs have made.

import Fetching
import Foundation
import Inference
import Models
import StrictJSON
import Synchronization

/// A model that can be asked, and mostly trained.
package struct LocalModel: Sendable, Equatable {
    package enum Kind: String, Sendable { case base, tuned, checkpoint }

    /// As lists give it.
    package var name: String
    /// As every command takes it: the name of a fetched model, or a path.
    package var path: String
    package var kind: Kind
    package var created: Int
    package var base: String?
    package var job: String?
    package var step: Int?
}

/// What is only known when a model's files were opened.
package struct ModelFacts: Sendable, Equatable {
    package var parameters: Int
    package var contextLength: Int
    package var hasTemplate: Bool
}

/// Looks names up. A name never becomes a path: it is compared with those that are here.
package final class LocalModels: Sendable {
    private let store: Store
    private let settings: ServiceSettings
    /// By the file that is read, its size and date.
    private let facts = Mutex<[String: ModelFacts]>([:])

    init(_ store: Store, _ settings: ServiceSettings) { (self.store, self.settings) = (store, settings) }

    /// Bases first, then tuned models, the newest first, each followed by its checkpoints.
    package func all() throws -> [LocalModel] {
        let tuned = try store.models().map { model in
            LocalModel(
                name: model.name, path: model.path, kind: model.isCheckpoint ? .checkpoint : .tuned,
                created: model.created, base: model.base, job: model.job, step: model.step)
        }
        return fetched() + runs() + tuned
    }

    package var names: [String] { get throws { try all().map(\.name) + settings.names.keys.sorted() } }

    /// The model that a request names.
    package func find(_ name: String) throws -> LocalModel {
        guard name.utf8.count <= 400 else { throw APIError.noModel(name, here: try names) }
        if let found = try lookUp(name) { return found }
        if let meant = settings.names[name] {
            if let found = try lookUp(meant) { return found }
            // A path in service.json is the operator's.
            if let location = try? ModelLocation(meant), FileManager.default.fileExists(atPath: location.path) {
                return LocalModel(name: meant, path: meant, kind: .base, created: created(location.path))
            }
        }
        throw APIError.noModel(name, here: try names)
    }

    /// The same for a model that will be trained.
    package func trainable(_ name: String) throws -> LocalModel {
        do { return try find(name) } catch var error as APIError {
            // The clients' creation of a job is a bad request, not a missing page.
            error.status = 400
            throw error
        }
    }

    private func lookUp(_ name: String) throws -> LocalModel? {
        if let model = try store.model(name) {
            return LocalModel(
                name: model.name, path: model.path, kind: model.isCheckpoint ? .checkpoint : .tuned,
                created: model.created, base: model.base, job: model.job, step: model.step)
        }
        return fetched().first { $0.name == name } ?? runs().first { $0.name == name }
    }

    private func fetched() -> [LocalModel] {
        let cache = ModelCache(.process)
        let here = cache.list().filter(\.isComplete).map { cached in
            LocalModel(name: cached.name, path: cached.name, kind: .base, created: created(cached.folder))
        }
        // Hugging Face's own cache has no list of complete models: the usual names are tried.
        let others = PublishedModel.hubNames.filter { name in
            guard !here.contains(where: { $0.name == name }), let parsed = try? ModelName(name) else { return false }
            return FetchedModels(.process).find(parsed) != nil
        }
        return here + others.map { LocalModel(name: $0, path: $0, kind: .base, created: 0) }
    }

    /// The runs of `luthier train` and `luthier tune`; those of jobs have other names.
    private func runs() -> [LocalModel] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: settings.runsFolder)) ?? []
        return folders.sorted().compactMap { name in
            let run = RunFolder(path: settings.path(ofRun: name))
            guard !name.hasPrefix("ftjob-"), !name.hasPrefix("ft-"), Identifier.isPlausible(name),
                RunFolder.isRun(run.path), !run.checkpointSteps().isEmpty
            else { return nil }
            let base = FileManager.default.contents(atPath: run.file("config.json"))
                .flatMap { try? JSONText.parse([UInt8]($0)).object?["model"]?.object?["base"]?.string }
            return LocalModel(
                name: name, path: run.path, kind: base == nil ? .base : .tuned, created: created(run.path), base: base)
        }
    }

    private func created(_ path: String) -> Int {
        let date = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
        return date.map { Int($0.timeIntervalSince1970) } ?? 0
    }

    /// What a model's files say; nil where they cannot be opened. They are opened once.
    package func facts(_ model: LocalModel) -> ModelFacts? {
        guard let location = try? ModelLocation(model.path) else { return nil }
        let date = (try? FileManager.default.attributesOfItem(atPath: location.path))?[.modificationDate] as? Date
        let key = "\(location.path) \(date?.timeIntervalSince1970 ?? 0)"
        if let known = facts.withLock({ $0[key] }) { return known }
        guard let source = try? ModelSource(path: model.path) else { return nil }
        let found = ModelFacts(
            parameters: source.parameterCount, contextLength: source.architecture.contextLength,
            hasTemplate: source.template != nil)
        facts.withLock { $0[key] = found }
        return found
    }
}
