// Everything that can be wrong with a file that comes from, or goes to, another program.

import Files
import Model
import StrictJSON

/// A defect of a third-party file, with the file's path.
package enum InterchangeError: Error, Equatable, CustomStringConvertible {
    /// The system refused an operation.
    case file(FileError)
    /// A text that should be JSON is none.
    case json(file: String, JSONError)
    /// A `.safetensors` file breaks the format.
    case safetensors(file: String, SafetensorsDefect)
    /// A `config.json` does not describe a model that this program can run.
    case config(file: String, HuggingFaceConfigDefect)
    /// A file of weights does not hold the tensors of the model.
    case weights(file: String, WeightsDefect)
    /// A folder holds no file `wanted`; `found` are files that look like weights in another form.
    case noWeights(folder: String, wanted: String = "model.safetensors", found: [String])
    /// The index of a model in several files is wrong.
    case index(file: String, ShardIndexDefect)
    /// A `.gguf` file breaks the format, or does not hold the tensors of the model.
    case gguf(file: String, GGUFDefect)
    /// A pointer text in the place of a file that Git LFS has not fetched.
    case gitLFSPointer(file: String, GitLFSPointer)
    /// A file that no model can be loaded from by itself.
    case notAModel(file: String, ThirdPartyFile)
    /// A format cannot say what the model computes.
    case notExpressible(format: String, reason: String)

    package var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .json(let file, let error): "\(file): \(error)"
        case .safetensors(let file, let defect): "\(file): \(defect)"
        case .config(let file, let defect): "\(file): \(defect)"
        case .weights(let file, let defect): "\(file): \(defect)"
        case .index(let file, let defect): "\(file): \(defect)"
        case .gguf(let file, let defect): "\(file): \(defect)"
        case .gitLFSPointer(let file, let pointer): "\(file) is \(pointer)"
        case .notAModel(let file, let kind): "\(file) \(InterchangeError.reason(kind))"
        case .notExpressible(let format, let reason): "this model cannot become \(format): \(reason)"
        case .noWeights(let folder, let wanted, let found):
            "\(folder): there is no \(wanted)"
                + (found.isEmpty ? "" : "; \(found.joined(separator: ", ")) cannot be read")
        }
    }

    /// What the reader can do, where there is something.
    package var hint: String? {
        switch self {
        case .file(let error): error.hint
        case .safetensors(_, let defect): defect.hint
        case .config(_, let defect): defect.hint
        case .weights(_, let defect): defect.hint
        case .gguf(_, let defect): defect.hint
        case .gitLFSPointer(_, let pointer): pointer.hint
        case .noWeights(_, PEFTAdapter.weightsName, let found) where !found.isEmpty:
            "only safetensors are read; in Python: peft.AutoPeftModelForCausalLM.from_pretrained(folder)"
                + ".save_pretrained(new_folder) writes them"
        case .noWeights(_, _, let found) where !found.isEmpty:
            "only safetensors are read; in Python: transformers.AutoModelForCausalLM.from_pretrained(folder)"
                + ".save_pretrained(new_folder) writes them"
        case .notAModel(_, .pickle):
            "in Python: transformers.AutoModelForCausalLM.from_pretrained(folder).save_pretrained(new_folder) writes "
                + "safetensors, which cannot run anything"
        case .notAModel(_, .safetensors): "name the folder, with its config.json and tokenizer files"
        default: nil
        }
    }

    /// Runs `body`, whose error becomes a `.file`.
    static func wrapping<Result>(_ body: () throws(FileError) -> Result) throws(InterchangeError) -> Result {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }

    private static func reason(_ kind: ThirdPartyFile) -> String {
        switch kind {
        case .pickle: "holds pickles, which can run any program when they are read, and is not opened"
        case .safetensors: "holds weights alone, which do not say what model they are of"
        case .gitLFSPointer(let pointer): "is \(pointer)"
        case .gguf, .other: "is not a model"
        }
    }
}
