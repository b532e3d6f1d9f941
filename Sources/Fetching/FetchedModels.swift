// Finds models that were fetched, by name and without the network.

/// The models that are here: those of Luthier's cache, then those of Hugging Face's libraries.
package struct FetchedModels {
    /// The path that opens a model.
    package enum Place: Sendable, Equatable {
        case cached(String)
        case huggingFace(String)
    }

    private let environment: FetchEnvironment

    package init(_ environment: FetchEnvironment) { self.environment = environment }

    /// Where a model is; nil where it must be fetched. Hashes are not computed: opening the model checks its files.
    package func find(_ name: ModelName) -> Place? {
        let cache = ModelCache(environment)
        if let found = cache.model(name), found.isComplete { return .cached(found.path) }
        guard case .hub(let hub) = name else { return nil }
        return HuggingFaceCache(environment).path(hub).map { .huggingFace($0) }
    }
}
