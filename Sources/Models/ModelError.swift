// What can go wrong while a model is opened, read or exported.

/// One case per reason; the description is the message that a person reads.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    case notFound(path: String)
    /// The name of a model that can be fetched and is not in the cache.
    case notFetched(name: String)
    case noCheckpoint(path: String)
    /// No run was started with a config; the names of those that there are.
    case noRunOfConfig(String, runs: [String])
    case badRunName(String, reason: String)
    case badCheckpoint(path: String, reason: String)
    /// The text of a checkpoint's `/config`; the message names the place.
    case badConfig(String)
    case tokenizerTooLarge(tokenizer: Int, embedding: Int)
    case notEnoughMemory(needed: Int, available: Int)
    /// `fitting`: settings with which the run would fit, as `--set` arguments.
    case runTooLarge(needed: Int, available: Int, fitting: [String])
    /// The limit of `ulimit -v` or `ulimit -d` leaves less than the libraries take; they do not survive that.
    case limitTooLow(needed: Int, available: Int)
    /// Unloading other models would give enough, but they are in use.
    case modelsInUse(needed: Int, available: Int)
    case adaptersWithoutBase(path: String)
    case baseChanged(path: String, trained: String, now: String)
    case adapterBaseNotFound(path: String, name: String?)
    case tooManyBases(path: String)
    case noAdapters
    /// A checkpoint holds the settings of a run, and this model has none.
    case noConfig

    package var description: String {
        switch self {
        case .notFound(let path): "there is no run or checkpoint at \(path)"
        case .notFetched(let name): "\(name) is not in the cache of fetched models, and there is no such file or folder"
        case .noCheckpoint(let path): "\(path) holds no valid checkpoint"
        case .noRunOfConfig(let config, let runs):
            "there is no run of \(config)"
                + (runs.isEmpty ? "" : "; the runs here are " + runs.prefix(12).joined(separator: ", "))
                + (runs.count > 12 ? " …" : "")
        case .badRunName(let name, let reason): "\"\(name)\" cannot be the name of a run: \(reason)"
        case .badCheckpoint(let path, let reason): "\(path): \(reason)"
        case .badConfig(let text): text
        case .tokenizerTooLarge(let tokenizer, let embedding):
            "the tokenizer has \(tokenizer) tokens, the model's embedding \(embedding) rows"
        case .notEnoughMemory(let needed, let available):
            "the model needs about \(mebibytes(needed)) MiB of memory; \(mebibytes(available)) MiB are free"
        case .runTooLarge(let needed, let available, _):
            "the run needs about \(mebibytes(needed)) MiB of memory; \(mebibytes(available)) MiB are free"
        case .limitTooLow(let needed, let available):
            "the libraries for matrix products take up to \(mebibytes(needed)) MiB of address space; the limit of this "
                + "process leaves \(mebibytes(available)) MiB"
        case .modelsInUse(let needed, let available):
            "the model needs about \(mebibytes(needed)) MiB of memory; \(mebibytes(available)) MiB are free while other "
                + "models are in use"
        case .adaptersWithoutBase(let path):
            "\(path) holds adapters only, and no config.json next to it says which model they belong to"
        case .adapterBaseNotFound(let path, let name):
            "\(path) holds an adapter alone; its base "
                + (name.map { "\"\($0)\", as its adapter_config.json calls it, is not a folder or file here" }
                    ?? "is not named by its adapter_config.json")
        case .tooManyBases(let path): "\(path) has a base that has a base, eight times and more"
        case .noAdapters: "this model holds no adapters: all its weights were trained, or it is merged"
        case .noConfig: "the model was not trained here and has no config that a checkpoint could hold"
        case .baseChanged(let path, let trained, let now):
            "\(path): its adapters belong to a model with SHA-256 \(trained.prefix(16))…, the base has \(now.prefix(16))…"
        }
    }

    /// What the reader can do about it.
    package var hint: String? {
        switch self {
        case .notFound(let path): ModelLocation.advice(path) ?? "`luthier train --config FILE` makes one"
        case .notFetched(let name): "`luthier fetch \(name)` gets it"
        case .noRunOfConfig(let config, _):
            "`luthier train --config \(config)` makes one, or name the model with --checkpoint"
        case .badRunName: "a run's name is the name of its folder in checkpoints/, such as weather-2"
        case .adaptersWithoutBase:
            "keep it in its run's folder, or merge it there with `luthier export --format weights`"
        case .adapterBaseNotFound(let path, _):
            "fetch it if it is the name of a model, name it with `luthier import \(path) --base FOLDER --output merged.h5`, or write its path into "
                + "base_model_name_or_path"
        case .tooManyBases: "the adapters name each other: correct base_model_name_or_path, or model.base of the run"
        case .noAdapters:
            "export it as huggingface, gguf or weights; `\"method\": {\"type\": \"lora\"}` trains adapters"
        case .baseChanged: "put the model back that model.base named when the run was started"
        case .limitTooLow:
            "raise the limit (ulimit -v unlimited; ulimit -d unlimited); a control group limits memory rather than addresses"
        case .modelsInUse: "try again later"
        case .notEnoughMemory: "a smaller batchSize, contextLength or model"
        case .runTooLarge(_, _, let fitting):
            fitting.isEmpty ? "a smaller model" : "it would fit with " + fitting.joined(separator: "; or with ")
        case .noCheckpoint, .badCheckpoint, .badConfig, .tokenizerTooLarge, .noConfig: nil
        }
    }

    private func mebibytes(_ bytes: Int) -> Int { bytes >> 20 }
}
