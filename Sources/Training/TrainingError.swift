// What can end a run.

/// One case per reason; the description is the message that a person reads.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
    case diverged(steps: Int, lastStep: Int, inputs: [String])
    case badState(String)
    case runExists(path: String)
    case runNotFound(path: String)
    case noCheckpoint(path: String)
    case configChanged(key: String, run: String, now: String)
    case dataChanged(run: String, now: String)
    case tokenizerTooLarge(tokenizer: Int, embedding: Int)
    case nothingToTrain(String)
    case notEnoughMemory(needed: Int, available: Int)
    case badCheckpoint(path: String, reason: String)
    case badTokenizerSplit(String)
    case adaptersWithoutBase(path: String)
    case baseChanged(path: String, trained: String, now: String)
    case adapterBaseNotFound(path: String, name: String?)
    case tooManyBases(path: String)
    case noAdapters

    public var description: String {
        switch self {
        case .diverged(let steps, let lastStep, let inputs):
            "the loss or gradient was not finite in \(steps) steps in a row, the last being step \(lastStep) with "
                + inputs.prefix(8).joined(separator: ", ") + (inputs.count > 8 ? " …" : "")
        case .badState(let reason): "the checkpoint's state cannot be read: \(reason)"
        case .runExists(let path): "the run \(path) exists already"
        case .runNotFound(let path): "there is no run or checkpoint at \(path)"
        case .noCheckpoint(let path): "\(path) holds no checkpoint that is whole"
        case .configChanged(let key, let run, let now):
            "the run was started with \(key) = \(run) and cannot go on with \(now)"
        case .dataChanged(let run, let now):
            "the data has changed since the run was started: SHA-256 \(run.prefix(16))… then, \(now.prefix(16))… now"
        case .tokenizerTooLarge(let tokenizer, let embedding):
            "the tokenizer has \(tokenizer) tokens, the model's embedding \(embedding) rows"
        case .nothingToTrain(let reason): "there is nothing to train on: \(reason)"
        case .notEnoughMemory(let needed, let available):
            "the model needs about \(mebibytes(needed)) MiB of memory; \(mebibytes(available)) MiB are free"
        case .badCheckpoint(let path, let reason): "\(path): \(reason)"
        case .badTokenizerSplit(let name): "tokenizer.split \(name) is not known"
        case .adaptersWithoutBase(let path):
            "\(path) holds adapters only, and no config.json beside it says which model they belong to"
        case .adapterBaseNotFound(let path, let name):
            "\(path) holds an adapter alone; its base "
                + (name.map { "\"\($0)\", as its adapter_config.json calls it, is no folder or file here" }
                    ?? "is not named by its adapter_config.json")
        case .tooManyBases(let path): "\(path) stands on a base that stands on a base, eight times and more"
        case .noAdapters: "this model holds no adapters beside a base: it was trained whole, or is merged"
        case .baseChanged(let path, let trained, let now):
            "\(path): its adapters belong to a model with SHA-256 \(trained.prefix(16))…, the base has \(now.prefix(16))…"
        }
    }

    /// What the reader can do about it.
    public var hint: String? {
        switch self {
        case .diverged: "a smaller training.learningRate or a longer warm-up; the last good checkpoint is untouched"
        case .runExists: "--resume goes on with it, --run NAME starts another"
        case .runNotFound: "`luthier train --config FILE` makes one"
        case .configChanged: "start a new run with --run NAME, or undo the change"
        case .adaptersWithoutBase:
            "keep it in its run's folder, or merge it there with `luthier export --format weights`"
        case .adapterBaseNotFound(let path, _):
            "name it with `luthier import \(path) --base FOLDER --output merged.h5`, or write its path into "
                + "base_model_name_or_path"
        case .tooManyBases: "the adapters name each other: mend base_model_name_or_path, or model.base of the run"
        case .noAdapters:
            "export it as huggingface, gguf or weights; `\"method\": {\"type\": \"lora\"}` trains adapters"
        case .baseChanged: "put the model back that model.base named when the run was started"
        case .dataChanged: "put the files back, or start a new run with --run NAME"
        case .notEnoughMemory: "a smaller batchSize, contextLength or model"
        default: nil
        }
    }

    private func mebibytes(_ bytes: Int) -> Int { bytes >> 20 }
}
