// Which files of a repository are fetched: those that Luthier reads, and no others.

/// The chosen files, and the name that says which GGUF file it is.
package struct HubSelection: Equatable {
    package let name: HubName
    package let files: [ModelFile]

    /// What is read in addition to weights. A repository has some of them.
    private static let texts: Set<String> = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja", "adapter_config.json",
    ]
    private static let index = "model.safetensors.index.json"

    package init(_ listing: HubListing, for name: HubName) throws(FetchError) {
        // Files in folders, and whatever else has a name that no file of a model has, are never taken.
        let files = listing.files.filter { HubName.isFileName($0.name) }
        let models = files.filter { $0.name.lowercased().hasSuffix(".gguf") }
        if let choice = name.choice {
            let file = try HubSelection.chosen(choice, models, name)
            var name = name
            name.choice = .file(file.name)
            (self.name, self.files) = (name, [file])
            return
        }
        let weights = HubSelection.weights(files)
        guard !weights.isEmpty else {
            if models.count == 1 {
                throw .nothingToTake(name.repository, reason: "use \(name.repository)/\(models[0].name)")
            }
            if models.count > 1 { throw .severalFiles(name.repository, files: models.map(\.name)) }
            throw .nothingToTake(name.repository, reason: HubSelection.reason(listing.files.map(\.name)))
        }
        self.name = name
        self.files = files.filter { HubSelection.texts.contains($0.name) } + weights
    }

    private static func weights(_ files: [ModelFile]) -> [ModelFile] {
        if let adapter = files.first(where: { $0.name == "adapter_model.safetensors" }),
            files.contains(where: { $0.name == "adapter_config.json" })
        {
            return [adapter]
        }
        guard files.contains(where: { $0.name == "config.json" }) else { return [] }
        if let single = files.first(where: { $0.name == "model.safetensors" }) { return [single] }
        guard let list = files.first(where: { $0.name == index }) else { return [] }
        let shards = files.filter { Shard($0.name) != nil }
        return shards.isEmpty ? [] : [list] + shards
    }

    private static func chosen(
        _ choice: HubName.Choice, _ models: [ModelFile], _ name: HubName
    ) throws(FetchError) -> ModelFile {
        let found =
            switch choice {
            case .file(let file): models.filter { $0.name == file }
            case .label(let label): models.filter { GGUFChoice.file($0.name, has: label) }
            }
        if found.count > 1 { throw .severalFiles(name.repository, files: found.map(\.name)) }
        guard let file = found.first else {
            if models.isEmpty { throw .nothingToTake(name.description, reason: "the repository has no GGUF file") }
            throw .severalFiles(name.repository, files: models.map(\.name))
        }
        guard !GGUFChoice.isPart(file.name) else {
            throw .nothingToTake(
                name.description, reason: "\(file.name) is a part of a model, which Luthier does not read")
        }
        return file
    }

    private static func reason(_ names: [String]) -> String {
        if names.contains(where: { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }) {
            return "its weights are pickled, and Luthier reads safetensors and GGUF only"
        }
        return "it has no config.json with model.safetensors, and no GGUF file"
    }
}
