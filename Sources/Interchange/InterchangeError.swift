// Everything that can be wrong with a file that comes from, or goes to, another program.

import Model
import StrictJSON

/// A defect of a foreign file, with the file's path.
public enum InterchangeError: Error, Equatable, CustomStringConvertible {
    /// The system refused an operation; `code` is its `errno`.
    case system(file: String, action: FileAction, code: Int32)
    /// A text that should be JSON is none.
    case json(file: String, JSONError)
    /// A `.safetensors` file breaks the format.
    case safetensors(file: String, SafetensorsDefect)
    /// A `config.json` does not describe a model that this program can run.
    case config(file: String, HuggingFaceConfigDefect)
    /// A file of weights does not hold the tensors of the model.
    case weights(file: String, WeightsDefect)
    /// A folder holds no `model.safetensors`; `found` are files that look like weights in another form.
    case noWeights(folder: String, found: [String])
    /// The index of a model in several files is wrong.
    case index(file: String, ShardIndexDefect)
    /// A format cannot say what the model computes.
    case notExpressible(format: String, reason: String)

    public var description: String {
        switch self {
        case .system(let file, let action, let code): "\(file): cannot \(action.rawValue): \(systemReason(code))"
        case .json(let file, let error): "\(file): \(error)"
        case .safetensors(let file, let defect): "\(file): \(defect)"
        case .config(let file, let defect): "\(file): \(defect)"
        case .weights(let file, let defect): "\(file): \(defect)"
        case .index(let file, let defect): "\(file): \(defect)"
        case .notExpressible(let format, let reason): "this model cannot become \(format): \(reason)"
        case .noWeights(let folder, let found):
            "\(folder): there is no model.safetensors"
                + (found.isEmpty ? "" : "; \(found.joined(separator: ", ")) cannot be read")
        }
    }

    /// What the reader can do, where there is something.
    public var hint: String? {
        switch self {
        case .safetensors(_, let defect): defect.hint
        case .config(_, let defect): defect.hint
        case .weights(_, let defect): defect.hint
        case .noWeights(_, let found) where !found.isEmpty:
            "only safetensors are read; in Python: transformers.AutoModelForCausalLM.from_pretrained(folder)"
                + ".save_pretrained(new_folder) writes them"
        default: nil
        }
    }
}

/// What was being done to a file when the system refused; the raw value completes "cannot …".
public enum FileAction: String, Sendable {
    case open = "open it"
    case examine = "find out its size"
    case map = "map it into memory"
    case read = "read it"
    case create = "create it"
    case createFolder = "create the folder"
    case write = "write to it"
    case flush = "flush it to the disk"
    case rename = "rename the finished file to its name"
}
