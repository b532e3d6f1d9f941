// Writing a model for other programs.

internal import Interchange
internal import Models
internal import Training

/// What a model can be written as.
public enum ExportFormat: Sendable, Equatable {
    /// How a GGUF file stores matrices.
    public enum MatrixType: String, Sendable, CaseIterable {
        /// 32 bits a weight, exact.
        case float32
        /// 16 bits a weight, IEEE half precision.
        case float16
        /// 16 bits a weight, the upper half of a 32-bit number.
        case bfloat16
        /// Blocks of 32 weights of eight bits with a common scale: llama.cpp's `q8_0`.
        case int8
        /// Blocks of 32 weights of four bits with a common scale: llama.cpp's `q4_0`.
        case int4
    }

    /// A folder for Transformers: weights, configuration, tokenizer, generation settings and model card.
    case huggingFace
    /// A file for llama.cpp.
    case gguf(MatrixType = .float32)
    /// A folder for PEFT: the adapters of a run that trained adapters, without their base.
    case peft
    /// A checkpoint without the optimizer's state.
    case checkpoint
}

/// What came of an export.
public struct ExportSummary: Sendable, Equatable {
    /// How many numbers were written.
    public let parameterCount: Int
    /// The largest difference between the logits of the model and of what was read back, on a probe text; 0 where
    /// nothing was rounded.
    public let largestLogitDifference: Float
}

extension LanguageModel {
    /// Writes the model, reads it back, and compares the two.
    ///
    /// - Parameters:
    ///   - path: a folder or a file, as the format asks for. What is there is replaced file by file, each complete or
    ///     not at all.
    ///   - format: what to write.
    /// - Throws: where the format cannot hold the model, or the files cannot be written.
    @discardableResult
    public func export(to path: String, format: ExportFormat) throws(LuthierError) -> ExportSummary {
        let (kind, type): (Models.ExportFormat, GGUFType) =
            switch format {
            case .huggingFace: (.huggingface, .f32)
            case .gguf(.float32): (.gguf, .f32)
            case .gguf(.float16): (.gguf, .f16)
            case .gguf(.bfloat16): (.gguf, .bf16)
            case .gguf(.int8): (.gguf, .q8_0)
            case .gguf(.int4): (.gguf, .q4_0)
            case .peft: (.peft, .f32)
            case .checkpoint: (.weights, .f32)
            }
        let report = try LuthierError.wrapping {
            try ModelExport(source, loaded: saved.withRunConfig()).write(kind, type: type, to: path)
        }
        return ExportSummary(
            parameterCount: report.parameters, largestLogitDifference: report.largestDifference)
    }
}
